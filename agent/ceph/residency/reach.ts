/**
 * Every OSD that a CRUSH rule could ever choose: a superset of what crush_do_rule of Ceph's
 * crush/mapper.c returns for any input, any weights and any OSDs down or out. A choose takes items of
 * the wanted type that are reached from a bucket without passing another of that type, and a chooseleaf
 * the OSDs below those. What is not understood is told, and then nothing is proven.
 */
import type { Crush, Rule } from "./read/crush.ts";
import type { Members } from "./read/shape.ts";

export interface Reach {
  /** Number of the step, from 0, that hands the OSD out, by OSD. */
  osds: ReadonlyMap<number, number>;
  /** Why this is not all. */
  problems: { step: number; sentence: string }[];
}

const choosing = new Map([
  ["choose_firstn", false],
  ["choose_indep", false],
  ["chooseleaf_firstn", true],
  ["chooseleaf_indep", true],
]);
const neutral = new Set(["noop", "set_choose_tries", "set_chooseleaf_tries"]);
/** set_choose_local_tries, its fallback, set_chooseleaf_vary_r and _stable, which have no names in dumps. */
const neutralCodes = new Set([10, 11, 12, 13]);
const osdType = 0;

export function reachOf(crush: Crush, rule: Rule): Reach {
  const osds = new Map<number, number>();
  const problems: Reach["problems"] = [];
  let working = new Set<number>();
  for (const [step, members] of rule.steps.entries()) {
    const { op } = members;
    const leaves = choosing.get(String(op));
    const not = (sentence: string) => problems.push({ step, sentence });
    if (op === "take") {
      const item = taking(crush, members);
      if (item === undefined) not("it starts from a bucket that the map does not have");
      working = new Set(item === undefined ? [] : [item]);
    } else if (leaves !== undefined) {
      const type = crush.types.get(String(members.type));
      if (type === undefined || !Number.isSafeInteger(members.num)) {
        not(`its “${op}” asks for a type that the map does not have`);
      } else working = chosen(crush, working, type, leaves);
    } else if (op === "emit") {
      for (const item of working) {
        if (item < 0) not("it hands out a bucket in the place of an OSD");
        else if (!osds.has(item)) osds.set(item, step);
      }
      working = new Set();
    } else if (!isNeutral(members)) {
      not(
        `it has a step ${JSON.stringify(op ?? members.opcode ?? "without a name")} that is not known`,
      );
    }
  }
  if (osds.size === 0) problems.push({ step: rule.steps.length, sentence: "it chooses nothing" });
  return { osds, problems };
}

function isNeutral({ op, opcode }: Members): boolean {
  return op === undefined ? neutralCodes.has(opcode as number) : neutral.has(String(op));
}

/** A step says both id and name, of the bucket or the OSD. */
function taking(crush: Crush, { item, item_name }: Members): number | undefined {
  if (typeof item !== "number") return undefined;
  const name = item < 0 ? crush.buckets.get(item)?.name : crush.devices.get(item);
  return name !== undefined && name === item_name ? item : undefined;
}

function chosen(crush: Crush, from: Set<number>, type: number, leaves: boolean): Set<number> {
  const found = new Set<number>();
  for (const item of from) collect(crush, item, type, found, new Set());
  if (!leaves) return found;
  const osds = new Set<number>();
  const seen = new Set<number>();
  for (const item of found) {
    if (item >= 0) osds.add(item);
    else collect(crush, item, osdType, osds, seen);
  }
  return osds;
}

function collect(
  crush: Crush,
  id: number,
  type: number,
  into: Set<number>,
  seen: Set<number>,
): void {
  if (seen.has(id)) return;
  seen.add(id);
  for (const item of crush.buckets.get(id)?.items ?? []) {
    const found = item >= 0 ? osdType : crush.buckets.get(item)?.type;
    if (found === type) into.add(item);
    else if (item < 0) collect(crush, item, type, into, seen);
  }
}
