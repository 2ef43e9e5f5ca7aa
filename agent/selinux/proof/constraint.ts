import type { Constraint, ConstraintToken } from "../policydb/constraints.ts";
import type { Ebitmap } from "../policydb/ebitmap.ts";
import type { Policy } from "../policydb/policy.ts";
import type { ConstraintEffect } from "./why.ts";

const namesShown = 8;

/** True, false, or not decided by the types alone. */
type Truth = boolean | undefined;

/** @returns undefined for a constraint that holds for the two types whatever else is true */
export function explainConstraint(
  policy: Policy,
  classId: number,
  { permissions, tokens }: Constraint,
  source: number,
  target: number,
): ConstraintEffect | undefined {
  const holds = decide(tokens, source, target);
  if (holds === true) return undefined;
  return {
    permissions: policy.permissions(classId, permissions),
    expression: constraintText(policy, tokens),
    effect: holds === false ? "refuses" : "depends",
  };
}

/** Kleene's three-valued logic over what is known: the two types. */
function decide(tokens: readonly ConstraintToken[], source: number, target: number): Truth {
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
    } else stack.push(decideOperand(token, source, target));
  }
  return stack[0];
}

function decideOperand(
  token: Extract<ConstraintToken, { kind: "compare" | "names" }>,
  source: number,
  target: number,
): Truth {
  if (token.operator !== "eq" && token.operator !== "ne") return undefined;
  const equal = token.operator === "eq";
  if (token.kind === "compare")
    return token.left === "t1" ? (source === target) === equal : undefined;
  if (token.of !== "t1" && token.of !== "t2") return undefined;
  return token.names.has((token.of === "t1" ? source : target) - 1) === equal;
}

/**
 * The expression as it would be written in CIL's operators, in infix notation.
 *
 * @param set writes the names behind `t1`, `r2` and the like; without it the first few
 */
export function constraintText(
  policy: Policy,
  tokens: readonly ConstraintToken[],
  set: (of: string, names: Ebitmap) => string = (of, names) => namesText(policy, of, names),
): string {
  const stack: string[] = [];
  for (const token of tokens) {
    if (token.kind === "not") stack.push(`(not ${stack.pop()})`);
    else if (token.kind === "and" || token.kind === "or") {
      const right = stack.pop();
      stack.push(`(${stack.pop()} ${token.kind} ${right})`);
    } else if (token.kind === "compare")
      stack.push(`(${token.left} ${token.operator} ${token.right})`);
    else stack.push(`(${token.of} ${token.operator} ${set(token.of, token.names)})`);
  }
  return stack[0] ?? "";
}

function namesText(policy: Policy, of: string, names: Ebitmap): string {
  const { types, roles, users } = policy.symbols;
  const table = of.startsWith("t") ? types : of.startsWith("r") ? roles : users;
  const list = names.bits().map((bit) => table.name(bit + 1));
  const more = list.length - namesShown;
  const shown = list.slice(0, namesShown).join(" ");
  return more > 0 ? `{ ${shown} and ${more} more }` : `{ ${shown} }`;
}
