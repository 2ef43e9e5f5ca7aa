/** The files `tpm/<name>.json`, and the password of the TPM's counter. */
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Enrolment, parseEnrolment } from "../../tpm/evidence.ts";
import { canonical } from "../canonical.ts";
import { replaceFile } from "./files.ts";

const passwordBytes = 32;
const ending = ".json";

/** @returns oldest first. @throws Error with a sentence for a file that is no enrolment */
export async function readEnrolments(directory: string): Promise<Enrolment[]> {
  const folder = join(directory, "tpm");
  const names = (await entries(folder)).filter((name) => name.endsWith(ending));
  const all = await Promise.all(
    names.map(async (name) =>
      parseEnrolment(name.slice(0, -ending.length), await readFile(join(folder, name), "utf8")),
    ),
  );
  return all.sort((a, b) => a.from - b.from);
}

async function entries(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

export async function writeEnrolment(
  directory: string,
  { name, ...facts }: Enrolment,
): Promise<void> {
  await replaceFile(join(directory, "tpm", name + ending), canonical(facts));
}

/** @returns undefined when there is none. */
export async function readPassword(directory: string): Promise<Buffer | undefined> {
  try {
    const password = await readFile(passwordFile(directory));
    return password.length === passwordBytes ? password : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export async function makePassword(directory: string): Promise<Buffer> {
  const password = randomBytes(passwordBytes);
  await replaceFile(passwordFile(directory), password);
  return password;
}

function passwordFile(directory: string): string {
  return join(directory, "key", "tpm-counter");
}
