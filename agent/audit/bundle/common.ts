/** Files that bundles of both forms have. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Manifest, manifestPath } from "./manifest.ts";
import type { TarWriter } from "./writer.ts";

/** Adds the log's public keys, its witnesses, and the enrolments of its TPMs. */
export async function addKeys(directory: string, writer: TarWriter): Promise<void> {
  const names = await namesIn(join(directory, "tpm"));
  const enrolments = names.filter((name) => name.endsWith(".json")).map((name) => `tpm/${name}`);
  for (const path of ["log.json", "witnesses", ...enrolments.sort()]) {
    const bytes = await readIfThere(join(directory, path));
    if (bytes !== undefined) await writer.add(path, bytes);
  }
}

export async function addManifest(
  manifest: Omit<Manifest, "files" | "made">,
  sign: (manifest: Manifest) => string,
  writer: TarWriter,
): Promise<void> {
  const made = new Date().toISOString();
  const note = sign({ ...manifest, files: { ...writer.digests }, made });
  await writer.add(manifestPath, Buffer.from(note));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Microseconds since 1970. */
export function microseconds(date: Date | undefined, otherwise: number): number {
  return date === undefined ? otherwise : date.getTime() * 1000;
}
