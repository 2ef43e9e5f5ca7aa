/** Booleans that would give what is missing, and what else they would give. */
import type { Condition, Policy } from "../policydb/policy.ts";
import type { GrantingRule } from "../proof/why.ts";

export interface BooleanChoice {
  /** As it would be written, for example `(a and (not b))`. */
  readonly condition: string;
  /** What the condition must become. */
  readonly becomes: boolean;
  /** The one boolean to set, where it is one. */
  readonly set?: { readonly name: string; readonly value: boolean };
  /** All that would be allowed by it. */
  readonly opens: {
    readonly rules: number;
    /** Pairs of types that these rules speak about. */
    readonly pairs: number;
    /** The first of them, at most {@link mostExamples}. */
    readonly examples: readonly string[];
  };
}

export const mostExamples = 20;
const mostChoices = 5;

/**
 * @param rules those that speak about the pair
 * @param missing permissions, all of which one condition has to give
 * @returns those that open least come first
 */
export function booleansOf(
  policy: Policy,
  rules: readonly GrantingRule[],
  missing: readonly string[],
): BooleanChoice[] {
  if (missing.length === 0) return [];
  const conditions = new Map<string, { condition: Condition; given: string[] }>();
  for (const { condition, permissions } of rules) {
    if (condition === undefined || condition.active) continue;
    const key = `${condition.whenTrue} ${condition.text}`;
    const known = conditions.get(key) ?? { condition, given: [] };
    known.given.push(...permissions);
    conditions.set(key, known);
  }
  return [...conditions.values()]
    .filter(({ given }) => missing.every((name) => given.includes(name)))
    .map(({ condition }) => choiceOf(policy, condition))
    .sort((a, b) => a.opens.pairs - b.opens.pairs)
    .slice(0, mostChoices);
}

function choiceOf(policy: Policy, { text, whenTrue }: Condition): BooleanChoice {
  const examples: string[] = [];
  const many = (name: string) => policy.membership.membersOf(policy.typeId(name) ?? 0).length;
  let [rules, pairs] = [0, 0];
  for (const { source, target, permissions, condition, ...of } of policy.conditionalAllowRules()) {
    if (condition?.text !== text || condition.whenTrue !== whenTrue) continue;
    rules += 1;
    pairs += many(source) * many(target);
    if (examples.length < mostExamples)
      examples.push(`allow ${source} ${target}:${of.class} { ${permissions.join(" ")} };`);
  }
  const set = single(text, whenTrue);
  const choice = { condition: text, becomes: whenTrue, opens: { rules, pairs, examples } };
  return set === undefined ? choice : { ...choice, set };
}

/** The one boolean of a condition that is no more than that. */
function single(text: string, whenTrue: boolean): { name: string; value: boolean } | undefined {
  const [, not, name] = /^\(?(not )?(\w+)\)?$/.exec(text) ?? [];
  return name === undefined ? undefined : { name, value: (not === undefined) === whenTrue };
}
