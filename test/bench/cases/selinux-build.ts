/**
 * Building the policy of 1,000 tenants with the compiler's proof, beside the same secilc on the same
 * input without it (`-N`). Both are measured by the processor time that they take, in turns.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { anyRight, classesOf } from "../../../agent/selinux/policy/apart.ts";
import { ownFiles, secilcArguments } from "../../../agent/selinux/policy/compile.ts";
import { convertModules, modulesOf, readModuleList } from "../../../agent/selinux/policy/debian.ts";
import { generate } from "../../../agent/selinux/policy/generate.ts";
import { environment } from "../../../agent/selinux/policy/program.ts";
import { selinuxRoot, toolsIn } from "../../lib/selinux-tools.js";
import { type Result, ratioAtMost } from "../case.ts";

const tenantCount = 1_000;
const spare = 64;
const rounds = 7;

/** What the kernel counts in: USER_HZ, which is 100 on all of Debian's architectures. */
const ticksPerSecond = 100;

const own = resolve(import.meta.dirname, "../../../policies/selinux");
const runFile = promisify(execFile);

export async function run(): Promise<Result[]> {
  const root = await selinuxRoot();
  const tools = toolsIn(root);
  const work = mkdtempSync(join(tmpdir(), "dsecos-bench-selinux-"));
  try {
    const names = modulesOf(await readModuleList(join(own, "modules.json")));
    const from = join(root, "usr/share/selinux/default");
    const modules = await convertModules(names, from, join(work, "modules"), tools);
    const tenants = Array.from({ length: tenantCount }, (_, index) => ({
      name: `t${index}`,
      number: index + 1,
    }));
    const { types, proof } = generate({ tenants, spare });
    const made = {
      "any.cil": anyRight(classesOf(readFileSync(modules[0] ?? "", "utf8"))),
      "tenants.cil": types,
      "apart.cil": proof,
    };
    const files = [...modules, ...(await ownFiles(own))];
    for (const [name, text] of Object.entries(made)) {
      writeFileSync(join(work, name), text);
      files.push(join(work, name));
    }
    const args = [...secilcArguments(join(work, "policy"), join(work, "contexts")), ...files];
    const seconds = async (options: string[], env: NodeJS.ProcessEnv) => {
      const began = childSeconds();
      const { command, args: loader = [] } = tools.secilc;
      await runFile(command, [...loader, ...options, ...args], { env, timeout: 300_000 });
      return childSeconds() - began;
    };
    const pairs: { ours: number; reference: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const reference = await seconds(["-N"], {});
      pairs.push({ ours: await seconds([], environment), reference });
    }
    // The middle one of the pairs, since the two of a pair had the same machine around them.
    pairs.sort((a, b) => a.ours / a.reference - b.ours / b.reference);
    const { ours, reference } = pairs[rounds >> 1] ?? { ours: Number.NaN, reference: Number.NaN };
    return [ratioAtMost("policy of 1,000 tenants, with proof", "s", ours, reference, 1.5)];
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @returns processor time of all children that have ended, from fields 16 and 17 of proc(5) */
function childSeconds(): number {
  const stat = readFileSync("/proc/self/stat", "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}
