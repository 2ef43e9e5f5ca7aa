/**
 * What one policy has that another has not. Rights are the rules as they are written and the members
 * of the attributes they are written with, so both are compared; expanded, they would be millions.
 */
import type { Policy } from "../policydb/policy.ts";
import { type CompareFilter, type Comparison, type DifferenceRow, sections } from "./answers.ts";
import { listFacts, rulesHash, type Section } from "./listing.ts";
import { rangesOf } from "./ranges.ts";
import { plainSlots, slotsIn } from "./slot-shapes.ts";
import { weakening } from "./weakening.ts";

/** A policy and its bytes. */
export interface Side {
  readonly policy: Policy;
  readonly bytes: Buffer;
}

type Facts = Map<string, string>;
type Change = DifferenceRow["change"];

/** One row to be; its text is made where it is shown. */
interface Difference {
  section: Section;
  change: Change;
  key: string;
  value: string;
  weakens: boolean;
}

const divider = "\t";
/** Between permissions, and between values of what is there twice. */
const both = " ";

/**
 * Takes about 3 s and 150 MB for two policies with 1,064 slots.
 */
export function compare(
  before: Side,
  after: Side,
  filter: CompareFilter,
): Omit<Comparison, "before" | "after"> & { rules: [string, string] } {
  const rules: [string, string] = [
    rulesHash(before.policy, before.bytes),
    rulesHash(after.policy, after.bytes),
  ];
  const slots = newSlots(before, after);
  const differences = differencesOf(before, after, slots);
  const counts = countsOf(differences);
  const matching = differences.filter(
    ({ section, weakens }) =>
      (filter.section === undefined || filter.section === section) &&
      (filter.weakens !== true || weakens),
  );
  const from = Number(filter.cursor) || 0;
  const behind = from + filter.limit;
  return {
    rules,
    same: rules[0] === rules[1],
    weakens: sentences(counts),
    slots: { added: rangesOf(slots.added), removed: rangesOf(slots.removed) },
    counts,
    rows: matching.slice(from, behind).map(row),
    total: matching.length,
    next: behind < matching.length ? String(behind) : "",
  };
}

interface NewSlots {
  /** Slots that only one of the two has, and that are like the others. */
  added: Set<number>;
  removed: Set<number>;
}

function newSlots(before: Side, after: Side): NewSlots {
  const [had, has] = [slotsIn(before.policy), slotsIn(after.policy)];
  const common = [...has].filter((slot) => had.has(slot));
  return {
    added: plainSlots(
      after,
      [...has].filter((slot) => !had.has(slot)),
      common,
    ),
    removed: plainSlots(
      before,
      [...had].filter((slot) => !has.has(slot)),
      common,
    ),
  };
}

function differencesOf(before: Side, after: Side, slots: NewSlots): Difference[] {
  const left = factsOf(before, slots.removed);
  const differences: Difference[] = [];
  const add = (change: Change, name: string, value: string) => {
    const [section = "policy", key = ""] = name.split(divider, 2) as [Section, string];
    const weakens = weakening(section, change, key);
    differences.push({ section, change, key, value, weakens });
  };
  for (const [name, value] of factsOf(after, slots.added)) {
    const old = left.get(name);
    left.delete(name);
    if (old === value) continue;
    if (old === undefined) {
      add("added", name, value);
      continue;
    }
    if (!name.startsWith(`rules${divider}`)) {
      add("removed", name, old);
      add("added", name, value);
      continue;
    }
    const [lost, gained] = [without(old, value), without(value, old)];
    if (lost !== "") add("removed", name, lost);
    if (gained !== "") add("added", name, gained);
  }
  for (const [name, value] of left) add("removed", name, value);
  const rank = new Map(sections.map((section, index) => [section, index]));
  // What gives rights comes first in its section; sorting is stable, so the rest stays in order.
  return differences.sort(
    (a, b) =>
      (rank.get(a.section) ?? 0) - (rank.get(b.section) ?? 0) ||
      Number(b.weakens) - Number(a.weakens),
  );
}

/** Of permissions, those that the other has not. */
function without(one: string, other: string): string {
  const others = new Set(other.split(both));
  return one
    .split(both)
    .filter((name) => !others.has(name))
    .join(both);
}

function factsOf({ policy, bytes }: Side, leftOut: ReadonlySet<number>): Facts {
  const facts: Facts = new Map();
  listFacts(policy, bytes, (section, key, value, slot) => {
    if (leftOut.has(slot)) return;
    const name = `${section}${divider}${key}`;
    const there = facts.get(name);
    const all = there === undefined ? value : [...there.split(both), value].sort().join(both);
    facts.set(name, all);
  });
  return facts;
}

function countsOf(differences: readonly Difference[]): Comparison["counts"] {
  return sections.flatMap((section) => {
    const own = differences.filter((each) => each.section === section);
    if (own.length === 0) return [];
    const added = own.filter(({ change }) => change === "added").length;
    const weakens = own.filter((each) => each.weakens).length;
    return [{ section, added, removed: own.length - added, weakens }];
  });
}

const titles: Partial<Record<Section, string>> = {
  policy: "Classes, levels or the handling of unknown permissions",
  members: "Members of attributes",
  rules: "Rules of access",
  transitions: "Transitions",
  permissive: "Permissive domains",
  constraints: "Constraints",
  labels: "Labels that the policy gives",
  roles: "Rules of roles",
};

function sentences(counts: Comparison["counts"]): string[] {
  return counts
    .filter(({ weakens }) => weakens > 0)
    .map(({ section, weakens }) => {
      const what = weakens === 1 ? "1 difference" : `${weakens} differences`;
      return `${titles[section] ?? "Types"}: ${what} may give more rights.`;
    });
}

function row({ section, change, key, value, weakens }: Difference): DifferenceRow {
  const text =
    value.trim() === ""
      ? key
      : section === "rules"
        ? `${key.replace(/( (?:if|unless) .*)?$/, (condition) => ` { ${value} }${condition}`)}`
        : `${key} ${value}`;
  return { section, change, weakens, text };
}
