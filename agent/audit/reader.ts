/** Reads the log from its end, in bounded steps, and recomputes its chain from the beginning. */
import { type FileHandle, open } from "node:fs/promises";
import type { AuditEntry } from "./contract.ts";
import { genesis, hashLine, maximumLine } from "./log.ts";

const step = 256 * 1024;
/** One call looks at no more of the log than this; the cursor goes on from there. */
const mostScanned = 64 * 1024 * 1024;

export interface Page {
  rows: AuditEntry[];
  /** Offset to go on from, towards the beginning; 0 when the beginning is reached. */
  next: number;
}

/**
 * Newest first.
 * @param end bytes of the log to consider; what lies behind is ignored.
 */
export async function readBack(
  path: string,
  end: number,
  limit: number,
  wanted: (entry: AuditEntry) => boolean,
  mostBytes = mostScanned,
): Promise<Page> {
  const rows: AuditEntry[] = [];
  const file = await open(path, "r");
  try {
    let position = end;
    let scanned = 0;
    while (position > 0 && rows.length < limit && scanned < mostBytes) {
      const chunk = await linesBefore(file, position);
      for (const { offset, text } of chunk.reverse()) {
        const entry = JSON.parse(text.toString("utf8")) as AuditEntry;
        scanned += position - offset;
        position = offset;
        if (!wanted(entry)) continue;
        rows.push(entry);
        if (rows.length === limit) break;
      }
    }
    return { rows, next: position };
  } finally {
    await file.close();
  }
}

interface Line {
  offset: number;
  text: Buffer;
}

/** @returns whole lines that end at `end`, at least one. */
async function linesBefore(file: FileHandle, end: number): Promise<Line[]> {
  const start = Math.max(0, end - Math.max(step, 2 * maximumLine));
  const bytes = Buffer.alloc(end - start);
  await file.read(bytes, 0, bytes.length, start);
  const lines: Line[] = [];
  // Without a newline before it, the first line may have begun earlier.
  let from = start === 0 ? 0 : bytes.indexOf(10) + 1;
  for (let to = bytes.indexOf(10, from); to >= 0; to = bytes.indexOf(10, from)) {
    lines.push({ offset: start + from, text: bytes.subarray(from, to) });
    from = to + 1;
  }
  if (lines.length === 0) throw new Error(`no line of the audit log ends at ${end}`);
  return lines;
}

export interface Verdict {
  intact: boolean;
  entries: number;
  head: string;
  problem: string;
}

/** Recomputes the chain up to `end`, giving way to other work after every step. */
export async function verifyChain(path: string, end: number): Promise<Verdict> {
  const file = await open(path, "r");
  let entries = 0;
  let head = genesis;
  const verdict = (problem: string) => ({ intact: problem === "", entries, head, problem });
  try {
    const { size } = await file.stat();
    if (size < end) return verdict(`${end - size} bytes of the end are missing`);
    let rest = Buffer.alloc(0);
    for (let position = 0; position < end; ) {
      const bytes = Buffer.alloc(Math.min(step, end - position));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, position);
      if (bytesRead === 0) return verdict(`the log ends early, at byte ${position}`);
      position += bytesRead;
      rest = Buffer.concat([rest, bytes.subarray(0, bytesRead)]);
      let from = 0;
      for (let to = rest.indexOf(10); to >= 0; to = rest.indexOf(10, from)) {
        const problem = checkLine(rest.subarray(from, to), entries + 1, head);
        if (problem !== undefined) return verdict(problem);
        entries += 1;
        head = hashLine(rest.subarray(from, to));
        from = to + 1;
      }
      rest = rest.subarray(from);
      if (rest.length > maximumLine) return verdict(`entry ${entries + 1} is too long`);
    }
    return verdict(rest.length === 0 ? "" : `entry ${entries + 1} is cut off`);
  } finally {
    await file.close();
  }
}

function checkLine(line: Buffer, sequence: number, previous: string): string | undefined {
  let entry: AuditEntry & { previous: string };
  try {
    entry = JSON.parse(line.toString("utf8"));
  } catch {
    return `entry ${sequence} is not JSON`;
  }
  if (entry.sequence !== sequence)
    return `entry ${entry.sequence} stands where ${sequence} belongs`;
  if (entry.previous !== previous) {
    return `entry ${sequence - 1} was changed, or one before entry ${sequence} is missing`;
  }
  return undefined;
}
