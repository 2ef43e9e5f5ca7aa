import { join } from "node:path";
import { slotTypes } from "../../agent/selinux/policy/names.ts";
import { run } from "../../packaging/setup/lib/run.js";

const program = join(import.meta.dirname, "policy-answers.py");

/** What setools' own pass over the rules needed and found. */
export interface Scan {
  rules: number;
  crossing: number;
  /** From the start of reading the policy. */
  seconds: number;
  peakKiB: number;
}

/** An allow rule: source, target, permissions in order, and the branch of a conditional or null. */
export type WrittenRule = [string, string, string[], boolean | null];

async function ask(request: object): Promise<unknown> {
  const options = { input: JSON.stringify(request), seconds: 600 };
  const { stdout } = await run("/usr/bin/python3", [program], options);
  return JSON.parse(stdout);
}

/** The direct part of the proof, as one pass over the rules with setools' Python API. */
export async function scan(policy: string): Promise<Scan> {
  const suffixes = Object.values(slotTypes(1)).map((name) => name.replace(/^tenant\d+/, ""));
  return (await ask({ what: "scan", policy, suffixes })) as Scan;
}

/** The allow rules that sesearch finds for each source, target and class. */
export async function queries(
  policy: string,
  asked: readonly (readonly [string, string, string])[],
): Promise<WrittenRule[][]> {
  return (await ask({ what: "queries", policy, queries: asked })) as WrittenRule[][];
}

/** The numbers of `seinfo`, by what it calls them. */
export async function seinfo(policy: string): Promise<Map<string, number>> {
  const { stdout } = await run("seinfo", [policy], { seconds: 120 });
  const pairs = [...stdout.matchAll(/([A-Z][\w ./]*?):\s+(\d+)\b/g)];
  return new Map(pairs.map(([, name = "", number]) => [name, Number(number)]));
}
