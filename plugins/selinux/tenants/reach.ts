/** Who reaches whom, by the newest proof: nobody, or pairs with what lets them. */
import type { Proof } from "../../../agent/selinux/answers.ts";

type Violation = Proof["violations"][number];

export interface Pair {
  /** Slots, for example tenant0007. */
  from: string;
  to: string;
  /** Who has them now, or the slots where nobody has. */
  fromName: string;
  toName: string;
  violations: Violation[];
}

export interface Reach {
  /** Ordered pairs of slots that the proof is about. */
  possible: number;
  pairs: Pair[];
  /** Slots of the pairs, in their order. */
  slots: { slot: string; name: string }[];
  /** What speaks against the proof and is about one tenant or none. */
  others: number;
  /** What is not listed in the verdict. */
  more: number;
}

export function reachOf({ counts, violations, total }: Proof): Reach {
  const slots = counts?.tenants ?? 0;
  const pairs = new Map<string, Pair>();
  const names = new Map<string, string>();
  let others = 0;
  for (const violation of violations) {
    const { tenants, holders = [] } = violation;
    const [from, to] = tenants;
    if (from === undefined || to === undefined || from === to) {
      others += 1;
      continue;
    }
    for (const [at, slot] of [from, to].entries()) names.set(slot, holders[at] || slot);
    const key = `${from} ${to}`;
    const known = pairs.get(key) ?? {
      ...{ from, to, violations: [] },
      fromName: names.get(from) ?? from,
      toName: names.get(to) ?? to,
    };
    known.violations.push(violation);
    pairs.set(key, known);
  }
  return {
    possible: slots * Math.max(0, slots - 1),
    pairs: [...pairs.values()],
    slots: [...names].map(([slot, name]) => ({ slot, name })).sort(bySlot),
    ...{ others, more: total - violations.length },
  };
}

const bySlot = (one: { slot: string }, other: { slot: string }) =>
  one.slot.localeCompare(other.slot);
