import { type RuleKind, ruleKinds } from "../../agent/selinux/policydb/rules.ts";

/** A policy in names, for {@link writePolicy}. */
export interface PolicyModel {
  version: number;
  /** Bits of the header: 1 multi-level, 2 reject unknown, 4 allow unknown. */
  config: number;
  commons: Record<string, string[]>;
  classes: {
    name: string;
    common?: string;
    permissions: string[];
    constraints?: ModelConstraint[];
  }[];
  roles: Record<string, string[]>;
  types: string[];
  attributes: Record<string, string[]>;
  aliases: Record<string, string>;
  booleans: Record<string, boolean>;
  permissive: string[];
  rules: ModelRule[];
  conditionals: { condition: string[]; whenTrue: ModelRule[]; whenFalse: ModelRule[] }[];
  roleTransitions: { role: string; type: string; class: string; newRole: string }[];
  roleAllows: [string, string][];
  filenameTransitions: {
    name: string;
    source: string;
    target: string;
    class: string;
    newType: string;
  }[];
  rangeTransitions: { source: string; target: string; class: string }[];
  /** Types of what the policy labels, by kind; ports are numbered from 1. */
  labels: { kind: (typeof labelKinds)[number] | "genfs"; name: string; type: string }[];
}

export interface ModelRule {
  kind: RuleKind;
  source: string;
  target: string;
  class: string;
  permissions?: string[];
  newType?: string;
}

export interface ModelConstraint {
  permissions: string[];
  /** In reverse Polish notation: `t1 = t2`, `l1 dom l2`, `t1 = { names }`, `not`, `and`, `or`. */
  tokens: ({ names: string[] } | "t1 eq t2" | "h1 dom h2" | "not" | "and" | "or")[];
}

const labelKinds = [
  ...(["initial", "filesystem", "port", "interface", "node", "fsuse", "node6"] as const),
  ...(["ibpkey", "ibendport"] as const),
];
const conditionTokens = ["", "not", "or", "and", "xor", "eq", "neq"];

class Output {
  readonly #parts: Buffer[] = [];

  u16(...values: number[]): this {
    const buffer = Buffer.alloc(values.length * 2);
    for (const [index, value] of values.entries()) buffer.writeUInt16LE(value, index * 2);
    return this.bytes(buffer);
  }

  u32(...values: number[]): this {
    const buffer = Buffer.alloc(values.length * 4);
    for (const [index, value] of values.entries()) buffer.writeUInt32LE(value >>> 0, index * 4);
    return this.bytes(buffer);
  }

  bytes(buffer: Buffer): this {
    this.#parts.push(buffer);
    return this;
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value, "latin1"));
  }

  ebitmap(bits: readonly number[]): this {
    const nodes = new Map<number, bigint>();
    for (const bit of [...bits].sort((a, b) => a - b)) {
      const start = bit - (bit % 64);
      nodes.set(start, (nodes.get(start) ?? 0n) | (1n << BigInt(bit - start)));
    }
    const last = [...nodes.keys()].at(-1);
    this.u32(64, last === undefined ? 0 : last + 64, nodes.size);
    for (const [start, map] of nodes) {
      const buffer = Buffer.alloc(8);
      buffer.writeBigUInt64LE(map);
      this.u32(start).bytes(buffer);
    }
    return this;
  }

  /** One level, without categories. */
  range(): this {
    return this.u32(1, 1).ebitmap([]);
  }

  whole(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/**
 * Writes a policy in the kernel's binary format, any version from 24 to 35: for tests of what no
 * compiler would produce.
 */
export function writePolicy(model: PolicyModel): Buffer {
  return new Writer(model).write();
}

class Writer {
  readonly #model: PolicyModel;
  readonly #out = new Output();
  readonly #types: Map<string, number>;

  constructor(model: PolicyModel) {
    this.#model = model;
    const names = [...model.types, ...Object.keys(model.attributes)];
    this.#types = new Map(names.map((name, index) => [name, index + 1]));
    for (const [alias, type] of Object.entries(model.aliases))
      this.#types.set(alias, this.#type(type));
  }

  write(): Buffer {
    const { version, config, permissive } = this.#model;
    const kinds = version >= 31 ? labelKinds : labelKinds.slice(0, -2);
    this.#out.u32(0xf97cff8c, 8).text("SE Linux").u32(version, config, 8, kinds.length);
    this.#out.ebitmap([0, 1]).ebitmap(permissive.map((type) => this.#type(type)));
    if (version >= 35) this.#out.ebitmap([]);
    this.#symbols();
    this.#rules(this.#model.rules);
    this.#conditionals();
    this.#transitions();
    for (const kind of kinds) this.#labels(kind);
    this.#genfs();
    this.#out.u32(this.#model.rangeTransitions.length);
    for (const { source, target, class: of } of this.#model.rangeTransitions)
      this.#out.u32(this.#type(source), this.#type(target), this.#class(of)).range();
    this.#membership();
    return this.#out.whole();
  }

  #type(name: string): number {
    const id = this.#types.get(name);
    if (id === undefined) throw new Error(`no type ${name}`);
    return id;
  }

  #class(name: string): number {
    const index = this.#model.classes.findIndex((of) => of.name === name);
    if (index < 0) throw new Error(`no class ${name}`);
    return index + 1;
  }

  #role(name: string): number {
    return Object.keys(this.#model.roles).indexOf(name) + 1;
  }

  #permissions(name: string): string[] {
    const of = this.#model.classes[this.#class(name) - 1];
    return [...(this.#model.commons[of?.common ?? ""] ?? []), ...(of?.permissions ?? [])];
  }

  #vector(of: string, permissions: readonly string[]): number {
    const known = this.#permissions(of);
    return permissions.reduce((vector, name) => {
      if (!known.includes(name)) throw new Error(`no permission ${name} in ${of}`);
      return vector | (1 << known.indexOf(name));
    }, 0);
  }

  #symbols(): void {
    const { commons, classes, roles, types, attributes, aliases, booleans } = this.#model;
    const out = this.#out;
    out.u32(Object.keys(commons).length, Object.keys(commons).length);
    for (const [index, [name, permissions]] of Object.entries(commons).entries()) {
      out.u32(name.length, index + 1, permissions.length, permissions.length).text(name);
      this.#permissionNames(permissions, 0);
    }
    out.u32(classes.length, classes.length);
    for (const data of classes) this.#classSymbol(data);
    out.u32(Object.keys(roles).length, Object.keys(roles).length);
    for (const [index, [name, of]] of Object.entries(roles).entries())
      out
        .u32(name.length, index + 1, 0)
        .text(name)
        .ebitmap([index])
        .ebitmap(of.map((type) => this.#type(type) - 1));
    const names = [...types, ...Object.keys(attributes)];
    out.u32(names.length, names.length + Object.keys(aliases).length);
    for (const [index, name] of names.entries())
      out.u32(name.length, index + 1, index < types.length ? 1 : 3, 0).text(name);
    for (const [name, type] of Object.entries(aliases))
      out.u32(name.length, this.#type(type), 0, 0).text(name);
    out.u32(1, 1, 8, 1, 0).text("system_u").ebitmap([0]).range().u32(1).ebitmap([]);
    out.u32(Object.keys(booleans).length, Object.keys(booleans).length);
    for (const [index, [name, state]] of Object.entries(booleans).entries())
      out.u32(index + 1, state ? 1 : 0, name.length).text(name);
    out.u32(1, 1, 2, 0).text("s0").u32(1).ebitmap([0]);
    out.u32(1, 1, 2, 1, 0).text("c0");
  }

  #permissionNames(names: readonly string[], before: number): void {
    for (const [index, name] of names.entries())
      this.#out.u32(name.length, before + index + 1).text(name);
  }

  #classSymbol(data: PolicyModel["classes"][number]): void {
    const { name, common = "", permissions, constraints = [] } = data;
    const { version, commons } = this.#model;
    const inherited = commons[common]?.length ?? 0;
    const out = this.#out;
    out.u32(name.length, common.length, this.#class(name), inherited + permissions.length);
    out.u32(permissions.length, constraints.length).text(name).text(common);
    this.#permissionNames(permissions, inherited);
    for (const constraint of constraints) this.#constraint(name, constraint);
    out.u32(0);
    if (version >= 27) out.u32(0, 0, 0);
    if (version >= 28) out.u32(0);
  }

  #constraint(of: string, { permissions, tokens }: ModelConstraint): void {
    this.#out.u32(this.#vector(of, permissions), tokens.length);
    for (const token of tokens) {
      if (token === "not") this.#out.u32(1, 0, 0);
      else if (token === "and") this.#out.u32(2, 0, 0);
      else if (token === "or") this.#out.u32(3, 0, 0);
      else if (token === "t1 eq t2") this.#out.u32(4, 4, 1);
      else if (token === "h1 dom h2") this.#out.u32(4, 256, 3);
      else {
        const bits = token.names.map((type) => this.#type(type) - 1);
        this.#out.u32(5, 4, 1).ebitmap(bits);
        if (this.#model.version >= 29) this.#out.ebitmap(bits).ebitmap([]).u32(0);
      }
    }
  }

  #rules(rules: readonly ModelRule[]): void {
    this.#out.u32(rules.length);
    for (const { kind, source, target, class: of, permissions = [], newType } of rules) {
      this.#out.u16(this.#type(source), this.#type(target), this.#class(of), ruleKinds[kind]);
      if (kind.endsWith("xperm"))
        this.#out.bytes(Buffer.from([1, 0x89])).u32(1, 2, 3, 4, 5, 6, 7, 8);
      else if (newType !== undefined) this.#out.u32(this.#type(newType));
      else {
        const vector = this.#vector(of, permissions);
        this.#out.u32(kind === "dontaudit" ? ~vector : vector);
      }
    }
  }

  #conditionals(): void {
    const { conditionals, booleans } = this.#model;
    this.#out.u32(conditionals.length);
    for (const { condition, whenTrue, whenFalse } of conditionals) {
      this.#out.u32(0, condition.length);
      for (const token of condition) {
        const operator = conditionTokens.indexOf(token);
        if (operator > 0) this.#out.u32(operator + 1, 0);
        else this.#out.u32(1, Object.keys(booleans).indexOf(token) + 1);
      }
      this.#rules(whenTrue);
      this.#rules(whenFalse);
    }
  }

  #transitions(): void {
    const { version, roleTransitions, roleAllows, filenameTransitions } = this.#model;
    const out = this.#out;
    out.u32(roleTransitions.length);
    for (const { role, type, class: of, newRole } of roleTransitions) {
      out.u32(this.#role(role), this.#type(type), this.#role(newRole));
      if (version >= 26) out.u32(this.#class(of));
    }
    out.u32(roleAllows.length);
    for (const [role, newRole] of roleAllows) out.u32(this.#role(role), this.#role(newRole));
    if (version < 25) return;
    out.u32(filenameTransitions.length);
    for (const { name, source, target, class: of, newType } of filenameTransitions) {
      out.u32(name.length).text(name);
      const ids = [this.#type(target), this.#class(of)];
      if (version < 33) out.u32(this.#type(source), ...ids, this.#type(newType));
      else
        out
          .u32(...ids, 1)
          .ebitmap([this.#type(source) - 1])
          .u32(this.#type(newType));
    }
  }

  #labels(kind: (typeof labelKinds)[number]): void {
    const list = this.#model.labels.filter((label) => label.kind === kind);
    const out = this.#out;
    out.u32(list.length);
    for (const [index, { name, type }] of list.entries()) {
      if (kind === "initial") out.u32(index + 1);
      else if (kind === "filesystem" || kind === "interface") out.u32(name.length).text(name);
      else if (kind === "port") out.u32(6, index + 1, index + 1);
      else if (kind === "node") out.u32(0, 0);
      else if (kind === "fsuse") out.u32(1, name.length).text(name);
      else if (kind === "node6") out.u32(0, 0, 0, 0, 0, 0, 0, 0);
      else if (kind === "ibpkey") out.u32(0, 0, 1, 2);
      else out.u32(name.length, 1).text(name);
      this.#context(type);
      if (kind === "filesystem" || kind === "interface") this.#context(type);
    }
  }

  #genfs(): void {
    const list = this.#model.labels.filter((label) => label.kind === "genfs");
    this.#out.u32(list.length);
    for (const { name, type } of list) {
      this.#out.u32(name.length).text(name).u32(1, 1).text("/").u32(0);
      this.#context(type);
    }
  }

  #context(type: string): void {
    this.#out.u32(1, 1, this.#type(type)).range();
  }

  #membership(): void {
    const { types, attributes } = this.#model;
    for (const [index, type] of types.entries()) {
      const of = Object.entries(attributes).filter(([, members]) => members.includes(type));
      this.#out.ebitmap([index, ...of.map(([name]) => this.#type(name) - 1)]);
    }
    for (const name of Object.keys(attributes)) this.#out.ebitmap([this.#type(name) - 1]);
  }
}
