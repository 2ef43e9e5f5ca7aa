/** Readings of counters as the audit log has them, put together from their parts. */
import * as v from "valibot";
import type { AuditEntry } from "../../audit/entry.ts";
import { type Counted, readingAction, readingSchema } from "../use/receipt.ts";

export interface Reading {
  /** Time of the reading, which names it. */
  readonly reading: string;
  readonly token: string;
  readonly first: boolean;
  readonly restarts: number;
  readonly counted: readonly Counted[];
}

/** @returns whole readings by token, oldest first; one that broke off begins no period. */
export function readingsIn(entries: readonly AuditEntry[]): Map<string, Reading[]> {
  const parts = new Map<string, v.InferOutput<typeof readingSchema>[]>();
  for (const { action, details } of entries) {
    if (action !== readingAction) continue;
    const { success, output } = v.safeParse(readingSchema, details);
    if (!success) continue;
    const name = `${output.token}\n${output.reading}`;
    parts.set(name, [...(parts.get(name) ?? []), output]);
  }
  const readings = new Map<string, Reading[]>();
  for (const own of parts.values()) {
    const [one] = own;
    if (one === undefined || own.length !== one.parts) continue;
    const { reading, token, first, restarts } = one;
    const counted = own.toSorted((a, b) => a.part - b.part).flatMap((part) => part.counted);
    readings.set(token, [
      ...(readings.get(token) ?? []),
      { reading, token, first, restarts, counted },
    ]);
  }
  for (const own of readings.values()) own.sort((a, b) => (a.reading < b.reading ? -1 : 1));
  return readings;
}

/** Growth of one counter of one object between two readings. */
export interface Growth {
  readonly key: string;
  readonly version: number;
  readonly object: string;
  readonly operation: string;
  readonly grown: number;
  /** The counter is lower than it was: what it shows is all that is known. */
  readonly lost: boolean;
}

/** What counters grew by. Names are those of the later reading, which knows keys made meanwhile. */
export function growthBetween(from: readonly Counted[], to: readonly Counted[]): Growth[] {
  const before = new Map(from.map((row) => [row.object, row]));
  const after = new Map(to.map((row) => [row.object, row]));
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((object) => {
    const was = before.get(object);
    const is = after.get(object);
    const { key, version } =
      is !== undefined && is.key !== "" ? is : (was ?? { key: "", version: 0 });
    const operations = new Set([...Object.keys(was?.uses ?? {}), ...Object.keys(is?.uses ?? {})]);
    return [...operations].flatMap((operation) => {
      const [earlier, later] = [was, is].map((row) => row?.uses[operation] ?? 0) as [
        number,
        number,
      ];
      if (earlier === later) return [];
      // What it shows, or that it is not there, is all that is left of what it counted.
      const lost = later < earlier;
      return [{ key, version, object, operation, grown: lost ? later : later - earlier, lost }];
    });
  });
}
