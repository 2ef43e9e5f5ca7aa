/** What a policy was made from, as hashes: whoever has the same can make it again, to the byte. */
import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Places } from "../policy/build.ts";
import { ownFiles } from "../policy/compile.ts";
import { modulesOf, readModuleList } from "../policy/debian.ts";
import { type Program, runProgram } from "../policy/program.ts";
import type { Statement } from "./answers.ts";

const packages = ["selinux-policy-default", "secilc", "policycoreutils", "dsecos-policies"];
const query: Program = { command: "/usr/bin/dpkg-query" };
const queryTimeoutMs = 10_000;

export async function inputsOf({ own, modules, tools }: Places): Promise<Statement["inputs"]> {
  const list = join(own, "modules.json");
  const names = modulesOf(await readModuleList(list));
  const packed = names.map((name) => join(modules, `${name}.pp.bz2`));
  const programs = Object.entries(tools) as [string, Program][];
  const hashes = programs.map(async ([name, program]) => {
    // Behind a loader, the program is its last argument.
    const file = program.args?.at(-1) ?? program.command;
    return [name, await sha256(file)] as const;
  });
  return {
    own: await manifest(own, [list, ...(await ownFiles(own))]),
    modules: await manifest(modules, packed),
    moduleCount: packed.length,
    tools: Object.fromEntries(await Promise.all(hashes)),
    packages: await installedVersions(),
  };
}

/** @returns SHA-256 of lines NAME SHA-256, in the order of the names */
async function manifest(directory: string, files: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const file of [...files].sort())
    lines.push(`${relative(directory, file)} ${await sha256(file)}\n`);
  return hash("sha256", lines.join(""), "hex");
}

async function sha256(file: string): Promise<string> {
  return hash("sha256", await readFile(file), "hex");
}

/** Those that are installed; dpkg's own word for it, since hashes alone tell nobody a version. */
async function installedVersions(): Promise<Record<string, string>> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills it in
  const format = "${Package} ${Version}\\n";
  const { stdout } = await runProgram(query, ["-W", `-f=${format}`, ...packages], queryTimeoutMs);
  const pairs = [...stdout.toString("utf8").matchAll(/^(\S+) (\S+)$/gm)];
  return Object.fromEntries(pairs.map(([, name = "", version = ""]) => [name, version]));
}
