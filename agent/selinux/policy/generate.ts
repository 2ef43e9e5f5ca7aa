/** The part of the policy that depends on which tenants there are, as CIL. Pure: text from numbers. */
import { apart } from "./apart.ts";
import { slotContexts } from "./contexts.ts";
import { ATTRIBUTES, DOMAIN_KINDS, KINDS, OBJECT_KINDS, slotName, slotTypes } from "./names.ts";
import { type SlotPlan, slotsOf } from "./slots.ts";

export interface Generated {
  /** Ascending; as many as tenants, slots in quarantine and spare ones together. */
  readonly slots: readonly number[];
  /** The types of all slots, what they may do and how their files are labelled. */
  readonly types: string;
  /** The rules that keep every two of them apart, for the compiler to check. */
  readonly proof: string;
}

/** In the order of {@link KINDS}. */
const memberOf = {
  container: ATTRIBUTES.containers,
  vm: ATTRIBUTES.vms,
  file: ATTRIBUTES.files,
  volume: ATTRIBUTES.volumes,
  image: ATTRIBUTES.images,
  run: ATTRIBUTES.runs,
} as const;

/**
 * The names of tenants are in no part of it: the same slots make the same policy, whoever has them.
 *
 * @throws SlotError, RangeError for slots that do not fit together
 */
export function generate(plan: SlotPlan): Generated {
  const slots = slotsOf(plan);
  const all = slots.map((slot) => ({ slot, types: slotTypes(slot) }));
  const declare = (kinds: readonly (keyof typeof memberOf)[]) =>
    all.flatMap(({ types }) => kinds.map((kind) => `(type ${types[kind]})`));
  const members = KINDS.map((kind) => {
    const names = all.map(({ types }) => types[kind]).join(" ");
    return `(typeattributeset ${memberOf[kind]} (${names}))`;
  });
  const types = [
    // Domains together: the compiler finds them faster in sets of neighbouring numbers.
    ...declare(DOMAIN_KINDS),
    ...declare(OBJECT_KINDS),
    ...(all.length > 0 ? members : []),
    ...all.map(({ slot }) => slotText(slot)),
  ];
  return { slots, types: `${types.join("\n")}\n`, proof: apart(slots) };
}

/** @returns what one slot adds beside the names of its types: its rights and labels */
export function slotText(slot: number): string {
  const types = Object.values(slotTypes(slot)).join(" ");
  const call = `(call dsecos_tenant_slot (${types} "${slotName(slot)}"))`;
  return `${call}\n${slotContexts(slot).trimEnd()}`;
}
