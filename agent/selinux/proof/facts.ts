import type { Policy } from "../policydb/policy.ts";
import { type RuleTable, ruleKinds } from "../policydb/rules.ts";
import type { Findings } from "./findings.ts";
import type { Ownership } from "./tenants.ts";
import type { GrantingRule } from "./why.ts";

/** What every part of the proof works on. */
export interface Facts {
  policy: Policy;
  owners: Ownership;
  /** By type: 1 where it belongs to the trusted base. */
  trusted: Uint8Array;
  /** By type: 1 where it is a host type that may be shared. */
  shared: Uint8Array;
  findings: Findings;
}

/** A rule by its place: an index into the unconditional rules, or past their end the others. */
export class RulePlaces {
  readonly #policy: Policy;

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /** Calls back for every allow rule that gives anything, whatever the booleans are. */
  eachAllow(visit: (table: RuleTable, index: number, place: number) => void): void {
    const { rules, conditionalRules } = this.#policy;
    eachAllow(rules, 0, visit);
    eachAllow(conditionalRules, rules.length, visit);
  }

  /** What the rule at a place speaks about. */
  ids(place: number): { source: number; target: number } {
    const [table, index] = this.#find(place);
    return { source: table.source[index] ?? 0, target: table.target[index] ?? 0 };
  }

  #find(place: number): [RuleTable, number] {
    const { rules, conditionalRules } = this.#policy;
    return place < rules.length ? [rules, place] : [conditionalRules, place - rules.length];
  }

  /** @param sourceId the types in question, of those that the rule speaks about */
  describe(place: number, sourceId: number, targetId: number): GrantingRule {
    const [table, index] = this.#find(place);
    const conditional = table === this.#policy.conditionalRules;
    const condition = conditional ? this.#conditionOf(index) : undefined;
    const rule: GrantingRule = this.#policy.allowRule(table, index, condition);
    if (table.source[index] !== sourceId) rule.sourceAttribute = rule.source;
    if (table.target[index] !== targetId) rule.targetAttribute = rule.target;
    return rule;
  }

  #conditionOf(index: number) {
    for (const conditional of this.#policy.conditionals)
      for (const whenTrue of [true, false]) {
        const [begin, end] = whenTrue ? conditional.whenTrue : conditional.whenFalse;
        if (index >= begin && index < end) return this.#policy.condition(conditional, whenTrue);
      }
    return undefined;
  }
}

function eachAllow(
  table: RuleTable,
  offset: number,
  visit: (table: RuleTable, index: number, place: number) => void,
): void {
  for (let index = 0; index < table.length; index++)
    if (table.kind[index] === ruleKinds.allow && table.data[index] !== 0)
      visit(table, index, offset + index);
}

/** The rule as the policy language has it, with the boolean that it depends on. */
export function ruleText(rule: GrantingRule): string {
  const permissions = rule.permissions.join(" ");
  const text = `allow ${rule.source} ${rule.target}:${rule.class} { ${permissions} };`;
  if (!rule.condition) return text;
  const branch = rule.condition.whenTrue ? "if" : "if not";
  return `${text} [ ${branch} ${rule.condition.text} ]`;
}
