/** Driver files as they are on disk. A file that is wrong is told as such; the others go on. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { explain } from "../../log.ts";
import { type DriverConfig, driverConfigSchema, driverNameSchema } from "../config.ts";

const mostBytes = 64 * 1024;

export type DriverFile = { name: string; file: string } & (
  | { config: DriverConfig; problem?: undefined }
  | { config?: undefined; problem: string }
);

/** @returns the driver files of a directory by name; none where there is no directory. */
export async function readDriverFiles(directory: string): Promise<DriverFile[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    const problem = `The directory cannot be read (${explain(error)}); give the agent the right to.`;
    return [{ name: "", file: directory, problem }];
  }
  const files = names.filter((name) => name.endsWith(".json")).sort();
  return Promise.all(files.map((name) => readDriverFile(join(directory, name), name.slice(0, -5))));
}

async function readDriverFile(file: string, name: string): Promise<DriverFile> {
  const wrong = (problem: string): DriverFile => ({ name, file, problem });
  const named = v.safeParse(driverNameSchema, name);
  if (!named.success) return wrong(`${named.issues[0].message} Rename the file.`);
  let value: unknown;
  try {
    const text = await readFile(file, "utf8");
    if (text.length > mostBytes) return wrong(`It has more than ${mostBytes} bytes; shorten it.`);
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return wrong("It is not JSON; put it right.");
    return wrong(`It cannot be read (${explain(error)}); give the agent the right to.`);
  }
  const result = v.safeParse(driverConfigSchema, value);
  if (result.success) return { name, file, config: result.output };
  const [issue] = result.issues;
  const where = v.getDotPath(issue) ?? "the whole file";
  return wrong(`Its key ${where} is wrong: ${issue.message} Put it right.`);
}
