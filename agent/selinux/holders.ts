/** The policy knows numbers only: whose a type is now is told beside it, wherever people read it. */
import type { Proof } from "./answers.ts";
import { parseType, slotNumber } from "./policy/names.ts";

/** Names of tenants by their slot; empty while the tenants are not known. */
export type SlotHolders = () => ReadonlyMap<number, string>;

/** @returns the tenants whose the two types are, where they are anybody's */
export function holdersOf(
  { source, target }: { source: string; target: string },
  holders: ReadonlyMap<number, string>,
): { sourceTenant?: string; targetTenant?: string } {
  const holderOf = (type: string) => holders.get(parseType(type)?.slot ?? 0);
  const [sourceTenant, targetTenant] = [holderOf(source), holderOf(target)];
  return {
    ...(sourceTenant === undefined ? {} : { sourceTenant }),
    ...(targetTenant === undefined ? {} : { targetTenant }),
  };
}

/** The proof as it was made, with who has the slots of its violations now. */
export function withHolders(proof: Proof, holders: ReadonlyMap<number, string>): Proof {
  const violations = proof.violations.map((violation) => {
    const names = violation.tenants.map((slot) => holders.get(slotNumber(slot)) ?? "");
    return names.some((name) => name !== "") ? { ...violation, holders: names } : violation;
  });
  return { ...proof, violations };
}
