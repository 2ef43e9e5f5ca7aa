import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { closeSegment } from "../../agent/audit/segments/close.ts";
import { segmentPath } from "../../agent/audit/segments/files.ts";
import { LogReader } from "../../agent/audit/segments/reader.ts";
import { removeDue } from "../../agent/audit/segments/retention.ts";
import type { Tombstone } from "../../agent/audit/segments/tombstone.ts";
import { SegmentWriter } from "../../agent/audit/segments/writer.ts";
import { checkLog, treeRoot } from "../lib/check-log.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-segments-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const payload = (i: number, more = "") =>
  Buffer.from(JSON.stringify({ i, more, time: "2026-01-31T12:00:00.000Z" }));
const payloads = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => payload(from + i));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const path = (first: number, state: "open" | "closed" | "gone") =>
  segmentPath(directory, first, state);

function opened(now?: () => number): SegmentWriter {
  const writer = new SegmentWriter(directory, now);
  writer.open();
  return writer;
}

function reading<T>(work: (reader: LogReader) => T): T {
  const reader = new LogReader(directory);
  reader.refresh();
  try {
    return work(reader);
  } finally {
    reader.close();
  }
}

/** What the reader gives is what a plain reading of the files gives. */
function expectReadable(from = 0): void {
  const plain = checkLog(directory);
  reading((reader) => {
    expect(reader.size).toBe(plain.leaves.length);
    const read = reader.read(from, reader.size).map(({ payload, index }) => {
      return JSON.stringify({ sequence: index + 1, ...JSON.parse(payload.toString()) });
    });
    expect(
      read.join("\n") ===
        plain.entries
          .slice(from)
          .map((one) => JSON.stringify(one))
          .join("\n"),
    ).toBe(true);
    for (let bundle = 0; bundle * 256 < reader.size; bundle++) {
      const leaves = plain.leaves.slice(bundle * 256, bundle * 256 + 256);
      expect(hex(reader.leafHashes(bundle))).toBe(hex(Buffer.concat(leaves)));
      if (leaves.length === 256) expect(hex(reader.bundleRoot(bundle))).toBe(hex(treeRoot(leaves)));
    }
  });
}

test("events of all sizes and in all groups come back as they went in", () => {
  const writer = opened();
  const sizes = [2, 3, 100, 65_455, 40_000, 65_455];
  writer.appendBatch([...sizes.map((size) => Buffer.from(`"${"x".repeat(size - 2)}"`))]);
  expect(() => writer.append([Buffer.alloc(65_456)])).toThrow("65456 bytes");
  writer.reopen();
  for (const count of [1, 255, 256, 257, 1, 1, 700, 4000]) {
    expect(writer.appendBatch(payloads(writer.size, count))).toBe(writer.size - count);
  }
  const head = writer.head();
  writer.close();
  expectReadable();
  const { leaves, chain } = checkLog(directory);
  expect(head).toEqual({ size: leaves.length, root: treeRoot(leaves), chain });
});

test("a reader follows a log that grows, and one that was cut back", () => {
  const writer = opened();
  const reader = new LogReader(directory);
  expect(reader.refresh()).toBe(0);
  for (const count of [1, 300, 2]) {
    writer.appendBatch(payloads(writer.size, count));
    expect(reader.refresh()).toBe(writer.size);
  }
  const before = statSync(path(0, "open")).size;
  writer.appendBatch(payloads(1000, 1));
  expect(reader.refresh()).toBe(304);
  truncateSync(path(0, "open"), before);
  const again = new SegmentWriter(directory);
  again.open();
  again.appendBatch([payload(2000), payload(2001)]);
  expect(reader.refresh()).toBe(305);
  expect(reader.payloads(303, 9).map(({ payload }) => JSON.parse(payload.toString()).i)).toEqual([
    2000, 2001,
  ]);
  reader.close();
  again.close();
});

test("an unfinished last frame is cut off, wherever it ends, and the log goes on", () => {
  const writer = opened();
  writer.appendBatch(payloads(0, 8));
  const good = statSync(path(0, "open")).size;
  writer.appendBatch([Buffer.from("{}")]);
  writer.close();
  const whole = readFileSync(path(0, "open"));
  const other = `${directory}-torn`;
  for (let size = good; size < whole.length; size++) {
    cpSync(directory, other, { recursive: true });
    const file = segmentPath(other, 0, "open");
    truncateSync(file, size);
    // Every other time the length is right and the rest is not there, as after a power failure.
    if (size % 2 === 1) truncateSync(file, whole.length);
    // A frame may well end in zeroes.
    if (readFileSync(file).equals(whole)) truncateSync(file, size);
    const bytes = statSync(file).size - good;
    const again = new SegmentWriter(other);
    const torn = again.open();
    expect(torn?.bytes ?? 0).toBe(bytes);
    expect(again.appendBatch(payloads(8, 1))).toBe(8);
    again.close();
    expect(checkLog(other).leaves).toHaveLength(9);
    rmSync(other, { recursive: true });
  }
}, 120_000);

test("whole frames behind a bad one are cut off too, and kept aside", () => {
  const writer = opened();
  writer.appendBatch(payloads(0, 10));
  const good = statSync(path(0, "open")).size;
  writer.appendBatch(payloads(10, 1));
  writer.appendBatch(payloads(11, 1));
  writer.close();
  const bytes = readFileSync(path(0, "open"));
  bytes[good + 40] = (bytes[good + 40] ?? 0) ^ 1;
  writeFileSync(path(0, "open"), bytes);
  const again = new SegmentWriter(directory);
  const torn = again.open();
  again.close();
  expect(again.size).toBe(10);
  expect(torn?.saved).toMatch(/^recovered\//);
  expect(readFileSync(join(directory, torn?.saved ?? ""))).toEqual(bytes.subarray(good));
});

test("a header that was not finished is begun again", () => {
  const writer = opened();
  writer.close();
  for (const size of [0, 1, 119]) {
    truncateSync(path(0, "open"), 0);
    truncateSync(path(0, "open"), size);
    const again = opened();
    again.appendBatch(payloads(0, 1));
    again.close();
    expectReadable();
    truncateSync(path(0, "open"), 0);
  }
});

test("marks that are missing, torn or wrong are made again", () => {
  const writer = opened();
  writer.appendBatch(payloads(0, 1500));
  const head = writer.head();
  writer.close();
  const marks = join(directory, "index", "00000000000000000000.marks");
  const good = readFileSync(marks);
  expect(good.length).toBe(5 * 112);
  const wrong = Buffer.from(good);
  wrong[20] = (wrong[20] ?? 0) ^ 1;
  const bad = [Buffer.alloc(0), good.subarray(0, 300), wrong, Buffer.concat([good, good])];
  for (const bytes of [undefined, ...bad]) {
    if (bytes === undefined) rmSync(marks);
    else writeFileSync(marks, bytes);
    const again = opened();
    expect(again.size).toBe(1500);
    expect(again.head()).toEqual(head);
    again.close();
    expect(readFileSync(marks).subarray(0, good.length).equals(good)).toBe(true);
  }
});

test("a full segment is closed, its bundles are read one by one, and the tree stays the same", () => {
  const writer = opened();
  const begun: number[] = [];
  writer.onSegment = (first) => begun.push(first);
  writer.appendBatch(payloads(0, 65_536 + 300));
  expect(begun).toEqual([65_536]);
  const head = writer.head();
  const bytes = statSync(path(0, "open")).size;
  const closed = closeSegment(directory, 0);
  expect(closed).toMatchObject({ path: path(0, "closed"), events: 65_536 });
  expect(closed.bytes).toBe(statSync(path(0, "closed")).size);
  expect(closed.bytes).toBeLessThan(bytes / 4);
  expect(readdirSync(join(directory, "log"))).toHaveLength(2);
  expect(readdirSync(join(directory, "index"))).toEqual(["00000000000000065536.marks"]);
  writer.close();
  expectReadable(65_000);
  reading((reader) => {
    expect(reader.read(12_345, 1)[0]?.payload).toEqual(payload(12_345));
    expect(reader.segments().map(({ state, count }) => [state, count])).toEqual([
      ["closed", 65_536],
      ["open", 300],
    ]);
  });
  const tile = readFileSync(join(directory, "tile/1/000"));
  expect(tile).toHaveLength(8192);
  reading((reader) => expect(tile.subarray(32 * 77, 32 * 78)).toEqual(reader.bundleRoot(77)));
  expect(readdirSync(join(directory, "tile/2/000.p"))).toEqual(["1"]);
  const again = opened();
  expect(again.head()).toEqual(head);
  again.close();
}, 120_000);

test("a closed segment that cannot be right is found by who reads it", () => {
  let now = Date.UTC(2026, 0, 1);
  const writer = opened(() => now);
  writer.appendBatch(payloads(0, 512));
  now += 31 * 86_400_000;
  writer.appendBatch(payloads(512, 1));
  writer.close();
  closeSegment(directory, 0);
  const good = readFileSync(path(0, "closed"));
  const reads = () => reading((reader) => [reader.read(0, 512), reader.bundleRoot(1)]);
  reads();
  for (const offset of [0, 10, 130, good.length - 1, good.length - 12, good.length - 24]) {
    const bad = Buffer.from(good);
    bad[offset] = (bad[offset] ?? 0) ^ 1;
    writeFileSync(path(0, "closed"), bad);
    expect(reads, `byte ${offset}`).toThrow();
  }
  writeFileSync(path(0, "closed"), good.subarray(0, -1));
  expect(reads).toThrow("does not end as a closed segment does");
});

test("a segment that has been open for a month ends at the next bundle", () => {
  let now = Date.UTC(2026, 0, 1);
  const writer = opened(() => now);
  writer.appendBatch(payloads(0, 300));
  now += 31 * 86_400_000;
  writer.appendBatch(payloads(300, 212));
  expect(writer.segment).toBe(0);
  writer.appendBatch(payloads(512, 1));
  expect(writer.segment).toBe(512);
  writer.appendBatch(payloads(513, 255));
  now += 31 * 86_400_000;
  writer.appendBatch(payloads(768, 100));
  expect(writer.segment).toBe(768);
  const head = writer.head();
  closeSegment(directory, 0);
  expect(readdirSync(join(directory, "tile/1/000.p"))).toEqual(["2"]);
  closeSegment(directory, 512);
  expect(readdirSync(join(directory, "tile/1/000.p"))).toEqual(["3"]);
  writer.close();
  expectReadable();
  const again = opened();
  expect(again.head()).toEqual(head);
  again.close();
});

/** Three segments: 0 to 511 and 512 to 767 are closed, the rest is open. */
function threeSegments(): { now: () => number; head: ReturnType<SegmentWriter["head"]> } {
  let now = Date.UTC(2026, 0, 1);
  const writer = opened(() => now);
  for (const [from, count] of [
    [0, 512],
    [512, 256],
    [768, 10],
  ] as const) {
    writer.appendBatch(payloads(from, count));
    now += 31 * 86_400_000;
  }
  const head = writer.head();
  writer.close();
  closeSegment(directory, 0);
  closeSegment(directory, 512);
  return { now: () => now, head };
}

test("old segments are removed behind a tombstone, and the tree and the chain stay", () => {
  const { now, head } = threeSegments();
  const recorded: Tombstone[] = [];
  const record = (tombstone: Tombstone) => {
    expect(existsSync(path(tombstone.first, "gone"))).toBe(false);
    recorded.push(tombstone);
  };
  expect(removeDue(directory, 100, record, now())).toEqual([]);
  const [removed] = removeDue(directory, 70, record, now());
  expect(recorded).toEqual([removed]);
  expect(removed).toMatchObject({ first: 0, count: 512, days: 70 });
  expect(removed?.chainBefore).toBe("0".repeat(128));
  expect(removed?.lastTime).toBe("2026-01-01T00:00:00.000Z");
  expect(JSON.parse(readFileSync(path(0, "gone"), "utf8"))).toEqual(removed);
  reading((reader) => {
    expect(reader.first).toBe(512);
    expect(reader.segments().map(({ state, count }) => [state, count])).toEqual([
      ["gone", 512],
      ["closed", 256],
      ["open", 10],
    ]);
    expect(reader.read(0, 600).map(({ index }) => index)).toEqual(
      Array.from({ length: 88 }, (_, i) => 512 + i),
    );
    expect(reader.bundleRoot(1)).toEqual(
      readFileSync(join(directory, "tile/1/000.p/3")).subarray(32, 64),
    );
  });
  const writer = opened();
  expect(writer.head()).toEqual(head);
  writer.close();
});

test("when the removal cannot be recorded, nothing is removed", () => {
  const { now } = threeSegments();
  const record = () => {
    throw new Error("the disk is full");
  };
  expect(() => removeDue(directory, 1, record, now())).toThrow("full");
  expect(readdirSync(join(directory, "log"))).toHaveLength(3);
});

test("what a crash left of a closing or a removal is put right", () => {
  const { now, head } = threeSegments();
  copyFileSync(path(0, "closed"), join(directory, "kept"));
  const open = path(768, "open");
  // The open form is still there beside the closed one, and a temporary file.
  copyFileSync(open, path(512, "open"));
  appendFileSync(`${path(0, "closed")}.tmp`, "half");
  let writer = opened();
  expect(writer.head()).toEqual(head);
  writer.close();
  expect(readdirSync(join(directory, "log"))).toHaveLength(3);
  // The tombstone is there, and the segment too.
  removeDue(directory, 70, () => {}, now());
  copyFileSync(join(directory, "kept"), path(0, "closed"));
  reading((reader) => expect(reader.first).toBe(512));
  writer = opened();
  expect(writer.head()).toEqual(head);
  writer.close();
  expect(readdirSync(join(directory, "log"))).toHaveLength(3);
});

test("a log whose newest segments are all closed or gone goes on behind them", () => {
  const { now } = threeSegments();
  rmSync(path(768, "open"));
  let writer = opened();
  expect(writer.size).toBe(768);
  writer.appendBatch(payloads(768, 1));
  writer.close();
  expectReadable();
  rmSync(path(768, "open"));
  removeDue(directory, 1, () => {}, now());
  writer = opened();
  expect(writer.appendBatch(payloads(768, 1))).toBe(768);
  writer.close();
  reading((reader) => expect(reader.first).toBe(768));
});
