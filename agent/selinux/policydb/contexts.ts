import type { Cursor } from "./cursor.ts";
import { readRange } from "./levels.ts";

const versionInfiniband = 31;
/** The kinds in the order of the file; each kind is a list. */
export const contextKinds = [
  "initial",
  "filesystem",
  "port",
  "interface",
  "node",
  "fsuse",
  "node6",
  "ibpkey",
  "ibendport",
] as const;

/** By the numbers of the file: stored with the files, or those of who made them, or by rules. */
export const fileSystemUses = ["xattr", "transition", "task"] as const;

export type ContextKind = (typeof contextKinds)[number] | "genfs";

/** An object that the policy itself labels, and the type it gives it. */
export interface LabelledObject {
  kind: ContextKind;
  /**
   * What is labelled: a name, a path, a number or a range of them; empty for addresses. A port has
   * its protocol in front, a file system of `fsuse` where its labels come from.
   */
  what: string;
  type: number;
}

interface ContextLimits {
  users: number;
  roles: number;
  types: number;
}

/** How many kinds the header must announce. */
export function contextKindCount(version: number): number {
  return version >= versionInfiniband ? contextKinds.length : contextKinds.length - 2;
}

export function readContexts(
  cursor: Cursor,
  limits: ContextLimits,
  version: number,
): LabelledObject[] {
  const list: LabelledObject[] = [];
  for (const kind of contextKinds.slice(0, contextKindCount(version))) {
    const count = cursor.count(24, `labels of kind ${kind}`);
    for (let index = 0; index < count; index++) {
      const what = readSubject[kind](cursor);
      list.push({ kind, what, type: readContext(cursor, limits) });
      // Messages that come in over an interface, and files of a file system, have their own.
      if (kind === "filesystem" || kind === "interface")
        list.push({ kind, what, type: readContext(cursor, limits) });
    }
  }
  return list;
}

const readSubject: Record<(typeof contextKinds)[number], (cursor: Cursor) => string> = {
  initial: (cursor) => String(cursor.u32("an initial label")),
  filesystem: (cursor) => cursor.name(cursor.u32("a label"), "file system"),
  port: (cursor) => {
    const protocol = cursor.u32("a port");
    return `${protocol} ${range(cursor.u32("a port"), cursor.u32("a port"))}`;
  },
  interface: (cursor) => cursor.name(cursor.u32("a label"), "network interface"),
  node: (cursor) => skipped(cursor, 8),
  fsuse: (cursor) => {
    const number = cursor.u32("a label");
    const how = fileSystemUses[number - 1] ?? `#${number}`;
    return `${how} ${cursor.name(cursor.u32("a label"), "file system")}`;
  },
  node6: (cursor) => skipped(cursor, 32),
  ibpkey: (cursor) => {
    cursor.skip(8, "a partition key");
    return range(cursor.u32("a partition key"), cursor.u32("a partition key"));
  },
  ibendport: (cursor) => {
    const length = cursor.u32("an InfiniBand port");
    const port = cursor.u32("an InfiniBand port");
    return `${cursor.name(length, "InfiniBand device")} ${port}`;
  },
};

function range(low: number, high: number): string {
  return low === high ? `${low}` : `${low}-${high}`;
}

function skipped(cursor: Cursor, length: number): string {
  cursor.skip(length, "an address");
  return "";
}

/** Labels of file systems that keep none themselves, by path. */
export function readGenfs(cursor: Cursor, limits: ContextLimits): LabelledObject[] {
  const list: LabelledObject[] = [];
  const systems = cursor.count(8, "file systems");
  for (let system = 0; system < systems; system++) {
    const name = cursor.name(cursor.u32("a file system"), "file system");
    const paths = cursor.count(32, "paths of a file system");
    for (let index = 0; index < paths; index++) {
      const path = cursor.text(cursor.u32("a path"), "path");
      cursor.u32("a path");
      list.push({ kind: "genfs", what: `${name} ${path}`, type: readContext(cursor, limits) });
    }
  }
  return list;
}

/** @returns the id of its type */
function readContext(cursor: Cursor, limits: ContextLimits): number {
  cursor.id(limits.users, "user");
  cursor.id(limits.roles, "role");
  const type = cursor.id(limits.types, "type");
  readRange(cursor);
  return type;
}
