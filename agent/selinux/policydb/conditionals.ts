import type { Cursor } from "./cursor.ts";
import { type RuleLimits, RuleTable, readRuleList } from "./rules.ts";

const maxDepth = 10;
const operators = ["boolean", "not", "or", "and", "xor", "eq", "neq"] as const;

/** One token of a condition in reverse Polish notation. */
export interface ConditionToken {
  operator: (typeof operators)[number];
  /** The id of the boolean where the operator is `boolean`, else 0. */
  boolean: number;
}

export interface Conditional {
  tokens: readonly ConditionToken[];
  /** Where its rules begin and end in the table of conditional rules. */
  whenTrue: readonly [number, number];
  whenFalse: readonly [number, number];
}

export interface Conditionals {
  list: readonly Conditional[];
  rules: RuleTable;
}

export function readConditionals(
  cursor: Cursor,
  limits: RuleLimits,
  booleans: number,
): Conditionals {
  const count = cursor.count(16, "conditionals");
  const rules = new RuleTable(1024);
  const list: Conditional[] = [];
  for (let index = 0; index < count; index++) {
    cursor.u32("a conditional");
    const tokens = readCondition(cursor, booleans);
    const whenTrue = readRuleList(cursor, rules, limits);
    const whenFalse = readRuleList(cursor, rules, limits);
    list.push({ tokens, whenTrue, whenFalse });
  }
  return { list, rules };
}

function readCondition(cursor: Cursor, booleans: number): ConditionToken[] {
  const at = cursor.at;
  const length = cursor.count(8, "tokens of a condition");
  const tokens: ConditionToken[] = [];
  let depth = 0;
  for (let index = 0; index < length; index++) {
    const operator = operators[cursor.u32("a condition") - 1];
    const boolean = cursor.u32("a condition");
    if (operator === undefined) return cursor.fail("a condition has an unknown operator", at);
    if (operator === "boolean") {
      if (boolean === 0 || boolean > booleans)
        cursor.fail("a condition is about a boolean that is not there", at);
      depth++;
    } else if (operator !== "not") depth--;
    if (depth < 1 || depth > maxDepth) cursor.fail("a condition is not well formed", at);
    tokens.push({ operator, boolean: operator === "boolean" ? boolean : 0 });
  }
  if (depth !== 1) cursor.fail("a condition is not well formed", at);
  return tokens;
}

/** @param booleanOf the value of a boolean by its id */
export function evaluate(
  tokens: readonly ConditionToken[],
  booleanOf: (id: number) => boolean,
): boolean {
  const stack: boolean[] = [];
  for (const { operator, boolean } of tokens) {
    if (operator === "boolean") stack.push(booleanOf(boolean));
    else if (operator === "not") stack.push(!stack.pop());
    else {
      const right = stack.pop() ?? false;
      const left = stack.pop() ?? false;
      stack.push(binary[operator](left, right));
    }
  }
  return stack[0] ?? false;
}

const binary = {
  or: (left: boolean, right: boolean) => left || right,
  and: (left: boolean, right: boolean) => left && right,
  xor: (left: boolean, right: boolean) => left !== right,
  eq: (left: boolean, right: boolean) => left === right,
  neq: (left: boolean, right: boolean) => left !== right,
};

/** The condition as it would be written, for example `(a and (not b))`. */
export function conditionText(
  tokens: readonly ConditionToken[],
  nameOf: (id: number) => string,
): string {
  const stack: string[] = [];
  for (const { operator, boolean } of tokens) {
    if (operator === "boolean") stack.push(nameOf(boolean));
    else if (operator === "not") stack.push(`(not ${stack.pop()})`);
    else {
      const right = stack.pop();
      stack.push(`(${stack.pop()} ${operator} ${right})`);
    }
  }
  return stack[0] ?? "";
}
