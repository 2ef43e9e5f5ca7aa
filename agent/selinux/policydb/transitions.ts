import type { Cursor } from "./cursor.ts";
import type { Ebitmap } from "./ebitmap.ts";
import { type RangeIds, readRange } from "./levels.ts";

const versions = { roleClass: 26, filenames: 25, compressedFilenames: 33 };

export interface TransitionLimits {
  types: number;
  classes: number;
  roles: number;
  version: number;
  /** The class of processes, which old versions mean where they name none. */
  processClass: number;
}

export interface RoleTransition {
  role: number;
  type: number;
  classId: number;
  newRole: number;
}

export interface RoleAllow {
  role: number;
  newRole: number;
}

/** A new object of that name gets a type of its own. */
export interface FilenameTransition {
  name: string;
  /** The sources: ids where the rules are packed, else one id. */
  sources: Ebitmap | number;
  target: number;
  classId: number;
  newType: number;
}

export interface RangeTransition {
  source: number;
  target: number;
  classId: number;
  range: RangeIds;
}

export function readRoleTransitions(cursor: Cursor, limits: TransitionLimits): RoleTransition[] {
  const hasClass = limits.version >= versions.roleClass;
  const count = cursor.count(hasClass ? 16 : 12, "role transitions");
  const list: RoleTransition[] = [];
  for (let index = 0; index < count; index++) {
    const role = cursor.id(limits.roles, "role");
    const type = cursor.id(limits.types, "type");
    const newRole = cursor.id(limits.roles, "role");
    const classId = hasClass ? cursor.id(limits.classes, "class") : limits.processClass;
    list.push({ role, type, classId, newRole });
  }
  return list;
}

export function readRoleAllows(cursor: Cursor, limits: TransitionLimits): RoleAllow[] {
  const count = cursor.count(8, "role allow rules");
  const list: RoleAllow[] = [];
  for (let index = 0; index < count; index++) {
    const role = cursor.id(limits.roles, "role");
    list.push({ role, newRole: cursor.id(limits.roles, "role") });
  }
  return list;
}

export function readFilenameTransitions(
  cursor: Cursor,
  limits: TransitionLimits,
): FilenameTransition[] {
  if (limits.version < versions.filenames) return [];
  const list: FilenameTransition[] = [];
  const packed = limits.version >= versions.compressedFilenames;
  const count = cursor.count(20, "transitions by name");
  for (let index = 0; index < count; index++) {
    const name = cursor.name(cursor.u32("a transition by name"), "file name");
    if (packed) readPacked(cursor, name, limits, list);
    else {
      const sources = cursor.id(limits.types, "type");
      const target = cursor.id(limits.types, "type");
      const classId = cursor.id(limits.classes, "class");
      const newType = cursor.id(limits.types, "type");
      list.push({ name, sources, target, classId, newType });
    }
  }
  return list;
}

function readPacked(
  cursor: Cursor,
  name: string,
  limits: TransitionLimits,
  into: FilenameTransition[],
): void {
  const target = cursor.id(limits.types, "type");
  const classId = cursor.id(limits.classes, "class");
  const count = cursor.count(16, "transitions by name");
  if (count === 0) cursor.fail("a transition by name leads nowhere");
  for (let index = 0; index < count; index++) {
    const at = cursor.at;
    const sources = cursor.ebitmap("the sources of a transition by name");
    if (sources.highest >= limits.types)
      cursor.fail("a transition by name is about a type that is not there", at);
    into.push({ name, sources, target, classId, newType: cursor.id(limits.types, "type") });
  }
}

/** Calls back for the id of every source of a transition by name. */
export function eachSource({ sources }: FilenameTransition, visit: (source: number) => void): void {
  if (typeof sources === "number") visit(sources);
  else
    sources.each((bit) => {
      visit(bit + 1);
    });
}

export function sourceCount({ sources }: FilenameTransition): number {
  return typeof sources === "number" ? 1 : sources.bits().length;
}

export function readRangeTransitions(cursor: Cursor, limits: TransitionLimits): RangeTransition[] {
  const count = cursor.count(32, "range transitions");
  const list: RangeTransition[] = [];
  for (let index = 0; index < count; index++) {
    const source = cursor.id(limits.types, "type");
    const target = cursor.id(limits.types, "type");
    const classId = cursor.id(limits.classes, "class");
    list.push({ source, target, classId, range: readRange(cursor) });
  }
  return list;
}
