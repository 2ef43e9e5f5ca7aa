/** Whether what runs has the types: each process of an instance those of its tenant, and no other. */
import { parseType, typeName } from "../policy/names.ts";
import type { WrongProcess } from "./answers.ts";
import type { LabelledProcess } from "./processes.ts";

export interface DomainReport {
  readonly checked: number;
  /** Those of tenants' instances. */
  readonly tenants: number;
  readonly wrong: WrongProcess[];
  readonly unknown: { readonly what: string; readonly reason: string }[];
}

/** Programs of the host with a domain of their own, by the names that Debian and we give them. */
const own: ReadonlyMap<string, string> = new Map([
  ["dsecos-agent", "dsecos_agent_t"],
  ["incusd", "incusd_t"],
]);

/**
 * @param slots by tenant, which is the name of its Incus project
 * @param agent process id of the agent itself
 */
export function checkDomains(
  processes: readonly LabelledProcess[],
  slots: ReadonlyMap<string, number>,
  agent: number,
): DomainReport {
  const wrong: WrongProcess[] = [];
  const unknown: { what: string; reason: string }[] = [];
  let tenants = 0;
  for (const process of processes) {
    if (process.belongsTo !== undefined) tenants += 1;
    const verdict = judge(process, slots, agent);
    if (verdict === "right") continue;
    const { pid, command, label, belongsTo } = process;
    if ("reason" in verdict) {
      unknown.push({ what: `${command} (${pid})`, reason: verdict.reason });
      continue;
    }
    const { project: tenant = "", name: instance = "" } = belongsTo ?? {};
    wrong.push({ pid, command, label, expected: verdict.expected, tenant, instance });
  }
  return { checked: processes.length, tenants, wrong, unknown };
}

type Judgement = "right" | { readonly expected: string } | { readonly reason: string };

function judge(
  { pid, command, type, belongsTo }: LabelledProcess,
  slots: ReadonlyMap<string, number>,
  agent: number,
): Judgement {
  const has = parseType(type);
  if (belongsTo !== undefined) {
    const slot = slots.get(belongsTo.project);
    if (slot !== undefined) {
      const expected = typeName(slot, belongsTo.kind);
      return type === expected ? "right" : { expected };
    }
    if (has !== undefined) return { expected: "a type of no tenant" };
    return {
      reason: `its instance is of the project ${belongsTo.project}, which has no types of its own`,
    };
  }
  if (has !== undefined)
    return { reason: "it runs in a tenant's domain and belongs to no instance that is known" };
  if (type === "unlabeled_t") return { expected: "a type of the loaded policy" };
  const expected = own.get(pid === agent ? "dsecos-agent" : command);
  return expected === undefined || type === expected ? "right" : { expected };
}

/** How many run in the domains of each slot. */
export function countDomains(processes: readonly LabelledProcess[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { type } of processes) {
    const of = parseType(type);
    if (of !== undefined) counts.set(of.slot, (counts.get(of.slot) ?? 0) + 1);
  }
  return counts;
}
