// @ts-check
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "./run.js";

/**
 * Compiles a shared library, unless that was done from the same sources in the same way.
 *
 * @param {object} library
 * @param {"gcc" | "g++"} library.compiler
 * @param {string} library.directory that the compiler is started in
 * @param {readonly string[]} library.flags
 * @param {readonly string[]} library.sources that are given to the compiler, within the directory
 * @param {readonly string[]} library.reads all files that matter, within the directory
 * @param {string} library.target file that is made
 */
export async function buildLibrary({ compiler, directory, flags, sources, reads, target }) {
  const made = `${target}.made-from`;
  const identity = await identityOf(directory, [compiler, ...flags], reads);
  if (existsSync(target) && (await contentOf(made)) === identity) return;
  await mkdir(dirname(target), { recursive: true });
  // Under another name, since a program that runs may have the old one mapped.
  const fresh = `${target}.${process.pid}`;
  try {
    const args = [...flags, ...sources, ...flagsFrom("LDFLAGS"), "-o", fresh];
    await run(compiler, args, { cwd: directory, seconds: 240 });
    await rename(fresh, target);
  } finally {
    await rm(fresh, { force: true });
  }
  await writeFile(made, identity);
}

/**
 * @param {string} name of a variable that package builds set
 * @returns {string[]}
 */
export function flagsFrom(name) {
  return process.env[name]?.split(/\s+/).filter(Boolean) ?? [];
}

/**
 * @param {string} directory
 * @param {readonly string[]} command
 * @param {readonly string[]} reads
 */
async function identityOf(directory, command, reads) {
  const hash = createHash("sha256").update(JSON.stringify([process.version, command]));
  for (const path of reads)
    hash.update(`\0${path}\0`).update(await readFile(join(directory, path)));
  return hash.digest("hex");
}

/** @param {string} file */
async function contentOf(file) {
  return existsSync(file) ? await readFile(file, "utf8") : "";
}
