/** What a segment's index counts for a summary, against looking at every event. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { outcomes, sources } from "../../agent/audit/entry.ts";
import type { AuditConditions } from "../../agent/audit/filter.ts";
import { blockRows, kindCount } from "../../agent/audit/index/blocks.ts";
import { SegmentBuilder } from "../../agent/audit/index/builder.ts";
import { Counter } from "../../agent/audit/index/counter.ts";
import { countSegment, type NameCounts } from "../../agent/audit/index/counts.ts";
import { type Fields, outcomeNumber, sourceNumber } from "../../agent/audit/index/fields.ts";
import { indexPath, openIndex, writeIndex } from "../../agent/audit/index/file.ts";
import { hash48 } from "../../agent/audit/index/hashes.ts";
import { bucketsFor } from "../../agent/audit/index/histogram.ts";
import type { SegmentIndex } from "../../agent/audit/index/segment.ts";
import { select } from "../../agent/audit/index/select.ts";
import { wantedOf } from "../../agent/audit/index/wanted.ts";
import { type Roll, reads, roller } from "../lib/random-log.ts";
import { removeTree } from "../lib/remove-tree.js";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-counts-"));
  mkdirSync(join(directory, "index"));
});
afterEach(() => removeTree(directory));

const begin = Date.parse("2026-03-01T10:00:00.000Z");
const actions = ["tenants.Create", "tenants.List", "auditd.exec", "audit.List"];

/** @param back by how much the clock is set back now and then, in milliseconds */
function randomEvents(roll: Roll, count: number, actors: number, back: number): Fields[] {
  let time = begin;
  return Array.from({ length: count }, () => {
    // Many at the same time, and now and then a long while between two.
    if (roll(3) === 0) time += roll(4) === 0 ? roll(60_000) : 1;
    return {
      time: back > 0 && roll(50) === 0 ? time - roll(back) : time,
      action: actions[roll(actions.length)] as string,
      actor: roll(20) === 0 ? "" : `actor-${roll(1 + roll(actors))}`,
      source: roll(50) === 0 ? 7 : roll(sources.length),
      outcome: roll(outcomes.length),
      tenant: roll(4) === 0 ? undefined : `tenant-${roll(5)}`,
      object: undefined,
      flow: roll(2) === 0 ? undefined : `F-${roll(40)}`,
    };
  });
}

function randomFilter(roll: Roll, events: readonly Fields[]): AuditConditions {
  const time = () => {
    const { time: at } = events[roll(events.length)] as Fields;
    return new Date(at + roll(3) - 1).toISOString();
  };
  const some = <T>(value: T): T[] => (roll(4) === 0 ? [value] : []);
  const chosen = [
    ...(roll(2) === 0 ? [{ from: time() }] : []),
    ...(roll(2) === 0 ? [{ to: time() }] : []),
    ...some({ tenant: `tenant-${roll(6)}` }),
    ...some({ actor: `actor-${roll(20)}` }),
    ...some({ action: ["tenants.", "audit", "x"][roll(3)] }),
    ...some({ source: sources[roll(sources.length)] }),
    ...some({ outcome: outcomes[roll(outcomes.length)] }),
    ...some({ flow: `F-${roll(40)}` }),
    ...some({ acts: true }),
  ];
  return Object.assign({}, ...chosen.filter(() => roll(2) === 0)) as AuditConditions;
}

function matching(events: readonly Fields[], filter: AuditConditions): Fields[] {
  const { from, to, tenant, actor, action, source, outcome, flow, acts } = filter;
  const wasRead = (event: Fields) =>
    event.outcome === outcomeNumber("success") && reads.has(event.action);
  return events.filter(
    (event) =>
      (from === undefined || event.time >= Date.parse(from)) &&
      (to === undefined || event.time < Date.parse(to)) &&
      (tenant === undefined || event.tenant === tenant) &&
      (actor === undefined || event.actor === actor) &&
      (action === undefined || event.action.startsWith(action)) &&
      (source === undefined || event.source === sourceNumber(source)) &&
      (outcome === undefined || event.outcome === outcomeNumber(outcome)) &&
      (flow === undefined || event.flow === flow) &&
      !(acts === true && wasRead(event)),
  );
}

type Counts = Record<string, number>;

function countsBy(events: readonly Fields[], keyOf: (event: Fields) => string | undefined): Counts {
  const counts: Counts = {};
  for (const event of events) {
    const key = keyOf(event);
    if (key !== undefined && key !== "") counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

const present = (pairs: [string | number, number][]): Counts =>
  Object.fromEntries(pairs.filter(([, count]) => count > 0));
const byName = ({ names, counts }: NameCounts): Counts =>
  present(names.slice(1).map((name, i) => [name, counts[i + 1] ?? 0]));
const byPlace = (keys: ArrayLike<number>, counts: ArrayLike<number>): Counts =>
  present(Array.from(counts, (count, i) => [keys[i] ?? i, count]));

/** Everything that is counted, by the index and by looking at each event. */
function compare(index: SegmentIndex, events: readonly Fields[], filter: AuditConditions): number {
  const buckets = bucketsFor(
    Math.max(index.header.base, Date.parse(filter.from ?? "") || 0),
    Math.min(index.header.last, (Date.parse(filter.to ?? "") || Infinity) - 1),
  );
  const wanted = wantedOf(filter);
  const selection = select(index, wanted, reads);
  const counted = countSegment(index, selection, wanted, buckets);
  const rows = matching(events, filter);
  const what = JSON.stringify(filter);
  expect(selection.exact).toBe(true);
  expect(counted?.total ?? 0, what).toBe(rows.length);
  if (counted === undefined) return 0;
  expect(byName(counted.tenants), what).toEqual(countsBy(rows, ({ tenant }) => tenant));
  expect(byName(counted.actions), what).toEqual(countsBy(rows, ({ action }) => action));
  const { keys, counts } = counted.actors;
  expect(byPlace(keys, counts), what).toEqual(
    countsBy(rows, ({ actor }) => (actor === "" ? undefined : String(hash48(actor)))),
  );
  const bucketOf = (time: number) => Math.floor((time - buckets.from) / buckets.step);
  expect(byPlace([], counted.kinds), what).toEqual(
    countsBy(rows, ({ time, source, outcome }) =>
      String(bucketOf(time) * kindCount + source * 8 + outcome),
    ),
  );
  return rows.length;
}

describe("the index of a segment counts what looking at every event counts", () => {
  test.each([
    ["of less than a block", 300, 0],
    ["of whole blocks", 3 * blockRows, 0],
    ["of blocks and a rest", 5 * blockRows + 777, 0],
    ["with steps of the clock", 2 * blockRows + 5, 100_000],
  ])("%s", (_what, count, back) => {
    const roll = roller(count);
    const events = randomEvents(roll, count, 2000, back);
    const builder = new SegmentBuilder(0);
    for (const event of events) builder.add(event);
    const frozen = builder.freeze(77);
    expect(frozen.header.sorted).toBe(back === 0);
    writeIndex(directory, frozen);
    const file = openIndex(directory, 0, 77);
    let found = 0;
    for (let i = 0; i < 60; i++) {
      const filter = randomFilter(roll, events);
      found += compare(frozen, events, filter) > 0 ? 1 : 0;
      compare(file.index, events, filter);
    }
    expect(found).toBeGreaterThan(20);
    file.close();
  });

  test("where a time is the same in several blocks", () => {
    const roll = roller(5);
    const events = randomEvents(roll, 4 * blockRows, 50, 0).map((event, row) => ({
      ...event,
      time: begin + (row < blockRows / 2 ? 0 : row < 3 * blockRows + 100 ? 1000 : 2000),
    }));
    const builder = new SegmentBuilder(0);
    for (const event of events) builder.add(event);
    const index = builder.freeze();
    for (const from of [0, 1, 999, 1000, 1001, 2000, 2001]) {
      for (const to of [1, 1000, 1001, 2000, 2001]) {
        if (from >= to) continue;
        const [start, end] = [begin + from, begin + to].map((ms) => new Date(ms).toISOString());
        compare(index, events, { from: start, to: end } as AuditConditions);
      }
    }
  });
});

describe("a part of a column", () => {
  function made() {
    const roll = roller(9);
    const builder = new SegmentBuilder(0);
    for (const event of randomEvents(roll, 3 * blockRows, 100, 0)) builder.add(event);
    const frozen = builder.freeze(77);
    writeIndex(directory, frozen);
    return frozen;
  }

  test("is what the whole has there, before and after the whole was read", () => {
    const frozen = made();
    const file = openIndex(directory, 0, 77);
    for (const name of ["time", "kind", "actorRows", "tenant"] as const) {
      const length = frozen.length(name);
      expect(file.index.length(name)).toBe(length);
      for (const [from, to] of [
        [1, 9],
        [0, length],
        [length - 3, length],
        [7, 7],
      ] as const) {
        const wanted = frozen.slice(name, from, to);
        expect(wanted.length).toBe(to - from);
        expect(file.index.slice(name, from, to)).toEqual(wanted);
      }
      expect(file.index.part(name)).toEqual(frozen.part(name));
    }
    file.close();
  });

  test("is refused where the column is damaged elsewhere", () => {
    made();
    const path = indexPath(directory, 0);
    const bytes = readFileSync(path);
    const body = 16 + bytes.readUInt32LE(8);
    // The times are the first column.
    bytes[body + 4000] = (bytes[body + 4000] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const file = openIndex(directory, 0, 77);
    expect(() => file.index.slice("time", 0, 4)).toThrow("not a whole index");
    file.close();
  });
});

describe("a counter", () => {
  test.each([1, 2, 3])("adds up like a map, whatever comes when (%i)", (seed) => {
    const roll = roller(seed);
    const counter = new Counter();
    const expected = new Map<number, { count: number; places: Set<number> }>();
    for (let place = 0; place < 40; place++) {
      const many = roll(3) === 0 ? 5 : 2500;
      const keys = Float64Array.from(
        new Set(Array.from({ length: many }, () => roll(6000) * 2 ** 34)),
      ).sort();
      const counts = Uint32Array.from(keys, () => roll(4));
      counter.add(keys, counts, place);
      for (const [i, key] of keys.entries()) {
        const count = counts[i] ?? 0;
        if (count === 0) continue;
        const known = expected.get(key) ?? { count: 0, places: new Set() };
        known.count += count;
        known.places.add(place);
        expected.set(key, known);
      }
    }
    const all = counter.top(1_000_000);
    expect(new Map(all.map(({ key, count }) => [key, count]))).toEqual(
      new Map([...expected].map(([key, { count }]) => [key, count])),
    );
    expect(all.length).toBe(expected.size);
    for (const { key, place } of all) expect(expected.get(key)?.places.has(place)).toBe(true);
    const ordered = [...all].sort((a, b) => b.count - a.count || a.key - b.key);
    expect(all).toEqual(ordered);
    for (const most of [1, 2, 50]) expect(counter.top(most)).toEqual(ordered.slice(0, most));
  });

  test("has none where nothing was added", () => {
    const counter = new Counter();
    counter.add(Float64Array.of(5), Uint32Array.of(0), 1);
    expect(counter.top(50)).toEqual([]);
  });
});
