/** Whether the constraints of the policy hold for two contexts, with their users, roles and levels. */
import { type Context, dominates, type Level, parseContext, parseRange } from "../context.ts";
import type { ConstraintToken } from "../policydb/constraints.ts";
import type { Policy } from "../policydb/policy.ts";
import { constraintText } from "../proof/constraint.ts";

/** True, false, or not to be decided from the two contexts. */
type Truth = boolean | undefined;

export interface FailedConstraint {
  /** Those of the permissions asked about that it takes away. */
  readonly permissions: readonly string[];
  readonly expression: string;
}

/**
 * @param permissions that rules give, of which constraints may take some away
 * @returns what surely does not hold
 */
export function failedConstraints(
  policy: Policy,
  source: string,
  target: string,
  className: string,
  permissions: readonly string[],
): FailedConstraint[] {
  const [from, to] = [parseContext(source), parseContext(target)];
  const of = policy.class(className);
  if (from === undefined || to === undefined || of === undefined) return [];
  const sides: Sides = { "1": idsOf(policy, from), "2": idsOf(policy, to) };
  return of.constraints.flatMap((constraint) => {
    const taken = policy
      .permissions(of.id, constraint.permissions)
      .filter((name) => permissions.includes(name));
    if (taken.length === 0 || decide(constraint.tokens, sides) !== false) return [];
    return [{ permissions: taken, expression: constraintText(policy, constraint.tokens) }];
  });
}

interface Side {
  /** Ids of user, role and type; undefined where the policy does not have the name. */
  readonly u: number | undefined;
  readonly r: number | undefined;
  readonly t: number | undefined;
  readonly l: Level | undefined;
  readonly h: Level | undefined;
}

type Sides = Readonly<Record<string, Side>>;

function idsOf({ symbols }: Policy, { user, role, type, range }: Context): Side {
  const levels = parseRange(range);
  return {
    u: symbols.users.id(user),
    r: symbols.roles.id(role),
    t: symbols.types.id(type),
    l: levels?.low,
    h: levels?.high,
  };
}

/** Kleene's three-valued logic over the operands in reverse Polish notation. */
function decide(tokens: readonly ConstraintToken[], sides: Sides): Truth {
  const stack: Truth[] = [];
  for (const token of tokens) {
    if (token.kind === "not") {
      const of = stack.pop();
      stack.push(of === undefined ? undefined : !of);
    } else if (token.kind === "and" || token.kind === "or") {
      const decisive = token.kind === "or";
      const [right, left] = [stack.pop(), stack.pop()];
      if (left === decisive || right === decisive) stack.push(decisive);
      else stack.push(left === undefined || right === undefined ? undefined : !decisive);
    } else if (token.kind === "names") stack.push(inNames(token, sides));
    else stack.push(compared(token, sides));
  }
  return stack[0];
}

function operand(name: string, sides: Sides): number | Level | undefined {
  const side = sides[name.slice(1)];
  return side?.[name.slice(0, 1) as keyof Side];
}

function inNames(token: Extract<ConstraintToken, { kind: "names" }>, sides: Sides): Truth {
  const id = operand(token.of, sides);
  if (typeof id !== "number") return undefined;
  const has = token.names.has(id - 1);
  if (token.operator === "eq") return has;
  return token.operator === "ne" ? !has : undefined;
}

function compared(token: Extract<ConstraintToken, { kind: "compare" }>, sides: Sides): Truth {
  const [left, right] = [operand(token.left, sides), operand(token.right, sides)];
  if (left === undefined || right === undefined) return undefined;
  if (typeof left === "number" || typeof right === "number") {
    if (token.operator === "eq") return left === right;
    return token.operator === "ne" ? left !== right : undefined;
  }
  const [over, under] = [dominates(left, right), dominates(right, left)];
  return {
    eq: over && under,
    ne: !(over && under),
    dom: over,
    domby: under,
    incomp: !over && !under,
  }[token.operator];
}
