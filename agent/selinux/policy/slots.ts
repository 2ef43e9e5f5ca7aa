/**
 * Which slots of the policy are whose. The policy knows numbers only; the project of a tenant says
 * which one it has (`user.dsecos.selinux.number`). So a new tenant takes a spare slot of the policy
 * that is loaded: nothing is built, nothing loaded, and its files can be labelled at once.
 *
 * A tenant that is removed gives its slot back last. Until its files are gone or labelled anew, the
 * slot is in quarantine: its types stay, since a type that the policy does not have any more turns
 * what carries it into something unlabelled, and nobody gets it, since he would find those files.
 */
import { checkSlot, FIRST_SLOT, LAST_SLOT } from "./names.ts";

export interface SlotHolder {
  /** The tenant, for messages only. */
  readonly name: string;
  /** Its slot. */
  readonly number: number;
}

export interface SlotPlan {
  readonly tenants: readonly SlotHolder[];
  /** Slots of tenants that were removed, whose files may still be there. */
  readonly quarantined?: readonly number[];
  /** How many free slots the policy shall have. */
  readonly spare: number;
}

/**
 * The slots of the policy that a node has loaded, ascending; `none` where SELinux is off or the
 * policy has no slots, `unknown` while it could not be read.
 */
export type LoadedSlots = readonly number[] | "none" | "unknown";

export class SlotError extends Error {
  override name = "SlotError";
}

/**
 * @returns the slots that a policy must have, ascending: those in use, those in quarantine and the
 *   lowest free ones
 * @throws SlotError where two tenants have one slot, or a tenant has one in quarantine
 */
export function slotsOf({ tenants, quarantined = [], spare }: SlotPlan): number[] {
  const taken = takenBy(tenants);
  for (const slot of quarantined) {
    checkSlot(slot);
    const name = taken.get(slot);
    if (name !== undefined)
      throw new SlotError(
        `slot ${slot} is in quarantine, and ${name} has it: give ${name} another one`,
      );
  }
  const slots = new Set([...taken.keys(), ...quarantined]);
  let free = 0;
  for (let slot = FIRST_SLOT; free < spare && slot <= LAST_SLOT; slot += 1) {
    if (slots.has(slot)) continue;
    slots.add(slot);
    free += 1;
  }
  if (free < spare)
    throw new SlotError(`${spare} spare slots do not fit: there are ${LAST_SLOT} slots in all`);
  return [...slots].sort((a, b) => a - b);
}

/**
 * The slot that a new tenant takes.
 *
 * @param built the slots of the policy that is loaded
 * @throws SlotError where none is free: a policy with more has to be built first
 */
export function claim(built: readonly number[], plan: Omit<SlotPlan, "spare">): number {
  const used = new Set([...takenBy(plan.tenants).keys(), ...(plan.quarantined ?? [])]);
  const slot = [...built].sort((a, b) => a - b).find((candidate) => !used.has(candidate));
  if (slot === undefined)
    throw new SlotError("the policy has no spare slot: build one with more, then try again");
  return slot;
}

function takenBy(tenants: readonly SlotHolder[]): Map<number, string> {
  const taken = new Map<number, string>();
  for (const { name, number } of tenants) {
    checkSlot(number);
    const other = taken.get(number);
    if (other !== undefined)
      throw new SlotError(
        `${other} and ${name} both have slot ${number}, so nothing would keep them apart: give one of them another`,
      );
    taken.set(number, name);
  }
  return taken;
}
