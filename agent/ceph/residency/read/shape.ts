/**
 * Reading of JSON that somebody else printed. What the proof rests on is checked member by member, by
 * hand, since a cluster has a hundred thousand of them and the proof has a second.
 */

/** What was read is not what this version knows; says where and what. */
export class NotUnderstood extends Error {}

export type Members = Record<string, unknown>;

/** What was given is no JSON at all. */
export class NotJson extends Error {
  /** Of what is proved from, for example osdmap. */
  readonly input: string;

  constructor(input: string, cause: unknown) {
    super(`${input} is no JSON`, { cause });
    this.input = input;
  }
}

/** @throws NotJson */
export function jsonOf(text: Uint8Array, input: string): unknown {
  const decoded = new TextDecoder().decode(text);
  try {
    return JSON.parse(decoded);
  } catch (error) {
    throw new NotJson(input, error);
  }
}

export function members(value: unknown, where: string): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new NotUnderstood(`${where} is no object`);
  }
  return value as Members;
}

/** A member that nobody knew when this was written may say where data is. */
export function onlyKnown(value: Members, known: ReadonlySet<string>, where: string): void {
  for (const name of Object.keys(value)) {
    if (!known.has(name))
      throw new NotUnderstood(`${where} has a member “${name}” of a later Ceph`);
  }
}

export function list(value: unknown, where: string): unknown[] {
  if (!Array.isArray(value)) throw new NotUnderstood(`${where} is no list`);
  return value;
}

export function whole(value: unknown, where: string): number {
  if (!Number.isSafeInteger(value)) throw new NotUnderstood(`${where} is no whole number`);
  return value as number;
}

export function natural(value: unknown, where: string): number {
  const number = whole(value, where);
  if (number < 0) throw new NotUnderstood(`${where} is below zero`);
  return number;
}

export function text(value: unknown, where: string): string {
  if (typeof value !== "string" || value === "") throw new NotUnderstood(`${where} is no text`);
  return value;
}

/** @throws NotUnderstood where the key is there already */
export function putOnce<K, V>(map: Map<K, V>, key: K, value: V, where: string): void {
  if (map.has(key)) throw new NotUnderstood(`${where} is there twice: ${key}`);
  map.set(key, value);
}
