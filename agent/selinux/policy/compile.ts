/**
 * Compiles a policy with secilc, whose check of the neverallow rules stays on: semodule, as Debian
 * configures it, would skip it.
 */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { anyRight, classesOf } from "./apart.ts";
import { checkBudget } from "./budget.ts";
import { fillHomes } from "./contexts.ts";
import type { Generated } from "./generate.ts";
import { runProgram, type Tools } from "./program.ts";
import { refusal } from "./refusal.ts";

/** What kernel 6.12 loads. Debian's own tools write 34, for which init needs libsepol2. */
export const POLICY_VERSION = 33;

/** Many times what 9,999 slots take. */
const compileTimeoutMs = 300_000;

export interface Sources {
  /** Debian's modules in CIL, base first. */
  readonly modules: readonly string[];
  /** The folder policies/selinux: our base and the template. */
  readonly own: string;
  /** The tenants. */
  readonly generated: Generated;
}

export interface Compiled {
  /** `policy.33` in the output directory. */
  readonly policy: string;
  readonly fileContexts: string;
  /** Of the policy, in hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
  readonly slots: number;
  /** Types and attributes that the sources declare, of 65,535. */
  readonly typeIds: number;
  /** Rules that the compiler found to hold. */
  readonly neverallows: number;
}

/**
 * Writes `policy.33` and `file_contexts` into a directory, both whole or not at all.
 *
 * @throws BudgetError before the compiler runs, where there are too many types
 * @throws NeverallowError where the policy allows what it must not
 * @throws CompileError for any other refusal of the compiler
 * @throws ProgramError where the compiler is missing or takes too long
 */
export async function compile(sources: Sources, output: string, tools: Tools): Promise<Compiled> {
  await mkdir(output, { recursive: true, mode: 0o755 });
  const work = await mkdtemp(join(output, ".build-"));
  try {
    const files = [...sources.modules, ...(await ownFiles(sources.own))];
    const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
    const classes = classesOf(texts[0] ?? "");
    if (classes.length === 0)
      throw new Error(`${files[0]} declares no class: it is no base module`);
    const made = {
      "any.cil": anyRight(classes),
      "tenants.cil": sources.generated.types,
      "apart.cil": sources.generated.proof,
    };
    for (const [name, text] of Object.entries(made)) {
      await writeFile(join(work, name), text);
      files.push(join(work, name));
      texts.push(text);
    }
    const typeIds = checkBudget(texts);
    const contexts = await runSecilc(files, work, tools);
    const policy = await readFile(join(work, "policy"));
    const result = {
      policy: join(output, `policy.${POLICY_VERSION}`),
      fileContexts: join(output, "file_contexts"),
      sha256: createHash("sha256").update(policy).digest("hex"),
      bytes: policy.length,
      slots: sources.generated.slots.length,
      typeIds,
      neverallows: texts.reduce((sum, text) => sum + text.split("(neverallow ").length - 1, 0),
    };
    await replace(contexts, result.fileContexts);
    await replace(join(work, "policy"), result.policy);
    return result;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** @returns base/*.cil in the order of their names, then the template */
export async function ownFiles(own: string): Promise<string[]> {
  const base = join(own, "base");
  const names = (await readdir(base)).filter((name) => name.endsWith(".cil")).sort();
  return [...names.map((name) => join(base, name)), join(own, "template.cil")];
}

/** The options with which Debian's own policy comes out as Debian ships it, but for the version. */
export function secilcArguments(policy: string, contexts: string): string[] {
  const like = ["-O", "-M", "true", "-P", "-m", "-U", "allow"];
  return [...like, "-c", String(POLICY_VERSION), "-o", policy, "-f", contexts];
}

/** @returns the file with the contexts of files */
async function runSecilc(files: string[], work: string, tools: Tools): Promise<string> {
  const raw = join(work, "contexts.raw");
  const args = [...secilcArguments(join(work, "policy"), raw), ...files];
  const { code, stdout, stderr } = await runProgram(tools.secilc, args, compileTimeoutMs);
  if (code !== 0) throw refusal(`${stdout.toString("utf8")}\n${stderr}`);
  const contexts = join(work, "contexts");
  await writeFile(contexts, fillHomes(await readFile(raw, "utf8")));
  return contexts;
}

/** What was there stays until the new file is on the disk. */
async function replace(fresh: string, file: string): Promise<void> {
  const handle = await open(fresh, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(fresh, file);
}
