import { DsecosError } from "../../bus/errors.ts";
import type { AllowRule, Condition, Policy } from "../policydb/policy.ts";
import { type RuleTable, ruleKinds } from "../policydb/rules.ts";
import { explainConstraint } from "./constraint.ts";

/** An allow rule that speaks about the pair that was asked about. */
export interface GrantingRule extends AllowRule {
  /** The attribute through which it speaks about the source, where it does not name the type. */
  sourceAttribute?: string;
  targetAttribute?: string;
}

/** A constraint that says something about permissions that the rules give. */
export interface ConstraintEffect {
  /** The permissions that it takes away where its expression does not hold. */
  permissions: string[];
  /** The expression, for example `((l1 dom l2) or (t1 eq { init_t }))`. */
  expression: string;
  /**
   * - `refuses`: the types alone decide, and it does not hold
   * - `depends`: on users, roles or levels, which a question about types does not tell
   */
  effect: "refuses" | "depends";
}

export interface TypeChange {
  rule: "type_transition" | "type_member" | "type_change";
  newType: string;
  condition?: Condition;
}

export interface Explanation {
  /** Real names, where an alias was asked about. */
  source: string;
  target: string;
  class: string;
  /**
   * - `allowed`: rules give rights now
   * - `boolean`: only rules that booleans have switched off would give any
   * - `permissive`: the source is a permissive domain, so that nothing is refused to it
   * - `refused`: no rule gives any right
   */
  verdict: "allowed" | "boolean" | "permissive" | "refused";
  /** Permissions that rules give now, before constraints. */
  allowed: string[];
  /** Permissions that would come on top with other booleans. */
  possible: string[];
  rules: GrantingRule[];
  constraints: ConstraintEffect[];
  changes: TypeChange[];
}

/**
 * Which rules let a type act on another, and what could still refuse it.
 *
 * @throws DsecosError NotFound where the policy does not have a name
 */
export function why(
  policy: Policy,
  source: string,
  target: string,
  className: string,
): Explanation {
  const sourceId = typeOf(policy, source);
  const targetId = typeOf(policy, target);
  const of = policy.class(className);
  if (!of) throw new DsecosError("NotFound", `the policy has no class ${className}`);
  const asked = new Question(policy, sourceId, targetId, of.id);
  const rules = [...asked.unconditional(), ...asked.conditional()];
  const now = rules.filter((rule) => rule.condition?.active !== false);
  const allowed = distinct(now);
  const possible = distinct(rules).filter((permission) => !allowed.includes(permission));
  const permissive = policy.permissiveIds.includes(sourceId);
  const constraints = policy
    .constraintsOf(className)
    .map((constraint) => explainConstraint(policy, of.id, constraint, sourceId, targetId))
    .filter((effect) => effect !== undefined)
    .filter(({ permissions }) =>
      permissions.some(
        (permission) => allowed.includes(permission) || possible.includes(permission),
      ),
    );
  return {
    source: policy.typeName(sourceId),
    target: policy.typeName(targetId),
    class: of.name,
    verdict: permissive
      ? "permissive"
      : allowed.length > 0
        ? "allowed"
        : possible.length > 0
          ? "boolean"
          : "refused",
    ...{ allowed, possible, rules, constraints },
    changes: asked.changes(),
  };
}

function typeOf(policy: Policy, name: string): number {
  const id = policy.typeId(name);
  if (id === undefined) throw new DsecosError("NotFound", `the policy has no type ${name}`);
  if (policy.isAttribute(id))
    throw new DsecosError("InvalidArgument", `${name} is an attribute: name one of its types`);
  return id;
}

function distinct(rules: readonly GrantingRule[]): string[] {
  return [...new Set(rules.flatMap((rule) => rule.permissions))].sort();
}

const changeKinds = ["type_transition", "type_member", "type_change"] as const;

/** One question, with the ids under which rules may speak about its two types. */
class Question {
  readonly #policy: Policy;
  readonly #sourceId: number;
  readonly #targetId: number;
  readonly #classId: number;
  readonly #sources: Set<number>;
  readonly #targets: Set<number>;

  constructor(policy: Policy, sourceId: number, targetId: number, classId: number) {
    this.#policy = policy;
    this.#sourceId = sourceId;
    this.#targetId = targetId;
    this.#classId = classId;
    this.#sources = new Set(policy.membership.idsOf(sourceId));
    this.#targets = new Set(policy.membership.idsOf(targetId));
  }

  unconditional(): GrantingRule[] {
    const { rules } = this.#policy;
    return this.#find(rules, 0, rules.length, ruleKinds.allow).map((index) =>
      this.#granting(rules, index),
    );
  }

  conditional(): GrantingRule[] {
    return this.#branches(ruleKinds.allow).map(([index, condition]) =>
      this.#granting(this.#policy.conditionalRules, index, condition),
    );
  }

  changes(): TypeChange[] {
    const { rules, conditionalRules } = this.#policy;
    return changeKinds.flatMap((rule) => [
      ...this.#find(rules, 0, rules.length, ruleKinds[rule]).map((index) => ({
        rule,
        newType: this.#policy.typeName(rules.data[index] ?? 0),
      })),
      ...this.#branches(ruleKinds[rule]).map(([index, condition]) => ({
        ...{ rule, condition },
        newType: this.#policy.typeName(conditionalRules.data[index] ?? 0),
      })),
    ]);
  }

  #branches(kind: number): [number, Condition][] {
    const { conditionals, conditionalRules } = this.#policy;
    return conditionals.flatMap((conditional) =>
      [true, false].flatMap((whenTrue) => {
        const [begin, end] = whenTrue ? conditional.whenTrue : conditional.whenFalse;
        return this.#find(conditionalRules, begin, end, kind).map((index): [number, Condition] => [
          index,
          this.#policy.condition(conditional, whenTrue),
        ]);
      }),
    );
  }

  #find(rules: RuleTable, begin: number, end: number, kind: number): number[] {
    const found: number[] = [];
    for (let index = begin; index < end; index++)
      if (
        rules.classId[index] === this.#classId &&
        rules.kind[index] === kind &&
        this.#sources.has(rules.source[index] ?? 0) &&
        this.#targets.has(rules.target[index] ?? 0)
      )
        found.push(index);
    return found;
  }

  #granting(rules: RuleTable, index: number, condition?: Condition): GrantingRule {
    const rule: GrantingRule = this.#policy.allowRule(rules, index, condition);
    if (rules.source[index] !== this.#sourceId) rule.sourceAttribute = rule.source;
    if (rules.target[index] !== this.#targetId) rule.targetAttribute = rule.target;
    return rule;
  }
}
