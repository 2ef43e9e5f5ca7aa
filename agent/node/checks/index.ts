/** All checks of assurance, in the order in which people read them. */
import type { Check } from "../contract.ts";
import { bounded, type System } from "../system.ts";
import { apparmor } from "./apparmor.ts";
import { clock } from "./clock.ts";
import { commandLine } from "./command-line.ts";
import { coreDumps } from "./core-dumps.ts";
import { etcHistory } from "./etc-history.ts";
import { fips } from "./fips.ts";
import { firewall } from "./firewall.ts";
import { hsm } from "./hsm.ts";
import { iommu } from "./iommu.ts";
import { kernelAudit } from "./kernel-audit.ts";
import { lockdown } from "./lockdown.ts";
import { measuredBoot } from "./measured-boot.ts";
import { modules } from "./modules.ts";
import { mounts } from "./mounts.ts";
import { ostree } from "./ostree.ts";
import { ports } from "./ports.ts";
import { secureBoot } from "./secure-boot.ts";
import { selinux } from "./selinux.ts";
import { swap } from "./swap.ts";
import { sysctls } from "./sysctls.ts";
import { tpm } from "./tpm.ts";
import { Traced } from "./traced.ts";
import type { CheckDefinition, Facts, Finding } from "./types.ts";
import { updates } from "./updates.ts";

export const checks: readonly CheckDefinition[] = [
  selinux,
  apparmor,
  lockdown,
  secureBoot,
  measuredBoot,
  tpm,
  commandLine,
  modules,
  iommu,
  fips,
  hsm,
  kernelAudit,
  sysctls,
  coreDumps,
  mounts,
  swap,
  ports,
  firewall,
  clock,
  updates,
  ostree,
  etcHistory,
];

/** @returns those that there is something to check for on this node. */
export async function runChecks(system: System, facts: Facts): Promise<Check[]> {
  const found = await Promise.all(checks.map((check) => runCheck(check, system, facts)));
  return found.filter((one) => one !== undefined);
}

export async function runCheck(
  check: CheckDefinition,
  system: System,
  facts: Facts,
): Promise<Check | undefined> {
  const { id, title, why, command } = check;
  const traced = new Traced(system);
  const finding = await findingOf(check, traced, facts);
  if (finding === undefined) return undefined;
  const { verdict, fact, remedy = askYourself } = finding;
  for (const { from, read } of finding.sources ?? []) traced.tell(from, read);
  const checkedAt = new Date(facts.now()).toISOString();
  const todo = verdict === "good" ? "" : remedy;
  return { id, title, verdict, fact, remedy: todo, command, checkedAt, why, how: traced.sources };
}

const askYourself = "Run the command of this check as root: it shows what stands in the way.";

/** What could not be found out is unknown, with the reason; it is never shown as good. */
async function findingOf(
  check: CheckDefinition,
  system: System,
  facts: Facts,
): Promise<Finding | undefined> {
  try {
    return await bounded(check.find(system, facts), check.title);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { verdict: "unknown", fact: `It could not be found out: ${why.replace(/\.$/, "")}.` };
  }
}
