/**
 * A policy as a list of facts in names. Two files list the same facts where they say the same,
 * whatever order, numbers and padding their bytes have: the kernel's copy of a policy
 * (`/sys/fs/selinux/policy`) is written anew from its tables and differs from the file that was
 * loaded. States of booleans are no part of the hash, since they change while a policy is loaded; nor
 * is the content of the role object_r, which the kernel drops. Of labels that the policy itself gives,
 * the types are listed, and not their users, roles and levels.
 */
import { hash } from "node:crypto";
import { parseType } from "../policy/names.ts";
import { conditionText } from "../policydb/conditionals.ts";
import type { Policy } from "../policydb/policy.ts";
import { type RuleTable, ruleKinds } from "../policydb/rules.ts";
import { eachSource } from "../policydb/transitions.ts";
import type { sections } from "./answers.ts";
import { constraintFacts } from "./constraint-facts.ts";

export type Section = (typeof sections)[number];

/** No slot, or facts that are about several. */
export const noSlot = 0;
export const severalSlots = -1;

/** @param key what the fact is about; @param value what it says of it, empty where that is all */
export type Take = (section: Section, key: string, value: string, slot: number) => void;

const objectRole = "object_r";
/** Kind and driver, a byte each, and 256 bits. */
const extendedBytes = 34;
const extendedKinds = ruleKinds.allowxperm | ruleKinds.auditallowxperm | ruleKinds.dontauditxperm;
const typeKinds = ruleKinds.type_transition | ruleKinds.type_member | ruleKinds.type_change;

/** Ids of types to the slot whose type it is. */
export function slotIds(policy: Policy): Uint16Array {
  const slots = new Uint16Array(policy.typeIds + 1);
  for (let id = 1; id <= policy.typeIds; id++)
    slots[id] = parseType(policy.typeName(id))?.slot ?? 0;
  return slots;
}

/** @param bytes of the same policy, from which extended permissions are read */
export function listFacts(policy: Policy, bytes: Buffer, take: Take): void {
  const lister = new Lister(policy, bytes, take);
  lister.head();
  lister.types();
  lister.rules(policy.rules);
  lister.conditionals();
  lister.transitions();
  lister.rest();
  constraintFacts(policy, (text) => take("constraints", text, "", noSlot));
}

/**
 * @returns SHA-256, in hexadecimal, of all facts as lines of UTF-8 in the order of their UTF-16
 *   units: section, key and value with a tab between them
 */
export function rulesHash(policy: Policy, bytes: Buffer): string {
  const lines: string[] = [];
  listFacts(policy, bytes, (section, key, value) => {
    if (section !== "booleans") lines.push(`${section}\t${key}\t${value}\n`);
    else lines.push(`${section}\t${key}\t\n`);
  });
  lines.sort();
  return hash("sha256", lines.join(""), "hex");
}

class Lister {
  readonly #policy: Policy;
  readonly #bytes: Buffer;
  readonly #take: Take;
  readonly #slots: Uint16Array;
  /** Texts of access vectors, of which there are a few hundred. */
  readonly #vectors = new Map<number, string>();

  constructor(policy: Policy, bytes: Buffer, take: Take) {
    this.#policy = policy;
    this.#bytes = bytes;
    this.#take = take;
    this.#slots = slotIds(policy);
  }

  head(): void {
    const { mls, unknown, symbols } = this.#policy;
    this.#take("policy", "levels", mls ? "on" : "off", noSlot);
    this.#take("policy", "unknown permissions", unknown, noSlot);
    for (const name of this.#policy.capabilities)
      this.#take("policy", `policycap ${name}`, "", noSlot);
    this.#take("policy", "sensitivities", String(symbols.levels), noSlot);
    this.#take("policy", "categories", String(symbols.categories), noSlot);
    for (const data of symbols.classData) {
      if (data === undefined) continue;
      const names = data.permissions.filter((name) => name !== undefined);
      this.#take("policy", `class ${data.name}`, `{ ${names.join(" ")} }`, noSlot);
    }
  }

  types(): void {
    const { symbols, membership } = this.#policy;
    for (let id = 1; id <= this.#policy.typeIds; id++) {
      if (!symbols.types.has(id)) continue;
      const name = this.#name(id);
      const attribute = this.#policy.isAttribute(id);
      const slot = this.#slotOf(id);
      this.#take(
        attribute ? "attributes" : "types",
        `${attribute ? "attribute" : "type"} ${name}`,
        "",
        slot,
      );
      const bound = symbols.bounds[id] ?? 0;
      if (bound > 0)
        this.#take("types", `typebounds ${this.#name(bound)} ${name}`, "", this.#slotOf(bound, id));
      for (const of of membership.idsOf(id))
        if (of !== id) this.#take("members", `typeattribute ${name} ${this.#name(of)}`, "", slot);
    }
    for (const [alias, id] of symbols.aliases)
      this.#take("types", `typealias ${this.#name(id)} alias ${alias}`, "", this.#slotOf(id));
    for (const id of this.#policy.permissiveIds)
      this.#take("permissive", `permissive ${this.#name(id)}`, "", this.#slotOf(id));
  }

  rules(table: RuleTable, from = 0, to = table.length, condition = ""): void {
    for (let index = from; index < to; index++) {
      const [source, target] = [table.source[index] ?? 0, table.target[index] ?? 0];
      const [of, kind] = [table.classId[index] ?? 0, table.kind[index] ?? 0];
      const data = table.data[index] ?? 0;
      const about = `${table.kindOf(index)} ${this.#name(source)} ${this.#name(target)}:${this.#policy.className(of)}`;
      if ((kind & typeKinds) !== 0) {
        const slot = this.#slotOf(source, target, data);
        this.#take("transitions", about + condition, this.#name(data), slot);
        continue;
      }
      const slot = this.#slotOf(source, target);
      if ((kind & extendedKinds) !== 0) {
        const text = this.#bytes.toString("hex", data, data + extendedBytes);
        this.#take("rules", `${about} ${text}${condition}`, "", slot);
      } else {
        const vector = kind === ruleKinds.dontaudit ? ~data >>> 0 : data;
        this.#take("rules", about + condition, this.#permissions(of, vector), slot);
      }
    }
  }

  conditionals(): void {
    const { conditionals, conditionalRules, symbols } = this.#policy;
    for (const { tokens, whenTrue, whenFalse } of conditionals) {
      const text = conditionText(tokens, (id) => symbols.booleans.name(id));
      this.rules(conditionalRules, ...whenTrue, ` if ${text}`);
      this.rules(conditionalRules, ...whenFalse, ` unless ${text}`);
    }
    for (const { name, state } of this.#policy.booleans)
      this.#take("booleans", `bool ${name}`, String(state), noSlot);
  }

  transitions(): void {
    const { filenameTransitions, rangeTransitions } = this.#policy;
    for (const rule of filenameTransitions) {
      const { target, classId, newType, name } = rule;
      const of = this.#policy.className(classId);
      eachSource(rule, (source) => {
        const about = `type_transition ${this.#name(source)} ${this.#name(target)}:${of} ${JSON.stringify(name)}`;
        this.#take(
          "transitions",
          about,
          this.#name(newType),
          this.#slotOf(source, target, newType),
        );
      });
    }
    for (const { source, target, classId, range } of rangeTransitions) {
      const about = `range_transition ${this.#name(source)} ${this.#name(target)}:${this.#policy.className(classId)}`;
      const text = this.#policy.rangeText(range);
      this.#take("transitions", about, text, this.#slotOf(source, target));
    }
  }

  rest(): void {
    const { labelled, roleAllows, roleTransitions, symbols } = this.#policy;
    const role = (id: number) => symbols.roles.name(id);
    for (const { kind, what, type } of labelled)
      this.#take("labels", `${kind} ${what}`.trimEnd(), this.#name(type), this.#slotOf(type));
    for (const data of symbols.roleData) {
      if (data === undefined || data.name === objectRole) continue;
      this.#take("roles", `role ${data.name}`, "", noSlot);
      data.types.each((bit) => {
        const id = bit + 1;
        this.#take("roles", `role ${data.name} types ${this.#name(id)}`, "", this.#slotOf(id));
      });
    }
    for (const { name, roles, level, range } of this.#policy.users) {
      const value = `roles { ${roles.join(" ")} } level ${level} range ${range}`;
      this.#take("roles", `user ${name}`, value, noSlot);
    }
    for (const { role: from, newRole } of roleAllows)
      this.#take("roles", `allow ${role(from)} ${role(newRole)}`, "", noSlot);
    for (const { role: from, type, classId, newRole } of roleTransitions) {
      const about = `role_transition ${role(from)} ${this.#name(type)}:${this.#policy.className(classId)}`;
      this.#take("roles", about, role(newRole), this.#slotOf(type));
    }
  }

  #name(id: number): string {
    return this.#policy.typeName(id);
  }

  #permissions(classId: number, vector: number): string {
    const key = classId * 2 ** 32 + vector;
    let text = this.#vectors.get(key);
    if (text === undefined) {
      text = this.#policy.permissions(classId, vector).sort().join(" ");
      this.#vectors.set(key, text);
    }
    return text;
  }

  /** The one slot that all of these types are of, those that are of none aside. */
  #slotOf(...ids: number[]): number {
    let found = noSlot;
    for (const id of ids) {
      const slot = this.#slots[id] ?? noSlot;
      if (slot === noSlot || slot === found) continue;
      if (found !== noSlot) return severalSlots;
      found = slot;
    }
    return found;
  }
}
