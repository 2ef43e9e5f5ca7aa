/** What begins and what ceases to hold when a boolean changes: all others stay as they are. */
import { DsecosError } from "../../bus/errors.ts";
import { type Conditional, evaluate } from "../policydb/conditionals.ts";
import type { Policy } from "../policydb/policy.ts";
import { ruleKinds } from "../policydb/rules.ts";
import { ruleText } from "../proof/facts.ts";
import type { BooleanEffect } from "./answers.ts";

export type Effect = Omit<BooleanEffect, "proof">;
type Rules = BooleanEffect["opens"];

export const mostExamples = 20;
const givesTypes: ReadonlySet<number> = new Set([
  ...[ruleKinds.type_transition, ruleKinds.type_member, ruleKinds.type_change],
]);

/** @throws DsecosError for a boolean that the policy does not have */
export function effectOf(policy: Policy, name: string, value: boolean): Effect {
  const id = policy.symbols.booleans.id(name);
  const known = id === undefined ? undefined : policy.symbols.booleanData[id];
  if (known === undefined) {
    throw new DsecosError("NotFound", `The policy has no boolean ${name}; look in the settings.`);
  }
  const state = (of: number) => policy.symbols.booleanData[of]?.state ?? false;
  const then = (of: number) => (of === known.id ? value : state(of));
  const opens: Rules = { rules: 0, pairs: 0, examples: [] };
  const closes: Rules = { rules: 0, pairs: 0, examples: [] };
  let typeRules = 0;
  for (const conditional of policy.conditionals) {
    const [before, after] = [state, then].map((of) => evaluate(conditional.tokens, of));
    if (before === after) continue;
    typeRules += collect(policy, conditional, after === true, opens);
    typeRules += collect(policy, conditional, after !== true, closes);
  }
  return { name, value, current: known.state, opens, closes, typeRules };
}

/** Adds the rules of one branch. @returns how many of them give a type */
function collect(policy: Policy, conditional: Conditional, branch: boolean, into: Rules): number {
  const { conditionalRules: rules, membership } = policy;
  const [begin, end] = branch ? conditional.whenTrue : conditional.whenFalse;
  let typeRules = 0;
  for (let index = begin; index < end; index++) {
    const kind = rules.kind[index] ?? 0;
    if (givesTypes.has(kind)) typeRules += 1;
    if (kind !== ruleKinds.allow) continue;
    const [source, target] = [rules.source[index] ?? 0, rules.target[index] ?? 0];
    into.rules += 1;
    into.pairs += membership.membersOf(source).length * membership.membersOf(target).length;
    if (into.examples.length < mostExamples)
      into.examples.push(ruleText(policy.allowRule(rules, index)));
  }
  return typeRules;
}
