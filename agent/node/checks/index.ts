/** All checks of assurance, in the order in which people read them. */
import type { Check } from "../contract.ts";
import { bounded, type System } from "../system.ts";
import { apparmor } from "./apparmor.ts";
import { clock } from "./clock.ts";
import { coreDumps } from "./core-dumps.ts";
import { fips } from "./fips.ts";
import { firewall } from "./firewall.ts";
import { hsm } from "./hsm.ts";
import { kernelAudit } from "./kernel-audit.ts";
import { lockdown } from "./lockdown.ts";
import { ports } from "./ports.ts";
import { secureBoot } from "./secure-boot.ts";
import { selinux } from "./selinux.ts";
import { swap } from "./swap.ts";
import { tpm } from "./tpm.ts";
import type { CheckDefinition, Facts, Finding } from "./types.ts";

export const checks: readonly CheckDefinition[] = [
  selinux,
  apparmor,
  lockdown,
  secureBoot,
  fips,
  tpm,
  hsm,
  kernelAudit,
  coreDumps,
  ports,
  firewall,
  swap,
  clock,
];

export async function runChecks(system: System, facts: Facts): Promise<Check[]> {
  return await Promise.all(checks.map((check) => runCheck(check, system, facts)));
}

export async function runCheck(
  check: CheckDefinition,
  system: System,
  facts: Facts,
): Promise<Check> {
  const { id, title, why, command } = check;
  const { verdict, fact, remedy } = await findingOf(check, system, facts);
  const good = verdict === "good";
  return {
    id,
    title,
    verdict,
    fact,
    remedy: good ? "" : [why, remedy].filter(Boolean).join(" "),
    command,
    checkedAt: new Date().toISOString(),
  };
}

/** What could not be found out is unknown, with the reason; it is never shown as good. */
async function findingOf(check: CheckDefinition, system: System, facts: Facts): Promise<Finding> {
  try {
    return await bounded(check.find(system, facts), check.title);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { verdict: "unknown", fact: `It could not be found out: ${why}.` };
  }
}
