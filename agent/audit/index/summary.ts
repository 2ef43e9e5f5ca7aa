/** Counts over what passes a filter: over time, and by what occurs most. */
import type { Summary } from "../answers.ts";
import type { LogReader } from "../segments/reader.ts";
import type { Counted } from "./counter.ts";
import { countSegment } from "./counts.ts";
import { Entries } from "./entries.ts";
import { type Buckets, bucketsFor } from "./histogram.ts";
import type { SegmentIndex } from "./segment.ts";
import { type Selection, select } from "./select.ts";
import type { Steps } from "./steps.ts";
import type { LogIndex } from "./store.ts";
import { type Facet, Tally } from "./tally.ts";
import { passes, type Reads, type Wanted } from "./wanted.ts";

const mostMs = 5000;

/** @param mostTime milliseconds after which it ends with what it has, the newest part */
export function* summarize(
  index: LogIndex,
  reader: LogReader,
  wanted: Wanted,
  reads: Reads,
  mostTime = mostMs,
): Steps<Summary> {
  const deadline = performance.now() + mostTime;
  const entries = new Entries(reader);
  const { firsts, buckets, ...range } = yield* rangeOf(index, wanted, deadline);
  const tally = new Tally(buckets);
  let { complete } = range;
  for (const first of firsts) {
    if (performance.now() > deadline) complete = false;
    if (!complete) break;
    yield;
    let selection = use(index, first, (one) => select(one, wanted, reads));
    if (selection === undefined) continue;
    if (!selection.exact) {
      const checked = yield* check(selection, first, entries, wanted, reads, deadline);
      if (!checked.complete) complete = false;
      selection = checked;
    }
    const chosen = selection;
    const counted = use(index, first, (one) => countSegment(one, chosen, wanted, buckets));
    if (counted !== undefined) tally.add(counted, first);
  }
  return tally.summary(complete, yield* named(tally.actors(), index, entries));
}

/** @returns undefined when the segment is gone, which may be after every step. */
function use<T>(index: LogIndex, first: number, work: (one: SegmentIndex) => T): T | undefined {
  const segment = index.current(first);
  return segment === undefined ? undefined : index.use(segment, work);
}

interface Range {
  /** Segments to look at, newest first. */
  firsts: number[];
  buckets: Buckets;
  complete: boolean;
}

/** Begin and end of the histogram: what was asked for, within what the log has. */
function* rangeOf(index: LogIndex, wanted: Wanted, deadline: number): Steps<Range> {
  const firsts: number[] = [];
  let from = Infinity;
  let to = 0;
  let complete = true;
  for (const segment of index.segments()) {
    if (!index.mayHave(segment, wanted.from, wanted.to)) continue;
    // The index of a segment may have to be made first, which takes long.
    if (firsts.length > 0 && performance.now() > deadline) {
      complete = false;
      break;
    }
    const header = use(index, segment.first, (one) => one.header);
    yield;
    if (header === undefined) continue;
    firsts.push(segment.first);
    from = Math.min(from, header.base);
    to = Math.max(to, header.last);
  }
  from = Math.max(from, wanted.from);
  to = Math.min(to, wanted.to - 1);
  const buckets = from <= to ? bucketsFor(from, to) : { from: 0, step: 1000, count: 1 };
  return { firsts, buckets, complete };
}

/** Reads what the index cannot tell for sure. */
function* check(
  { start, end, rows }: Selection,
  first: number,
  entries: Entries,
  wanted: Wanted,
  reads: Reads,
  deadline: number,
): Steps<Selection & { complete: boolean }> {
  const passed: number[] = [];
  const count = rows?.length ?? end - start;
  let complete = true;
  for (let i = count - 1; i >= 0; i--) {
    if (performance.now() > deadline) {
      complete = false;
      break;
    }
    yield;
    const row = rows?.[i] ?? start + i;
    const read = entries.at(first + row);
    if (read !== undefined && passes(read.entry, read.payload, wanted, reads)) passed.push(row);
  }
  return { start, end, rows: Uint16Array.from(passed.reverse()), exact: true, complete };
}

/** The index has hashes of actors; an event of each tells its name. */
function* named(actors: readonly Counted[], index: LogIndex, entries: Entries): Steps<Facet> {
  const names = new Map<number, string>();
  for (const first of new Set(actors.map(({ place }) => place))) {
    const here = actors.filter(({ place }) => place === first).map(({ key }) => key);
    const rows = use(index, first, (one) => one.rowsOf("actor", here)) ?? [];
    for (const [i, key] of here.entries()) {
      yield;
      const name = nameIn(rows[i] ?? [], first, entries);
      if (name !== undefined) names.set(key, name);
    }
  }
  return actors.flatMap(({ key, count }) => {
    const value = names.get(key);
    return value === undefined ? [] : [{ value, count }];
  });
}

/** The last ones first: of those who act often they stand together, and are read together. */
function nameIn(rows: ArrayLike<number>, first: number, entries: Entries): string | undefined {
  for (let i = rows.length - 1; i >= 0; i--) {
    const read = entries.at(first + (rows[i] as number));
    if (read !== undefined) return read.entry.actor;
  }
  return undefined;
}
