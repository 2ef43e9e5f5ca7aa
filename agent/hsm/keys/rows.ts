/** Rows of the list of keys, and which of them a filter lets pass. */
import { pageOfRows, searched } from "../pages.ts";
import type { FoundKey } from "../parts.ts";
import type { KeyFilter, KeyPage, KeyRow } from "./answers.ts";
import type { KeyRecord } from "./record.ts";

const dayMs = 86_400_000;

export function keyRow({ record, token, frozen }: FoundKey): KeyRow {
  const { versions, history: _history, ...facts } = record;
  const newest = versions.at(-1);
  return {
    ...facts,
    token: token.id,
    version: newest?.version ?? 0,
    fingerprint: newest?.fingerprint ?? "",
    frozen,
  };
}

/** A record as people see it: a sealed seed is of no use to them, and stays where it is. */
export function shown(record: KeyRecord): KeyRecord {
  const versions = record.versions.map(({ sealed, ...version }) =>
    sealed === undefined ? version : { ...version, sealed: { ...sealed, blob: "" } },
  );
  return { ...record, versions };
}

/** @param now milliseconds since 1970 */
export function keyPage(
  keys: readonly FoundKey[],
  missing: readonly string[],
  filter: KeyFilter,
  now: number,
): KeyPage {
  const matches = searched(filter.search);
  const states = new Set<string>(filter.state);
  const algorithms = new Set<string>(filter.algorithm);
  const purposes = new Set<string>(filter.purpose);
  const protections = new Set<string>(filter.protection);
  const before = filter.dueDays === 0 ? undefined : now + filter.dueDays * dayMs;
  const isDue = ({ expireAt, rotateAt, destroyAt, state }: KeyRow) => {
    if (before === undefined) return true;
    if (state === "destroyed") return false;
    return [expireAt, rotateAt, destroyAt].some(
      (at) => at !== undefined && Date.parse(at) <= before,
    );
  };
  const rows = keys
    .filter(({ record, frozen }) => {
      if (states.size > 0 && !states.has(record.state)) return false;
      if (algorithms.size > 0 && !algorithms.has(record.algorithm)) return false;
      if (purposes.size > 0 && !purposes.has(record.purpose)) return false;
      if (protections.size > 0 && !protections.has(record.protection)) return false;
      return !filter.troubled || frozen !== "" || record.destroyAt !== undefined;
    })
    .map(keyRow)
    .filter(isDue)
    .filter(({ name, tenant, token, algorithm }) => matches(name, tenant, token, algorithm));
  const { sort } = filter;
  const page = pageOfRows(rows, {
    ...filter,
    id: ({ tenant, name }) => `${name} ${tenant}`,
    // What has no such time stands behind all that has.
    value: (row) => row[sort] ?? "~",
  });
  return { ...page, missing: [...missing] };
}
