import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { marksPath } from "../../agent/audit/segments/files.ts";
import { markBytes, readMarks } from "../../agent/audit/segments/marks.ts";
import { SegmentWriter } from "../../agent/audit/segments/writer.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-marks-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

const events = (count: number) =>
  Array.from({ length: count }, () => Buffer.from('{"time":"2026-01-01T00:00:00.000Z"}'));

function open(): SegmentWriter {
  const writer = new SegmentWriter(directory);
  expect(writer.open()).toBeUndefined();
  return writer;
}

test("marks stand once each when they are looked after between a write and its sync", () => {
  const first = open();
  first.append(events(10));
  first.close();
  rmSync(marksPath(directory, 0), { force: true });
  const writer = open();
  for (const count of [600, 600, 600]) {
    writer.append(events(count));
    writer.completeRoots();
    writer.sync();
  }
  writer.close();
  expect(readFileSync(marksPath(directory, 0)).length).toBe(markBytes * 7);
  const again = open();
  expect(again.size).toBe(1810);
  again.close();
});

test("marks that go back are not taken for the end of the log", () => {
  const writer = open();
  writer.append(events(2000));
  writer.close();
  const marks = readFileSync(marksPath(directory, 0));
  appendFileSync(marksPath(directory, 0), marks.subarray(markBytes * 3));
  expect(readMarks(directory, 0)).toHaveLength(7);
  const again = open();
  expect(again.size).toBe(2000);
  again.close();
});
