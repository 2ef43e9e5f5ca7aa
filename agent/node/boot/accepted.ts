/** The start that an officer accepted: one file of the agent, exchanged as a whole. */
import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { canonical } from "../../audit/canonical.ts";
import { replaceFile } from "../../audit/seal/files.ts";
import { type AcceptedBoot, acceptedBootSchema } from "./answers.ts";

/** @returns undefined where none was accepted. @throws Error with a sentence for a file that is none */
export async function readAccepted(path: string): Promise<AcceptedBoot | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path} is not JSON; accept a start again.`, { cause });
  }
  const result = v.safeParse(acceptedBootSchema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const where = v.getDotPath(issue) ?? "form";
  throw new Error(`${path} has a wrong ${where}: ${issue.message} Accept a start again.`);
}

export async function writeAccepted(path: string, accepted: AcceptedBoot): Promise<void> {
  await replaceFile(path, canonical(accepted));
}
