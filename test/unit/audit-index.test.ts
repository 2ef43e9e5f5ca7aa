import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AuditEntry } from "../../agent/audit/entry.ts";
import type { AuditConditions } from "../../agent/audit/filter.ts";
import { SegmentBuilder } from "../../agent/audit/index/builder.ts";
import { fieldsOf } from "../../agent/audit/index/fields.ts";
import { writeIndex } from "../../agent/audit/index/file.ts";
import { list } from "../../agent/audit/index/list.ts";
import { inTurns, type Steps } from "../../agent/audit/index/steps.ts";
import { LogIndex } from "../../agent/audit/index/store.ts";
import { summarize } from "../../agent/audit/index/summary.ts";
import { type Scope, wantedOf } from "../../agent/audit/index/wanted.ts";
import { LogReader } from "../../agent/audit/segments/reader.ts";
import { allSteps } from "../lib/all-steps.ts";
import { write } from "../lib/audit-builder.ts";
import { matches, randomFilter, randomLog, reads, roller } from "../lib/random-log.ts";
import { removeTree } from "../lib/remove-tree.js";
import { WriterLog } from "../lib/writer-log.ts";

let directory: string;
let told: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-index-"));
  told = [];
});
afterEach(() => removeTree(directory));

class Asked {
  readonly reader = new LogReader(directory);
  readonly index = new LogIndex(directory, this.reader, (event) => told.push(event));

  /** All pages; every cursor is followed. */
  all(filter: AuditConditions, scope: Scope = {}, limit = 1000, mostTime = 60_000): AuditEntry[] {
    const rows: AuditEntry[] = [];
    for (let next = "start"; next !== ""; ) {
      const page = this.page(filter, next === "start" ? undefined : Number(next), limit, {
        scope,
        mostTime,
      });
      expect(page.rows.length).toBeLessThanOrEqual(limit);
      expect(page.next).not.toBe(next);
      rows.push(...page.rows);
      next = page.next;
    }
    return rows;
  }

  page(
    filter: AuditConditions,
    before: number | undefined,
    limit: number,
    more: { scope?: Scope; mostTime?: number; from?: number } = {},
  ) {
    this.index.refresh();
    const { scope = {}, mostTime = 60_000, from = 0 } = more;
    const turn = { before, from, limit };
    return allSteps(list(this.index, this.reader, wantedOf(filter, scope), reads, turn, mostTime));
  }

  summary(filter: AuditConditions) {
    this.index.refresh();
    return allSteps(summarize(this.index, this.reader, wantedOf(filter), reads, 60_000));
  }

  close(): void {
    this.index.close();
    this.reader.close();
  }
}

const parsed = new WeakMap<readonly string[], AuditEntry[]>();

function expected(payloads: readonly string[], filter: AuditConditions): AuditEntry[] {
  let entries = parsed.get(payloads);
  if (entries === undefined) {
    entries = payloads.map((text, i) => ({ ...JSON.parse(text), sequence: i + 1 }) as AuditEntry);
    parsed.set(payloads, entries);
  }
  return entries.filter((entry, i) => matches(entry, payloads[i] ?? "", filter)).reverse();
}

const indexFiles = () =>
  readdirSync(join(directory, "index")).map((name) => join(directory, "index", name));

describe("the index finds what looking at every event finds", () => {
  test.each([1, 2, 3, 4])("in the random log %i", (seed) => {
    const roll = roller(seed * 1000);
    const log = randomLog(seed, 1 + roll(9), roll(2) === 0 ? 0 : 1 + roll(600), seed % 2 === 0);
    write(directory, log.files);
    const asked = new Asked();
    for (let i = 0; i < 80; i++) {
      const filter = randomFilter(roll, log.payloads.length);
      const rows = expected(log.payloads, filter);
      const what = JSON.stringify(filter);
      expect(asked.all(filter, {}, 1 + roll(300)), what).toEqual(rows);
      const { total, complete, facets, histogram } = asked.summary(filter);
      expect({ total, complete }, what).toEqual({ total: rows.length, complete: true });
      const counted = histogram.buckets.map((b) => b.success + b.failure + b.refused + b.other);
      expect(counted.reduce((sum, n) => sum + n, 0)).toBe(rows.length);
      for (const [facet, member] of [
        ["tenants", "tenant"],
        ["actors", "actor"],
        ["actions", "action"],
        ["sources", "source"],
        ["outcomes", "outcome"],
      ] as const) {
        const counts = new Map<string, number>();
        for (const row of rows) {
          const value = row[member];
          if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
        }
        const given = facets[facet].map(({ value, count }) => [value, count]);
        expect(new Map(given as [string, number][]), `${what} ${facet}`).toEqual(counts);
      }
    }
    expect(told).toEqual([]);
    asked.close();
  });
});

test("buckets of the histogram hold what their time says", () => {
  const log = randomLog(20, 6, 100, true);
  write(directory, log.files);
  const asked = new Asked();
  const { histogram } = asked.summary({ tenant: "health" });
  expect(histogram.buckets.length).toBeGreaterThan(10);
  for (const [i, bucket] of histogram.buckets.entries()) {
    const to = histogram.buckets[i + 1]?.at ?? histogram.to;
    const rows = expected(log.payloads, { tenant: "health", from: bucket.at, to });
    expect(bucket.failure).toBe(rows.filter(({ outcome }) => outcome === "failure").length);
    expect(bucket.refused).toBe(rows.filter(({ outcome }) => outcome === "refused").length);
  }
  asked.close();
});

describe("a file of the index", () => {
  const filter = { actor: "alice", tenant: "health" };

  test("is taken up by the next who asks", () => {
    const log = randomLog(30, 8, 0, false);
    write(directory, log.files);
    const first = new Asked();
    first.all({});
    first.close();
    const before = indexFiles().map((file) => readFileSync(file).toString("hex"));
    expect(before.length).toBeGreaterThan(1);
    const second = new Asked();
    expect(second.all(filter)).toEqual(expected(log.payloads, filter));
    expect(indexFiles().map((file) => readFileSync(file).toString("hex"))).toEqual(before);
    second.close();
  });

  const damages: [string, (file: string) => void][] = [
    ["is empty", (file) => writeFileSync(file, "")],
    ["is cut off", (file) => truncateSync(file, readFileSync(file).length - 9)],
    ["is something else", (file) => writeFileSync(file, Buffer.alloc(5000, 7))],
    ...[0, 9, 13, 20, 200].map((at): [string, (file: string) => void] => [
      `has another byte ${at}`,
      (file) => flip(file, at),
    ]),
    ["has another byte in every part", (file) => flipEvery(file, 97)],
  ];
  test.each(damages)("that %s is made anew", (_what, damage) => {
    const log = randomLog(31, 8, 40, false);
    write(directory, log.files);
    const first = new Asked();
    first.all({});
    first.close();
    const whole = indexFiles().map((file) => readFileSync(file).toString("hex"));
    for (const file of indexFiles()) damage(file);
    const second = new Asked();
    expect(second.all(filter)).toEqual(expected(log.payloads, filter));
    expect(second.summary(filter).total).toBe(expected(log.payloads, filter).length);
    expect(told.length).toBeGreaterThan(0);
    second.close();
    expect(indexFiles().map((file) => readFileSync(file).toString("hex"))).toEqual(whole);
  });

  test("of an earlier version is made anew without a word of damage", () => {
    const log = randomLog(34, 8, 40, false);
    write(directory, log.files);
    const first = new Asked();
    first.all({});
    first.close();
    const whole = indexFiles().map((file) => readFileSync(file).toString("hex"));
    for (const file of indexFiles()) {
      const bytes = readFileSync(file);
      // The file begins with the lowest byte of a number that ends in the version's figure.
      bytes[0] = "1".charCodeAt(0);
      writeFileSync(file, bytes);
    }
    const second = new Asked();
    expect(second.all(filter)).toEqual(expected(log.payloads, filter));
    second.close();
    expect(indexFiles().map((file) => readFileSync(file).toString("hex"))).toEqual(whole);
    expect(told).toEqual([]);
  });

  test("is found damaged by a summary, which counts nothing twice", () => {
    const log = randomLog(35, 8, 40, false);
    write(directory, log.files);
    const first = new Asked();
    first.all({});
    const whole = first.summary({});
    first.close();
    for (const file of indexFiles()) flipEvery(file, 97);
    const second = new Asked();
    expect(second.summary({})).toEqual(whole);
    expect(told.length).toBeGreaterThan(0);
    second.close();
  });

  test("that lies shows nothing that is not so, and is made anew", () => {
    const log = randomLog(32, 4, 0, false);
    write(directory, log.files);
    const before = new Asked();
    before.index.refresh();
    for (const { first, count, file } of before.index.segments()) {
      const builder = new SegmentBuilder(first);
      for (const payload of log.payloads.slice(first, first + count)) {
        const swapped = { alice: "bob", bob: "alice" };
        const { actor, ...fields } = fieldsOf(Buffer.from(payload));
        builder.add({ ...fields, actor: swapped[actor as "alice"] ?? actor });
      }
      mkdirSync(join(directory, "index"), { recursive: true });
      writeIndex(directory, builder.freeze(statSync(file).size));
    }
    before.close();
    const asked = new Asked();
    expect(asked.all({ actor: "alice" })).toEqual([]);
    expect(asked.all({ actor: "alice" })).toEqual(expected(log.payloads, { actor: "alice" }));
    asked.close();
  });

  test("goes with its segment", () => {
    write(directory, randomLog(33, 8, 0, false).files);
    const first = new Asked();
    first.all({});
    first.close();
    const [oldest = ""] = indexFiles().sort();
    const gone = "00000000000000999424.idx";
    writeFileSync(join(directory, "index", gone), "x");
    const second = new Asked();
    second.index.refresh();
    while (second.index.catchUp());
    expect(indexFiles()).toContain(oldest);
    expect(readdirSync(join(directory, "index"))).not.toContain(gone);
    second.close();
  });
});

test("pages go on where they were while events come, and a follower sees each new one once", async () => {
  const log = new WriterLog(directory);
  for (let i = 0; i < 300; i++) await log.note(`test.Before${i}`);
  const asked = new Asked();
  const first = asked.page({}, undefined, 100);
  for (let i = 0; i < 700; i++) await log.note(`test.After${i}`);
  const second = asked.page({}, Number(first.next), 1000);
  const old = [...first.rows, ...second.rows].map(({ sequence }) => sequence);
  expect(old).toEqual(Array.from({ length: 300 }, (_, i) => 300 - i));
  expect(second.next).toBe("");
  const news = asked.page({}, undefined, 1000, { from: first.size });
  expect(news.rows.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 700 }, (_, i) => 1000 - i),
  );
  expect(news).toMatchObject({ next: "", size: 1000 });
  expect(asked.page({}, undefined, 10, { from: 1000 }).rows).toEqual([]);
  asked.close();
  log.close();
});

test("a search that takes long gives what it has, and the cursor to go on", () => {
  const log = randomLog(40, 8, 100, false);
  write(directory, log.files);
  const asked = new Asked();
  asked.all({});
  const filter = { text: "word 3" };
  const page = asked.page(filter, undefined, 1000, { mostTime: 0 });
  expect(page.rows.length).toBeLessThan(expected(log.payloads, filter).length);
  expect(page.next).not.toBe("");
  expect(asked.all(filter, {}, 1000, 0)).toEqual(expected(log.payloads, filter));
  asked.close();
});

test("work in steps ends although what it waits for is done by others", async () => {
  let done = false;
  setImmediate(() => {
    done = true;
  });
  const steps = (function* (): Steps<string> {
    while (!done) yield;
    return "done";
  })();
  expect(await inTurns(steps)).toBe("done");
});

test("segments may go while a search goes on", () => {
  const log = randomLog(43, 12, 100, false);
  write(directory, log.files);
  const asked = new Asked();
  asked.all({});
  const { index, reader } = asked;
  const before = index.segments();
  const left = before.at(-2)?.first ?? 0;
  const [file = ""] = [...log.files.keys()].filter((path) => path.endsWith(".segz")).sort();
  for (const filter of [{}, { text: "word" }]) {
    write(directory, log.files);
    index.refresh();
    const page = list(index, reader, wantedOf(filter), reads, {
      before: undefined,
      from: 0,
      limit: 9000,
    });
    const sums = summarize(index, reader, wantedOf(filter), reads);
    for (let i = 0; i < before.length + 1; i++) {
      expect([page.next().done, sums.next().done]).toEqual([false, false]);
    }
    removeTree(join(directory, file));
    index.refresh();
    const kept = expected(log.payloads, filter).filter(({ sequence }) => sequence > left);
    expect(allSteps(sums)).toMatchObject({ total: kept.length, complete: true });
    expect(allSteps(page).rows).toEqual(kept);
  }
  asked.close();
});

test("one's own acts are those of one's name and user id", () => {
  const log = randomLog(41, 3, 50, false);
  write(directory, log.files);
  const asked = new Asked();
  const rows = asked.all({}, { own: { user: "bob", uid: 1001 } });
  const own = expected(log.payloads, { actor: "bob" }).filter(({ uid }) => uid === 1001);
  expect(rows).toEqual(own);
  expect(asked.all({ actor: "alice" }, { own: { user: "bob", uid: 1001 } })).toEqual([]);
  expect(asked.all({ tenant: "health" }, { tenant: "a" })).toEqual([]);
  expect(asked.all({ outcome: "note" }, { tenant: "a" })).toEqual(
    expected(log.payloads, { tenant: "a", outcome: "note" }),
  );
  asked.close();
});

test("events of a damaged bundle are missing, told, and hide no others", () => {
  const log = randomLog(42, 8, 0, false);
  const [name = ""] = [...log.files.keys()].filter((path) => path.endsWith(".segz")).sort();
  const bytes = Buffer.from(log.files.get(name) ?? "");
  bytes.fill(0xff, 130, 160);
  log.files.set(name, bytes);
  write(directory, log.files);
  const asked = new Asked();
  const page = asked.page({}, undefined, 1000);
  const rest = asked.all({});
  expect(rest).toEqual(expected(log.payloads, {}).filter(({ sequence }) => sequence > 256));
  const last = asked.page({}, 300, 1000);
  expect(last.unreadable).toBe(256);
  expect(page.unreadable).toBeUndefined();
  expect(told).toContain("events of the audit log cannot be read; verify it");
  asked.close();
});

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

function flipEvery(file: string, step: number): void {
  const bytes = readFileSync(file);
  const body = 16 + bytes.readUInt32LE(8);
  for (let at = body; at < bytes.length; at += step) bytes[at] = (bytes[at] ?? 0) ^ 4;
  writeFileSync(file, bytes);
}
