/** Pages of entries, newest first, found by the index and read from the log. */
import type { AuditPage } from "../answers.ts";
import type { LogReader } from "../segments/reader.ts";
import { Entries } from "./entries.ts";
import { select } from "./select.ts";
import type { Steps } from "./steps.ts";
import type { LogIndex } from "./store.ts";
import { passes, type Reads, type Wanted } from "./wanted.ts";

/** A page holds no more of the log than this, so that it is handed on within milliseconds. */
const mostPageBytes = 1024 * 1024;
/** A search goes on for no longer than this; the cursor goes on from there. */
const mostMs = 2000;

export interface Turn {
  /** Only events before this index, as the page before gave it. */
  before?: number | undefined;
  /** Only events from this index on. */
  from: number;
  limit: number;
}

/** @param mostTime milliseconds after which a page ends as it is */
export function* list(
  index: LogIndex,
  reader: LogReader,
  wanted: Wanted,
  reads: Reads,
  turn: Turn,
  mostTime = mostMs,
): Steps<AuditPage> {
  const { size } = index;
  const deadline = performance.now() + mostTime;
  const entries = new Entries(reader);
  const page: AuditPage = { rows: [], next: "", size };
  let bytes = 0;
  let looked = false;
  let before = Math.min(turn.before ?? size, size);
  for (const { first } of index.segments()) {
    yield;
    const segment = index.current(first);
    if (segment === undefined || first >= before || first + segment.count <= turn.from) continue;
    if (!index.mayHave(segment, wanted.from, wanted.to)) continue;
    // Every page looks at something, so that whoever follows the cursor comes to an end.
    if (looked && performance.now() > deadline) return { ...page, next: String(before) };
    looked = true;
    const { start, end, rows, exact } = index.use(segment, (one) => select(one, wanted, reads));
    const last = Math.min(end, before - first);
    const count = rows?.length ?? last - start;
    let wrong = false;
    for (let i = count - 1; i >= 0; i--) {
      const at = first + (rows === undefined ? start + i : (rows[i] as number));
      if (at >= before) continue;
      if (at < turn.from) break;
      yield;
      const read = entries.at(at);
      if (read === undefined) {
        page.unreadable = (page.unreadable ?? 0) + 1;
      } else if (passes(read.entry, read.payload, wanted, reads)) {
        const { length } = read.payload;
        const full = page.rows.length > 0 && bytes + length > mostPageBytes;
        if (full) return { ...page, next: String(before) };
        page.rows.push(read.entry);
        bytes += length;
      } else if (exact) wrong = true;
      before = at;
      const enough = page.rows.length >= turn.limit || performance.now() > deadline;
      if (enough) return { ...page, next: nextOf(before, turn, reader) };
    }
    // An index that finds what is not so may also miss what is.
    if (wrong) index.discard(first);
    before = Math.min(before, first);
  }
  return page;
}

function nextOf(before: number, turn: Turn, reader: LogReader): string {
  return before > Math.max(turn.from, reader.first) ? String(before) : "";
}
