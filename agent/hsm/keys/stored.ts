/**
 * A key's record as it lies in its token: hardware lets a data object have a few KiB, so that what
 * changes is one object (`key/<name>`, under 4 KiB) and each version another (`key/<name>/<n>`, up
 * to 6 KiB where it has a post-quantum public key), written before the first names it.
 *
 * A version that is being made is written first, marked with the id that its object will have. One
 * that stays marked is what a crash left: nothing was ever done with it, and it is taken back.
 */
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";
import type { Revised } from "../parts.ts";
import {
  type KeyRecord,
  type KeyVersion,
  keyRecordSchema,
  keyVersionSchema,
  objectIdSchema,
} from "./record.ts";

const prefix = "key/";
/** Newest transitions that the token keeps; the audit log has all. */
export const mostHistory = 16;

const headSchema = v.object({
  ...v.omit(keyRecordSchema, ["versions"]).entries,
  /** Its newest version; all from 1 on are objects of their own. */
  newest: v.pipe(v.number(), v.integer(), v.minValue(1)),
});
export type Head = v.InferOutput<typeof headSchema>;

const storedVersionSchema = v.object({ ...keyVersionSchema.entries, revision: v.number() });

const markSchema = v.object({
  revision: v.number(),
  making: v.object({
    /** The object that will be made; absent where all of the version is sealed. */
    id: v.optional(objectIdSchema),
    node: v.string(),
    /** Random: tells whose mark it is where two nodes write at once. */
    claim: v.string(),
    at: timeSchema,
  }),
});
export type Mark = v.InferOutput<typeof markSchema>;

export const headLabel = (name: string) => `${prefix}${name}`;
export const versionLabel = (name: string, version: number) => `${prefix}${name}/${version}`;

/** @returns the key's name, and the version's number where the label is that of one. */
export function parseLabel(label: string): { name: string; version?: number } | undefined {
  const [, name, version] = /^key\/([a-z0-9-]+)(?:\/([1-9][0-9]{0,5}))?$/.exec(label) ?? [];
  if (name === undefined) return undefined;
  return version === undefined ? { name } : { name, version: Number(version) };
}

export function headOf({ versions, ...rest }: KeyRecord): Head {
  const history = rest.history.slice(-mostHistory);
  return { ...rest, history, newest: versions.at(-1)?.version ?? 1 };
}

export function markOf(value: Revised | undefined): Mark | undefined {
  const result = v.safeParse(markSchema, value);
  return result.success ? result.output : undefined;
}

export function storedVersion(value: Revised | undefined): (KeyVersion & Revised) | undefined {
  const result = v.safeParse(storedVersionSchema, value);
  return result.success ? result.output : undefined;
}

export interface Assembled {
  readonly record: KeyRecord;
  /** What of it cannot be read; empty else. */
  readonly damage: string;
}

type Contents = ReadonlyMap<string, Revised>;

interface Remembered {
  parts: readonly (Revised | undefined)[];
  assembled: Assembled | undefined;
}

/** Parsing is most of the work of a use, and what was parsed stays true while its objects do. */
const remembered = new WeakMap<Revised, Remembered>();

/** @returns the key, or undefined where the token has no readable record of that name. */
export function assemble(contents: Contents, name: string): Assembled | undefined {
  const head = contents.get(headLabel(name));
  if (head === undefined) return undefined;
  const { newest } = head as Partial<Head>;
  const count = typeof newest === "number" && newest > 0 && newest < 1_000_000 ? newest : 0;
  const parts = Array.from({ length: count }, (_, i) => contents.get(versionLabel(name, i + 1)));
  const before = remembered.get(head);
  if (before !== undefined && sameItems(before.parts, parts)) return before.assembled;
  const assembled = parse(head, parts);
  remembered.set(head, { parts, assembled });
  return assembled;
}

function parse(head: Revised, parts: readonly (Revised | undefined)[]): Assembled | undefined {
  const result = v.safeParse(headSchema, head);
  if (!result.success) return undefined;
  const { newest, ...rest } = result.output;
  const versions: KeyVersion[] = [];
  const missing: number[] = [];
  for (const [i, part] of parts.entries()) {
    const stored = storedVersion(part);
    if (stored === undefined) missing.push(i + 1);
    else {
      const { revision: _revision, ...version } = stored;
      versions.push(version);
    }
  }
  const damage =
    missing.length === 0
      ? ""
      : `What the token keeps of version ${missing.join(", ")} of ${newest} is gone; restore the token from its backup.`;
  return { record: { ...rest, versions }, damage };
}

/** Names of all keys that the token has a record of. */
export function namesIn(contents: Contents): string[] {
  const names: string[] = [];
  for (const label of contents.keys()) {
    const parsed = parseLabel(label);
    if (parsed !== undefined && parsed.version === undefined) names.push(parsed.name);
  }
  return names;
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
