/** Which tenants a person sees, in which order, a page at a time. */
import { DsecosError } from "../bus/errors.ts";
import {
  classifications,
  type Tenant,
  type TenantFilter,
  type tenantSortKeys,
  tenantStates,
} from "./contract.ts";
import type { Entry } from "./view.ts";

type SortKey = (typeof tenantSortKeys)[number];
type SortValue = string | number;

const sortValue: Record<SortKey, (entry: Entry) => SortValue> = {
  name: (entry) => entry.name,
  domain: (entry) => entry.record.domain,
  // By rank, so that “secret” stands above “official”.
  classification: (entry) => classifications.indexOf(entry.record.classification),
  jurisdiction: (entry) => entry.record.jurisdiction,
  state: (entry) => tenantStates.indexOf(entry.state.state),
  cpu: (entry) => entry.limit.cpu,
  ram: (entry) => entry.limit.ramKib,
  storage: (entry) => entry.limit.storageKib,
  instances: (entry) => entry.instances,
  createdAt: (entry) => entry.record.createdAt,
};

function compare(a: SortValue, b: SortValue): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Position behind a row: its sort value and name, so that rows may come and go meanwhile. */
export function encodeCursor(value: SortValue, name: string): string {
  return Buffer.from(JSON.stringify([value, name])).toString("base64url");
}

/** @throws InvalidArgument */
export function decodeCursor(cursor: string): [SortValue, string] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (Array.isArray(value) && value.length === 2) {
      const [key, name] = value as unknown[];
      const known = typeof key === "string" || typeof key === "number";
      if (known && typeof name === "string") return [key, name];
    }
  } catch (error) {
    throw badCursor(error);
  }
  throw badCursor();
}

function badCursor(cause?: unknown): DsecosError {
  const message = "That is no position in this list; begin again without a cursor.";
  return new DsecosError("InvalidArgument", message, { cause });
}

/** A filter as a test, with all that can be prepared done once. */
export function matcher(filter: TenantFilter, troubled: (entry: Entry) => boolean) {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  const states = new Set<string>(filter.state);
  const classes = new Set<string>(filter.classification);
  const jurisdictions = new Set<string>(filter.jurisdiction);
  return (entry: Entry): boolean => {
    if (states.size > 0 && !states.has(entry.state.state)) return false;
    if (classes.size > 0 && !classes.has(entry.record.classification)) return false;
    if (jurisdictions.size > 0 && !jurisdictions.has(entry.record.jurisdiction)) return false;
    if (words.length > 0) {
      const { displayName, domain, contacts } = entry.record;
      const hay = [entry.name, displayName, domain, ...contacts].join("\n").toLowerCase();
      if (!words.every((word) => hay.includes(word))) return false;
    }
    return !filter.troubled || troubled(entry);
  };
}

/** Keeps the last order that was asked for, since pages of one list follow each other. */
export class TenantList {
  #key = "";
  #order: Entry[] = [];

  page(
    entries: Iterable<Entry>,
    revision: number,
    filter: TenantFilter,
    troubled: (entry: Entry) => boolean,
    rowOf: (entry: Entry) => Tenant,
  ): { rows: Tenant[]; total: number; next: string } {
    const { cursor, limit, ...rest } = filter;
    const value = sortValue[filter.sort];
    const sign = filter.descending ? -1 : 1;
    const order = (a: SortValue, an: string, b: SortValue, bn: string) =>
      sign * compare(a, b) || compare(an, bn);
    const key = JSON.stringify([revision, rest]);
    if (key !== this.#key) {
      const matches = matcher(filter, troubled);
      this.#order = [...entries]
        .filter(matches)
        .sort((a, b) => order(value(a), a.name, value(b), b.name));
      this.#key = key;
    }
    let start = 0;
    if (cursor !== "") {
      const [at, name] = decodeCursor(cursor);
      start = firstAfter(this.#order, (entry) => order(value(entry), entry.name, at, name) > 0);
    }
    const part = this.#order.slice(start, start + limit);
    const last = part.at(-1);
    const more = start + part.length < this.#order.length;
    const next = more && last !== undefined ? encodeCursor(value(last), last.name) : "";
    return { rows: part.map(rowOf), total: this.#order.length, next };
  }
}

/** Binary search: index of the first entry for which `isAfter` holds. */
function firstAfter(entries: readonly Entry[], isAfter: (entry: Entry) => boolean): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isAfter(entries[middle] as Entry)) high = middle;
    else low = middle + 1;
  }
  return low;
}
