/** Debian's modules of the reference policy, as CIL. */
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { mergeNeverallows } from "./merge.ts";
import { ProgramError, runProgram, type Tools } from "./program.ts";

/** Where the package selinux-policy-default has them. */
export const debianModules = "/usr/share/selinux/default";

const moduleTimeoutMs = 60_000;

const listSchema = v.strictObject({
  groups: v.array(
    v.strictObject({
      name: v.string(),
      reason: v.pipe(v.string(), v.minLength(1)),
      modules: v.pipe(v.array(v.pipe(v.string(), v.regex(/^[a-z0-9_]+$/))), v.minLength(1)),
    }),
  ),
});

export type ModuleList = v.InferOutput<typeof listSchema>;

/** @param file modules.json @throws Error that names the file and what is wrong with it */
export async function readModuleList(file: string): Promise<ModuleList> {
  try {
    return v.parse(listSchema, JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const missing = `${file} is missing: install the package dsecos-policies`;
    const what = code === "ENOENT" ? missing : `${file} is no list of modules: ${message}`;
    throw new Error(what, { cause });
  }
}

/** @returns the modules of all groups, `base` first, where the classes are declared */
export function modulesOf(list: ModuleList): string[] {
  const names = list.groups.flatMap(({ modules }) => modules);
  return ["base", ...names.filter((name) => name !== "base")];
}

/**
 * Turns modules into CIL files `NAME.cil`. Takes about 15 ms each.
 *
 * @returns the files, in the order of the names
 */
export async function convertModules(
  names: readonly string[],
  from: string,
  directory: string,
  tools: Tools,
): Promise<string[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const files: string[] = [];
  for (const name of names) {
    const file = join(directory, `${name}.cil`);
    await convert(name, join(from, `${name}.pp.bz2`), file, tools);
    files.push(file);
  }
  return files;
}

async function convert(name: string, packed: string, file: string, tools: Tools): Promise<void> {
  const work = await mkdtemp(`${file}-`);
  try {
    const unpacked = await succeed(tools, "bzip2", ["-dc", packed]);
    const module = join(work, "module.pp");
    await writeFile(module, unpacked);
    const cil = (await succeed(tools, "pp", [module])).toString("utf8");
    const fresh = join(work, "module.cil");
    await writeFile(fresh, mergeNeverallows(name, withoutLogins(cil)));
    await rename(fresh, file);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Logins are mapped in a file of their own (seusers), which secilc does not write; and base names a
 * user of the graphical module, without which it could not be compiled.
 */
function withoutLogins(cil: string): string {
  return cil.replace(/^\(selinuxuser(?:default)? .*\n/gm, "");
}

async function succeed(tools: Tools, name: "bzip2" | "pp", args: string[]): Promise<Buffer> {
  const { code, stdout, stderr } = await runProgram(tools[name], args, moduleTimeoutMs);
  if (code === 0) return stdout;
  throw new ProgramError(`${name} could not read ${args.at(-1)}: ${stderr.trim().slice(-300)}`);
}
