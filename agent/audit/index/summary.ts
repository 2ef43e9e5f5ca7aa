/** Counts over what passes a filter: over time, and by what occurs most. */
import type { Summary } from "../answers.ts";
import type { LogReader, Segment } from "../segments/reader.ts";
import type { Counted } from "./counter.ts";
import { countSegment } from "./counts.ts";
import { Entries } from "./entries.ts";
import { type Buckets, bucketsFor } from "./histogram.ts";
import { type Selection, select } from "./select.ts";
import type { LogIndex } from "./store.ts";
import { type Facet, Tally } from "./tally.ts";
import { passes, type Reads, type Wanted } from "./wanted.ts";

const mostMs = 5000;

export function summarize(
  index: LogIndex,
  reader: LogReader,
  wanted: Wanted,
  reads: Reads,
  mostTime = mostMs,
): Summary {
  const deadline = performance.now() + mostTime;
  const entries = new Entries(reader);
  const segments = index.segments().filter((one) => index.mayHave(one, wanted.from, wanted.to));
  const buckets = rangeOf(index, segments, wanted);
  const tally = new Tally(buckets);
  let complete = true;
  for (const segment of segments) {
    if (performance.now() > deadline) {
      complete = false;
      break;
    }
    const counted = index.use(segment, (one) => {
      let selection = select(one, wanted, reads);
      if (!selection.exact) {
        const checked = check(selection, segment.first, entries, wanted, reads, deadline);
        if (!checked.complete) complete = false;
        selection = checked;
      }
      return countSegment(one, selection, wanted, buckets);
    });
    if (counted !== undefined) tally.add(counted, segment.first);
    if (!complete) break;
  }
  return tally.summary(complete, named(tally.actors(), index, segments, entries));
}

/** Begin and end of the histogram: what was asked for, within what the log has. */
function rangeOf(index: LogIndex, segments: readonly Segment[], wanted: Wanted): Buckets {
  let from = Infinity;
  let to = 0;
  for (const segment of segments) {
    const { base, last } = index.use(segment, ({ header }) => header);
    from = Math.min(from, base);
    to = Math.max(to, last);
  }
  from = Math.max(from, wanted.from);
  to = Math.min(to, wanted.to - 1);
  return from <= to ? bucketsFor(from, to) : { from: 0, step: 1000, count: 1 };
}

/** Reads what the index cannot tell for sure. */
function check(
  { start, end, rows }: Selection,
  first: number,
  entries: Entries,
  wanted: Wanted,
  reads: Reads,
  deadline: number,
): Selection & { complete: boolean } {
  const passed: number[] = [];
  const count = rows?.length ?? end - start;
  let complete = true;
  for (let i = count - 1; i >= 0; i--) {
    if (performance.now() > deadline) {
      complete = false;
      break;
    }
    const row = rows?.[i] ?? start + i;
    const read = entries.at(first + row);
    if (read !== undefined && passes(read.entry, read.payload, wanted, reads)) passed.push(row);
  }
  return { start, end, rows: Uint16Array.from(passed.reverse()), exact: true, complete };
}

/** The index has hashes of actors; an event of each tells its name. */
function named(
  actors: readonly Counted[],
  index: LogIndex,
  segments: readonly Segment[],
  entries: Entries,
): Facet {
  const names = new Map<number, string>();
  for (const segment of segments) {
    const here = actors.filter(({ place }) => place === segment.first).map(({ key }) => key);
    if (here.length === 0) continue;
    const rows = index.use(segment, (one) => one.rowsOf("actor", here));
    for (const [i, key] of here.entries()) {
      const name = nameIn(rows[i] ?? [], segment.first, entries);
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
