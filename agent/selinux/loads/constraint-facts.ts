/**
 * Constraints as facts. In the binary the compiler has replaced attributes by the types behind them,
 * so that every new slot changes most constraints. Types that all slots of a policy have alike are
 * therefore written as one word for all of them, `tenant*_vol_t`; a slot that is left out is not.
 */
import { KINDS, parseType, typeName } from "../policy/names.ts";
import type { ConstraintToken } from "../policydb/constraints.ts";
import type { Ebitmap } from "../policydb/ebitmap.ts";
import type { Policy } from "../policydb/policy.ts";
import { constraintText } from "../proof/constraint.ts";

type Take = (text: string) => void;

export function constraintFacts(policy: Policy, take: Take): void {
  const alike = slotsByKind(policy);
  for (const data of policy.symbols.classData) {
    if (data === undefined) continue;
    const text = (tokens: readonly ConstraintToken[]) =>
      constraintText(policy, tokens, (of, names) => {
        return `{ ${namesOf(policy, of, names, alike).join(" ")} }`;
      });
    for (const { permissions, tokens } of data.constraints) {
      const names = policy.permissions(data.id, permissions).sort().join(" ");
      take(`constrain ${data.name} { ${names} } ${text(tokens)}`);
    }
    for (const { tokens } of data.validateTransitions)
      take(`validatetrans ${data.name} ${text(tokens)}`);
  }
}

/** Ids of the types of all slots, by their kind. */
type Alike = readonly { readonly word: string; readonly ids: readonly number[] }[];

function slotsByKind(policy: Policy): Alike {
  const slots = new Set<number>();
  for (const name of policy.typeNames) {
    const slot = parseType(name)?.slot;
    if (slot !== undefined) slots.add(slot);
  }
  return KINDS.map((kind) => {
    const names = [...slots].map((slot) => typeName(slot, kind));
    const ids = names.flatMap((name) => policy.typeId(name) ?? []);
    return { word: names[0]?.replace(/\d+/, "*") ?? "", ids };
  }).filter(({ ids }) => ids.length > 0);
}

function namesOf(policy: Policy, of: string, names: Ebitmap, alike: Alike): string[] {
  const { types, roles, users } = policy.symbols;
  const bits = names.bits();
  if (!of.startsWith("t")) {
    const table = of.startsWith("r") ? roles : users;
    return bits.map((bit) => table.name(bit + 1)).sort();
  }
  const left = new Set(bits.map((bit) => bit + 1));
  const words: string[] = [];
  for (const { word, ids } of alike) {
    if (!ids.every((id) => left.has(id))) continue;
    for (const id of ids) left.delete(id);
    words.push(word);
  }
  return [...words, ...[...left].map((id) => types.name(id)).sort()];
}
