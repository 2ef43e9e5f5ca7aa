import type { Cursor } from "./cursor.ts";

/** What a rule says, by the bit that stands in the file. */
export const ruleKinds = {
  allow: 0x1,
  auditallow: 0x2,
  dontaudit: 0x4,
  type_transition: 0x10,
  type_member: 0x20,
  type_change: 0x40,
  allowxperm: 0x100,
  auditallowxperm: 0x200,
  dontauditxperm: 0x400,
} as const;

export type RuleKind = keyof typeof ruleKinds;

const kindNames = new Map<number, RuleKind>(
  Object.entries(ruleKinds).map(([name, bit]) => [bit, name as RuleKind]),
);

const typeRules = 0x70;
const extendedRules = 0x700;
/** The kernel marks conditional rules that are in force; it says nothing about what they are. */
const enabled = 0x8000;
const ruleBytes = 12;
const extendedBytes = 34;
/** Versions from which on rules of extended permissions may stand at all, and in conditionals. */
const versions = { extended: 30, conditionalExtended: 34 };

export interface RuleLimits {
  types: number;
  classes: number;
  version: number;
}

/**
 * Access and type rules as columns of numbers: 12 bytes a rule, so that hundreds of thousands of
 * them need a few megabytes. A source or target is the id of a type or of an attribute.
 */
export class RuleTable {
  #length = 0;
  source: Uint16Array;
  target: Uint16Array;
  classId: Uint16Array;
  kind: Uint16Array;
  /** Access vector (of `dontaudit`: its complement), new type, or where extended permissions stand. */
  data: Uint32Array;

  constructor(capacity: number) {
    this.source = new Uint16Array(capacity);
    this.target = new Uint16Array(capacity);
    this.classId = new Uint16Array(capacity);
    this.kind = new Uint16Array(capacity);
    this.data = new Uint32Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  kindOf(index: number): RuleKind {
    return kindNames.get(this.kind[index] ?? 0) ?? "allow";
  }

  /** Reads `count` rules and appends them. */
  read(cursor: Cursor, count: number, limits: RuleLimits, conditional: boolean): void {
    this.#reserve(this.#length + count);
    const { bytes } = cursor;
    for (let left = count; left > 0; left--) {
      const { at } = cursor;
      cursor.skip(ruleBytes, "the access rules");
      const source = bytes.readUInt16LE(at);
      const target = bytes.readUInt16LE(at + 2);
      const classId = bytes.readUInt16LE(at + 4);
      const kind = bytes.readUInt16LE(at + 6) & ~enabled;
      if (source === 0 || source > limits.types || target === 0 || target > limits.types)
        cursor.fail("a rule is about a type that is not there", at);
      if (classId === 0 || classId > limits.classes)
        cursor.fail("a rule is about a class that is not there", at);
      if (!kindNames.has(kind)) cursor.fail(`a rule has the unknown kind ${kind}`, at);
      let data = bytes.readUInt32LE(at + 8);
      if ((kind & extendedRules) !== 0) {
        const from = conditional ? versions.conditionalExtended : versions.extended;
        if (limits.version < from) cursor.fail("an extended rule is too new for the version", at);
        data = at + ruleBytes - 4;
        cursor.skip(extendedBytes - 4, "the extended permissions of a rule");
      } else if ((kind & typeRules) !== 0 && (data === 0 || data > limits.types))
        cursor.fail("a rule leads to a type that is not there", at);
      const index = this.#length++;
      this.source[index] = source;
      this.target[index] = target;
      this.classId[index] = classId;
      this.kind[index] = kind;
      this.data[index] = data;
    }
  }

  #reserve(wanted: number): void {
    if (wanted <= this.source.length) return;
    const capacity = Math.max(wanted, this.source.length * 2);
    const grown = new RuleTable(capacity);
    grown.source.set(this.source);
    grown.target.set(this.target);
    grown.classId.set(this.classId);
    grown.kind.set(this.kind);
    grown.data.set(this.data);
    this.source = grown.source;
    this.target = grown.target;
    this.classId = grown.classId;
    this.kind = grown.kind;
    this.data = grown.data;
  }
}

/** The unconditional rules. */
export function readRules(cursor: Cursor, limits: RuleLimits): RuleTable {
  const count = cursor.count(ruleBytes, "access rules");
  const table = new RuleTable(count);
  table.read(cursor, count, limits, false);
  return table;
}

/** One list of rules of a conditional. @returns where the list begins and ends in the table */
export function readRuleList(
  cursor: Cursor,
  table: RuleTable,
  limits: RuleLimits,
): readonly [number, number] {
  const begin = table.length;
  table.read(cursor, cursor.count(ruleBytes, "conditional rules"), limits, true);
  return [begin, table.length];
}
