/**
 * The proof that tenants are apart, on Debian's whole policy with 1,000 tenants of six types each:
 * reading the binary policy and proving it, direct and over any number of host types, in a fresh
 * process. Reference: one pass over the same rules with setools' Python API, which shows the direct
 * part only. Then the same proof of 5,000 tenants: its CPU time beside that of 1,000 grows at most
 * fivefold, as their number does. A MB has 1,000,000 bytes.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ATTRIBUTES } from "../../../agent/selinux/policy/names.ts";
import { parsePolicy } from "../../../agent/selinux/policydb/policy.ts";
import { slotsOf } from "../../../agent/selinux/proof/tenants.ts";
import { run as execute } from "../../../packaging/setup/lib/run.js";
import { assume } from "../../lib/assume.ts";
import { scan } from "../../lib/policy-answers.ts";
import { compileTenants } from "../../lib/tenant-cil.ts";
import { atMost, median, type Result, ratioAtMost } from "../case.ts";
import { bundleProgram } from "../lib/bed.ts";

const few = 1_000;
const many = 5_000;
const rounds = 5;
const limits = { ratio: 0.5, peakMb: 150 };

interface Proof {
  milliseconds: number;
  /** Of the whole process, its start included. */
  cpuMs: number;
  peakKiB: number;
  proved: boolean;
  total: number;
  counts: { tenants: number; allowRules: number; conditionalRules: number };
}

export async function run(): Promise<Result[]> {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-bench-"));
  try {
    const program = await bundleProgram("prove-policy", directory);
    const [small, large] = [join(directory, "small"), join(directory, "large")];
    await compileTenants(small, few);
    await compileTenants(large, many);
    const assumptions = join(directory, "assumptions.json");
    writeFileSync(assumptions, JSON.stringify(assumptionsOf(small)));
    const proofs: { small: Proof[]; large: Proof[] } = { small: [], large: [] };
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round++) {
      proofs.small.push(await prove(program, small, assumptions, few));
      const reference = await scan(small);
      if (reference.crossing > 0) throw new Error("setools found a leak in the policy");
      seconds.push(reference.seconds);
      proofs.large.push(await prove(program, large, assumptions, many));
    }
    const { counts } = proofs.small[0] as Proof;
    console.log(`${counts.allowRules + counts.conditionalRules} allow rules, ${few} tenants`);
    const time = median(proofs.small.map(({ milliseconds }) => milliseconds));
    const [cpu, cpuOfMany] = [proofs.small, proofs.large].map((list) =>
      median(list.map(({ cpuMs }) => cpuMs)),
    ) as [number, number];
    const [peak, peakOfMany] = [peakMb(proofs.small), peakMb(proofs.large)];
    return [
      ratioAtMost("selinux-prove", "ms", time, median(seconds) * 1000, limits.ratio),
      atMost("selinux-prove, peak memory", "MB", peak, peakOfMany, limits.peakMb),
      ratioAtMost("selinux-prove, 5,000 tenants", "ms of CPU", cpuOfMany, cpu, many / few),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function assumptionsOf(file: string) {
  const policy = parsePolicy(readFileSync(file));
  // The compiler drops attributes that no rule is about, as none here is about all tenants' types.
  const attributes = [ATTRIBUTES.domains, ATTRIBUTES.objects];
  const { tenants } = slotsOf(policy);
  const base = [ATTRIBUTES.engines, "unconfined_domain_type"];
  const { trustedBase, shared } = assume(policy, { tenants, attributes }, base);
  return { attributes, trustedBase, shared };
}

async function prove(
  program: string,
  file: string,
  assumptions: string,
  tenants: number,
): Promise<Proof> {
  const { stdout } = await execute(process.execPath, [program, file, assumptions], {
    seconds: 120,
  });
  const proof: Proof = JSON.parse(stdout);
  if (!proof.proved || proof.counts.tenants !== tenants)
    throw new Error(`${proof.counts.tenants} tenants, ${proof.total} violations`);
  return proof;
}

function peakMb(proofs: readonly Proof[]): number {
  return (Math.max(...proofs.map(({ peakKiB }) => peakKiB)) * 1024) / 1e6;
}
