import type { Cursor } from "./cursor.ts";
import type { Ebitmap } from "./ebitmap.ts";

/** From this version on, the names as they were written stand beside their expansion. */
const versionNames = 29;
const maxDepth = 5;

const kinds = { not: 1, and: 2, or: 3, attribute: 4, names: 5 } as const;
const operators = ["eq", "ne", "dom", "domby", "incomp"] as const;
/** What an operand compares, by the bit of its number. */
const attributes = new Map([
  [1, "u"],
  [2, "r"],
  [4, "t"],
  [32, "l1 l2"],
  [64, "l1 h2"],
  [128, "h1 l2"],
  [256, "h1 h2"],
  [512, "l1 h1"],
  [1024, "l2 h2"],
]);
const target = 8;
const third = 16;

/** One token of a constraint in reverse Polish notation. */
export type ConstraintToken =
  | { kind: "not" }
  | { kind: "and" }
  | { kind: "or" }
  | { kind: "compare"; left: string; operator: (typeof operators)[number]; right: string }
  | { kind: "names"; of: string; operator: (typeof operators)[number]; names: Ebitmap };

/** It takes the permissions away where its expression does not hold; it never gives any. */
export interface Constraint {
  permissions: number;
  tokens: readonly ConstraintToken[];
}

export function readConstraints(cursor: Cursor, count: number, version: number): Constraint[] {
  const constraints: Constraint[] = [];
  for (let index = 0; index < count; index++) {
    const at = cursor.at;
    const permissions = cursor.u32("a constraint");
    const length = cursor.count(12, "tokens of a constraint");
    const tokens: ConstraintToken[] = [];
    let depth = 0;
    for (let token = 0; token < length; token++) {
      const read = readToken(cursor, version);
      tokens.push(read);
      if (read.kind === "and" || read.kind === "or") depth--;
      else if (read.kind !== "not") depth++;
      if (depth < 1 || depth > maxDepth) cursor.fail("a constraint is not well formed", at);
    }
    if (depth !== 1) cursor.fail("a constraint is not well formed", at);
    constraints.push({ permissions, tokens });
  }
  return constraints;
}

function readToken(cursor: Cursor, version: number): ConstraintToken {
  const at = cursor.at;
  const kind = cursor.u32("a constraint");
  const attribute = cursor.u32("a constraint");
  const operator = operators[cursor.u32("a constraint") - 1];
  if (kind === kinds.not) return { kind: "not" };
  if (kind === kinds.and) return { kind: "and" };
  if (kind === kinds.or) return { kind: "or" };
  const what = attributes.get(attribute & ~(target | third));
  if (!what || !operator || (kind !== kinds.attribute && kind !== kinds.names))
    return cursor.fail("a constraint has an unknown operand", at);
  if (kind === kinds.attribute) {
    const [left, right] = what.includes(" ") ? what.split(" ") : [`${what}1`, `${what}2`];
    return { kind: "compare", left: left ?? "", operator, right: right ?? "" };
  }
  const names = cursor.ebitmap("the names of a constraint");
  if (version >= versionNames) {
    cursor.ebitmap("the types of a constraint");
    cursor.ebitmap("the excluded types of a constraint");
    cursor.u32("the types of a constraint");
  }
  const side = (attribute & third) !== 0 ? 3 : (attribute & target) !== 0 ? 2 : 1;
  return { kind: "names", of: `${what}${side}`, operator, names };
}
