import { type Constraint, readConstraints } from "./constraints.ts";
import type { Cursor } from "./cursor.ts";
import type { Ebitmap } from "./ebitmap.ts";
import {
  type LevelIds,
  type RangeIds,
  readCategories,
  readLevel,
  readLevels,
  readRange,
} from "./levels.ts";
import { NameTable, table } from "./names.ts";

const maxPermissions = 32;
/** Fields of a policy of version 26 and below end before these. */
const versions = { objectDefaults: 27, defaultType: 28 };
const typeIsAttribute = 2;
const typeIsPrimary = 1;

export interface ObjectClass {
  id: number;
  name: string;
  /** By bit: the name of bit `n` of an access vector is `permissions[n]`. */
  permissions: readonly (string | undefined)[];
  /** How many of them are its own and not those of a common class. */
  own: number;
  constraints: readonly Constraint[];
  validateTransitions: readonly Constraint[];
}

export interface Role {
  id: number;
  name: string;
  /** Bit `id - 1` of every type that the role may have. */
  types: Ebitmap;
}

export interface PolicyUser {
  id: number;
  name: string;
  /** Bit `id - 1` of every role that the user may have. */
  roles: Ebitmap;
  range: RangeIds;
  /** With which a session begins. */
  level: LevelIds;
}

export interface PolicyBoolean {
  id: number;
  name: string;
  state: boolean;
}

export interface Symbols {
  /** How many permissions the common classes have in all. */
  commonPermissions: number;
  classes: NameTable;
  classData: readonly (ObjectClass | undefined)[];
  roles: NameTable;
  roleData: readonly (Role | undefined)[];
  types: NameTable;
  /** 1 where the id is an attribute. */
  attributes: Uint8Array;
  aliases: ReadonlyMap<string, number>;
  /** The parent that bounds a type, or 0. */
  bounds: Uint16Array;
  users: NameTable;
  userData: readonly (PolicyUser | undefined)[];
  booleans: NameTable;
  booleanData: readonly (PolicyBoolean | undefined)[];
  levels: number;
  levelNames: NameTable;
  categories: number;
  categoryNames: NameTable;
}

/** The eight tables of names, in the order of the file. */
export function readSymbols(cursor: Cursor, version: number): Symbols {
  const commons = readCommons(cursor);
  const { names: classes, data: classData } = readClasses(cursor, version, commons);
  const { names: roles, data: roleData } = readRoles(cursor);
  const types = readTypes(cursor);
  const users = readUsers(cursor);
  const { names: booleans, data: booleanData } = readBooleans(cursor);
  const { own: levels, names: levelNames } = readLevels(cursor);
  const { own: categories, names: categoryNames } = readCategories(cursor);
  const commonPermissions = [...commons.values()]
    .flat()
    .filter((name) => name !== undefined).length;
  return {
    commonPermissions,
    ...{ classes, classData, roles, roleData, ...types, ...users },
    ...{ booleans, booleanData, levels, levelNames, categories, categoryNames },
  };
}

type Permissions = (string | undefined)[];

function noPermissions(): Permissions {
  return new Array(maxPermissions).fill(undefined);
}

function readPermissions(cursor: Cursor, entries: number, into: Permissions): void {
  for (let index = 0; index < entries; index++) {
    const at = cursor.at;
    const length = cursor.u32("a permission");
    const bit = cursor.id(maxPermissions, "number of a permission") - 1;
    if (into[bit] !== undefined) cursor.fail("two permissions have one number", at);
    into[bit] = cursor.name(length, "name of a permission");
  }
}

function readCommons(cursor: Cursor): Map<string, Permissions> {
  const { count, entries } = table(cursor, 16, "common classes");
  const commons = new Map<string, Permissions>();
  for (let index = 0; index < entries; index++) {
    const length = cursor.u32("a common class");
    cursor.id(count, "common class");
    cursor.u32("a common class");
    const permissions = cursor.count(8, "permissions");
    const name = cursor.name(length, "name of a common class");
    const into = noPermissions();
    readPermissions(cursor, permissions, into);
    commons.set(name, into);
  }
  return commons;
}

function readClasses(cursor: Cursor, version: number, commons: Map<string, Permissions>) {
  const { count, entries } = table(cursor, 28, "classes");
  const names = new NameTable(count);
  const data: (ObjectClass | undefined)[] = new Array(count + 1);
  for (let index = 0; index < entries; index++) {
    const at = cursor.at;
    const length = cursor.u32("a class");
    const commonLength = cursor.u32("a class");
    const id = cursor.id(count, "class");
    cursor.u32("a class");
    const own = cursor.count(8, "permissions");
    const constraints = cursor.count(8, "constraints");
    const name = cursor.name(length, "name of a class");
    const common = cursor.text(commonLength, "name of a common class");
    const inherited = common === "" ? noPermissions() : commons.get(common);
    if (!inherited) return cursor.fail(`the common class ${common} is not there`, at);
    const permissions: Permissions = inherited.slice();
    readPermissions(cursor, own, permissions);
    if (!names.add(id, name)) cursor.fail(`the class ${name} is there twice`, at);
    data[id] = {
      ...{ id, name, permissions, own },
      constraints: readConstraints(cursor, constraints, version),
      validateTransitions: readConstraints(cursor, cursor.count(8, "constraints"), version),
    };
    if (version >= versions.objectDefaults) cursor.skip(12, "the defaults of a class");
    if (version >= versions.defaultType) cursor.skip(4, "the default type of a class");
  }
  return { names, data };
}

function readRoles(cursor: Cursor) {
  const { count, entries } = table(cursor, 36, "roles");
  const names = new NameTable(count);
  const data: (Role | undefined)[] = new Array(count + 1);
  for (let index = 0; index < entries; index++) {
    const at = cursor.at;
    const length = cursor.u32("a role");
    const id = cursor.id(count, "role");
    cursor.u32("a role");
    const name = cursor.name(length, "name of a role");
    cursor.ebitmap("the roles that a role dominates");
    const types = cursor.ebitmap("the types of a role");
    if (!names.add(id, name)) cursor.fail(`the role ${name} is there twice`, at);
    data[id] = { id, name, types };
  }
  // The kernel drops this one role while it reads, so that its own copy does not name it.
  if (count > 0 && !names.has(1)) names.add(1, "object_r");
  return { names, data };
}

function readTypes(cursor: Cursor) {
  const { count, entries } = table(cursor, 16, "types");
  const types = new NameTable(count);
  const attributes = new Uint8Array(count + 1);
  const bounds = new Uint16Array(count + 1);
  const aliases = new Map<string, number>();
  for (let index = 0; index < entries; index++) {
    const at = cursor.at;
    const length = cursor.u32("a type");
    const id = cursor.id(count, "type");
    const properties = cursor.u32("a type");
    const bound = cursor.u32("a type");
    const name = cursor.name(length, "name of a type");
    if (bound > count) cursor.fail(`the type ${name} is bounded by one that is not there`, at);
    const alias = (properties & (typeIsAttribute | typeIsPrimary)) === 0;
    if (!types.add(id, name, alias)) cursor.fail(`the type ${name} is there twice`, at);
    if (alias) aliases.set(name, id);
    else bounds[id] = bound;
    if ((properties & typeIsAttribute) !== 0) attributes[id] = 1;
  }
  return { types, attributes, bounds, aliases };
}

function readUsers(cursor: Cursor) {
  const { count, entries } = table(cursor, 48, "users");
  const names = new NameTable(count);
  const data: (PolicyUser | undefined)[] = new Array(count + 1);
  for (let index = 0; index < entries; index++) {
    const at = cursor.at;
    const length = cursor.u32("a user");
    const id = cursor.id(count, "user");
    cursor.u32("a user");
    const name = cursor.name(length, "name of a user");
    const roles = cursor.ebitmap("the roles of a user");
    const range = readRange(cursor);
    if (!names.add(id, name)) cursor.fail(`the user ${name} is there twice`, at);
    data[id] = { id, name, roles, range, level: readLevel(cursor) };
  }
  return { users: names, userData: data };
}

function readBooleans(cursor: Cursor) {
  const { count, entries } = table(cursor, 12, "booleans");
  const names = new NameTable(count);
  const data: (PolicyBoolean | undefined)[] = new Array(count + 1);
  for (let index = 0; index < entries; index++) {
    const at = cursor.at;
    const id = cursor.id(count, "boolean");
    const state = cursor.u32("a boolean");
    if (state > 1) cursor.fail("a boolean is neither on nor off", at);
    const name = cursor.name(cursor.u32("a boolean"), "name of a boolean");
    if (!names.add(id, name)) cursor.fail(`the boolean ${name} is there twice`, at);
    data[id] = { id, name, state: state === 1 };
  }
  return { names, data };
}
