import { hash } from "node:crypto";
import { type Conditional, type ConditionToken, conditionText, evaluate } from "./conditionals.ts";
import type { Constraint } from "./constraints.ts";
import type { LabelledObject } from "./contexts.ts";
import { type LevelIds, levelText, type RangeIds } from "./levels.ts";
import type { Membership } from "./membership.ts";
import { type Content, read } from "./read.ts";
import { type RuleKind, type RuleTable, ruleKinds } from "./rules.ts";
import type { ObjectClass, PolicyBoolean, Role, Symbols } from "./symbols.ts";
import {
  type FilenameTransition,
  type RangeTransition,
  type RoleAllow,
  type RoleTransition,
  sourceCount,
} from "./transitions.ts";

/** By their numbers: security/selinux/include/policycap_names.h of the kernel. */
export const capabilityNames: readonly string[] = [
  ...["network_peer_controls", "open_perms", "extended_socket_class", "always_check_network"],
  ...["cgroup_seclabel", "nnp_nosuid_transition", "genfs_seclabel_symlinks"],
  ...["ioctl_skip_cloexec", "userspace_initial_context", "netlink_xperm", "netif_wildcard"],
  "genfs_seclabel_wildcard",
];

/** Under which state of the booleans a rule holds. */
export interface Condition {
  /** As it would be written, for example `(a and (not b))`. */
  text: string;
  /** Whether the rule stands in the branch where the condition is true. */
  whenTrue: boolean;
  /** Whether the booleans as they stand in the policy make the rule hold. */
  active: boolean;
}

/** A rule of access; source and target are types or attributes. */
export interface AllowRule {
  source: string;
  target: string;
  class: string;
  permissions: string[];
  /** Absent for a rule that always holds. */
  condition?: Condition;
}

export interface PolicyCounts {
  types: number;
  attributes: number;
  aliases: number;
  classes: number;
  /** Those of common classes, and those of classes beyond them. */
  permissions: number;
  roles: number;
  users: number;
  booleans: number;
  sensitivities: number;
  categories: number;
  conditionals: number;
  constraints: number;
  validateTransitions: number;
  rules: Record<RuleKind, number>;
  roleTransitions: number;
  roleAllows: number;
  filenameTransitions: number;
  rangeTransitions: number;
  permissive: number;
}

/** A binary policy of the kernel, read whole; nothing in it changes. */
export class Policy {
  /** SHA-256 of the file, in hexadecimal. */
  readonly sha256: string;
  /** Length of the file in bytes. */
  readonly size: number;
  readonly version: number;
  readonly mls: boolean;
  /** What the kernel does with classes and permissions that the policy does not know. */
  readonly unknown: "deny" | "reject" | "allow";
  /** Names of the capabilities that are on: what the kernel checks beyond what it always did. */
  readonly capabilities: readonly string[];
  readonly symbols: Symbols;
  readonly rules: RuleTable;
  readonly conditionals: readonly Conditional[];
  readonly conditionalRules: RuleTable;
  readonly roleTransitions: readonly RoleTransition[];
  readonly roleAllows: readonly RoleAllow[];
  readonly filenameTransitions: readonly FilenameTransition[];
  readonly rangeTransitions: readonly RangeTransition[];
  /** What the policy itself labels: initial labels, ports, file systems, paths of `genfs`. */
  readonly labelled: readonly LabelledObject[];
  readonly membership: Membership;
  /** Ids of the types that are permissive: everything is allowed to them. */
  readonly permissiveIds: readonly number[];

  constructor(bytes: Buffer, content: Content) {
    this.sha256 = hash("sha256", bytes, "hex");
    this.size = bytes.length;
    this.version = content.version;
    this.mls = content.mls;
    this.unknown = content.unknown;
    this.capabilities = content.capabilities.map((bit) => capabilityNames[bit] ?? `#${bit}`);
    this.symbols = content.symbols;
    this.rules = content.rules;
    this.conditionals = content.conditionals.list;
    this.conditionalRules = content.conditionals.rules;
    this.roleTransitions = content.roleTransitions;
    this.roleAllows = content.roleAllows;
    this.filenameTransitions = content.filenameTransitions;
    this.rangeTransitions = content.rangeTransitions;
    this.labelled = content.labelled;
    this.membership = content.membership;
    this.permissiveIds = content.permissive;
  }

  /** Highest id of a type or attribute; they share one range, which ends at 65,535. */
  get typeIds(): number {
    return this.symbols.types.count;
  }

  /** Names of all types, without attributes and aliases, in the order of their ids. */
  get typeNames(): string[] {
    return this.#names(false);
  }

  get attributeNames(): string[] {
    return this.#names(true);
  }

  #names(attributes: boolean): string[] {
    const names: string[] = [];
    for (let id = 1; id <= this.typeIds; id++)
      if (this.symbols.types.has(id) && this.isAttribute(id) === attributes)
        names.push(this.typeName(id));
    return names;
  }

  /** The id of a type, an attribute or an alias. */
  typeId(name: string): number | undefined {
    return this.symbols.types.id(name);
  }

  typeName(id: number): string {
    return this.symbols.types.name(id);
  }

  isAttribute(id: number): boolean {
    return this.symbols.attributes[id] === 1;
  }

  /** The real name of each alias. */
  get aliases(): Map<string, string> {
    return new Map([...this.symbols.aliases].map(([name, id]) => [name, this.typeName(id)]));
  }

  /** Names of the attributes that a type has. */
  attributesOf(type: string): string[] {
    const id = this.typeId(type);
    if (id === undefined || this.isAttribute(id)) return [];
    return [...this.membership.idsOf(id)].filter((of) => of !== id).map((of) => this.typeName(of));
  }

  /** Names of the types that have an attribute. */
  typesOf(attribute: string): string[] {
    const id = this.typeId(attribute);
    if (id === undefined) return [];
    return [...this.membership.membersOf(id)].map((type) => this.typeName(type));
  }

  class(name: string): ObjectClass | undefined {
    const id = this.symbols.classes.id(name);
    return id === undefined ? undefined : this.symbols.classData[id];
  }

  className(id: number): string {
    return this.symbols.classes.name(id);
  }

  /** Names of the permissions of an access vector. */
  permissions(classId: number, vector: number): string[] {
    const names = this.symbols.classData[classId]?.permissions;
    const list: string[] = [];
    for (let bit = 0; bit < 32; bit++)
      if (((vector >>> bit) & 1) === 1) list.push(names?.[bit] ?? `#${bit}`);
    return list;
  }

  role(id: number): Role | undefined {
    return this.symbols.roleData[id];
  }

  /** The booleans with the state that stands in the policy. */
  get booleans(): PolicyBoolean[] {
    return this.symbols.booleanData.filter((boolean) => boolean !== undefined);
  }

  get users(): { name: string; roles: string[]; level: string; range: string }[] {
    const { roles } = this.symbols;
    const data = this.symbols.userData.filter((user) => user !== undefined);
    return data.map(({ name, roles: bits, level, range }) => ({
      name,
      roles: bits.bits().map((bit) => roles.name(bit + 1)),
      level: this.#levelText(level),
      range: this.rangeText(range),
    }));
  }

  /** @returns for example `s0-s0:c0.c1023`, or `s0` where both ends are the same */
  rangeText({ low, high }: RangeIds): string {
    const [from, to] = [this.#levelText(low), this.#levelText(high)];
    return from === to ? from : `${from}-${to}`;
  }

  #levelText(level: LevelIds): string {
    return levelText(level, this.symbols.levelNames, this.symbols.categoryNames);
  }

  /** Names of the permissive types. */
  get permissive(): string[] {
    return this.permissiveIds.map((id) => this.typeName(id));
  }

  constraintsOf(name: string): readonly Constraint[] {
    return this.class(name)?.constraints ?? [];
  }

  /** Allow rules that always hold. */
  *allowRules(): Generator<AllowRule> {
    for (let index = 0; index < this.rules.length; index++)
      if (this.rules.kind[index] === ruleKinds.allow) yield this.allowRule(this.rules, index);
  }

  /** Allow rules that depend on booleans, whether or not they hold now. */
  *conditionalAllowRules(): Generator<AllowRule> {
    const { conditionalRules: rules } = this;
    for (const conditional of this.conditionals)
      for (const whenTrue of [true, false]) {
        const [begin, end] = whenTrue ? conditional.whenTrue : conditional.whenFalse;
        for (let index = begin; index < end; index++)
          if (rules.kind[index] === ruleKinds.allow)
            yield this.allowRule(rules, index, this.condition(conditional, whenTrue));
      }
  }

  allowRule(rules: RuleTable, index: number, condition?: Condition): AllowRule {
    const classId = rules.classId[index] ?? 0;
    return {
      source: this.typeName(rules.source[index] ?? 0),
      target: this.typeName(rules.target[index] ?? 0),
      class: this.className(classId),
      permissions: this.permissions(classId, rules.data[index] ?? 0),
      ...(condition && { condition }),
    };
  }

  condition({ tokens }: { tokens: readonly ConditionToken[] }, whenTrue: boolean): Condition {
    const holds = evaluate(tokens, (id) => this.symbols.booleanData[id]?.state ?? false);
    const text = conditionText(tokens, (id) => this.symbols.booleans.name(id));
    return { text, whenTrue, active: holds === whenTrue };
  }

  /** How much of everything there is, as `seinfo` counts. */
  counts(): PolicyCounts {
    const { symbols } = this;
    const classes = symbols.classData.filter((data) => data !== undefined);
    const attributes = this.attributeNames.length;
    const rules = Object.fromEntries(Object.keys(ruleKinds).map((kind) => [kind, 0]));
    for (const table of [this.rules, this.conditionalRules])
      for (let index = 0; index < table.length; index++) {
        const kind = table.kindOf(index);
        rules[kind] = (rules[kind] ?? 0) + 1;
      }
    return {
      types: this.typeNames.length,
      attributes,
      aliases: symbols.aliases.size,
      classes: classes.length,
      permissions: symbols.commonPermissions + sum(classes.map(({ own }) => own)),
      roles: symbols.roles.count,
      users: symbols.users.count,
      booleans: this.booleans.length,
      sensitivities: symbols.levels,
      categories: symbols.categories,
      conditionals: this.conditionals.length,
      constraints: sum(classes.map(({ constraints }) => constraints.length)),
      validateTransitions: sum(classes.map((data) => data.validateTransitions.length)),
      rules: rules as Record<RuleKind, number>,
      roleTransitions: this.roleTransitions.length,
      roleAllows: this.roleAllows.length,
      filenameTransitions: sum(this.filenameTransitions.map(sourceCount)),
      rangeTransitions: this.rangeTransitions.length,
      permissive: this.permissiveIds.length,
    };
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/**
 * Reads a binary policy as the kernel loads it (versions 24 to 35, at most 64 MiB), as described
 * by the kernel's `security/selinux/ss/policydb.c` and libsepol's `policydb.c` and `write.c`.
 * Nothing of the bytes is trusted; the result keeps the buffer.
 *
 * @throws PolicyError for everything that is not such a policy, whole, to the last byte
 */
export function parsePolicy(bytes: Buffer): Policy {
  return new Policy(bytes, read(bytes));
}
