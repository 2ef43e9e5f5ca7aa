/**
 * Whether a slot is like the others: with its number taken out, the facts about it are those about
 * another slot. Of such slots a comparison says only that they are there.
 */
import { parseType, slotName } from "../policy/names.ts";
import type { Policy } from "../policydb/policy.ts";
import type { Side } from "./compare.ts";
import { listFacts } from "./listing.ts";

/** @returns the numbers of slots of which there is a type at least */
export function slotsIn(policy: Policy): Set<number> {
  const slots = new Set<number>();
  for (const name of policy.typeNames) {
    const slot = parseType(name)?.slot;
    if (slot !== undefined) slots.add(slot);
  }
  return slots;
}

/**
 * @param slots of this policy, to be looked at
 * @param models slots of this policy that the other policy has as well; where there is none, the
 *   first slot is the model, and is not among the result, so that it is listed itself
 * @returns those of the slots that are like the first model
 */
export function plainSlots(
  { policy, bytes }: Side,
  slots: readonly number[],
  models: readonly number[],
): Set<number> {
  if (slots.length === 0) return new Set();
  const [model = 0] = models.length > 0 ? models : slots;
  const wanted = new Set([...slots, model]);
  const numbers = new Map<string, number>();
  const shapes = new Map<number, number[]>([...wanted].map((slot) => [slot, []]));
  listFacts(policy, bytes, (section, key, value, slot) => {
    const shape = shapes.get(slot);
    if (shape === undefined) return;
    const text = `${section}\t${key}\t${value}`.replaceAll(slotName(slot), "");
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    shape.push(number);
  });
  const shapeOf = (slot: number) => (shapes.get(slot) ?? []).sort((a, b) => a - b).join();
  const expected = shapeOf(model);
  return new Set(slots.filter((slot) => slot !== model && shapeOf(slot) === expected));
}
