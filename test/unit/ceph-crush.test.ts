/** What the computation of placement does not know is refused, and never guessed. */
import { describe, expect, test } from "vitest";
import { applied } from "../../agent/ceph/actions/apply.ts";
import { passesOf } from "../../agent/ceph/actions/figures.ts";
import { difference } from "../../agent/ceph/actions/moves.ts";
import { Groups, readOsdMap } from "../../agent/ceph/crush/groups.ts";
import { type CrushDump, crushMap, NotComputed, readDump } from "../../agent/ceph/crush/map.ts";

const osdWeight = 65_536;
const items = (...ids: number[]) => ids.map((id) => ({ id, weight: osdWeight }));
const bucket = (
  id: number,
  name: string,
  type_id: number,
  inner: { id: number; weight: number }[],
) => ({
  ...{ id, name, type_id, type_name: type_id === 1 ? "host" : "root", alg: "straw2" },
  ...{
    hash: "rjenkins1",
    items: inner,
    weight: inner.reduce((sum, { weight }) => sum + weight, 0),
  },
});
const twice = (id: number) => ({ id, weight: 2 * osdWeight });

function crushDump(): CrushDump {
  return {
    devices: [0, 1, 2, 3, 4, 5].map((id) => ({ id })),
    types: [
      { type_id: 0, name: "osd" },
      { type_id: 1, name: "host" },
      { type_id: 11, name: "root" },
    ],
    buckets: [
      bucket(-1, "all", 11, [twice(-2), twice(-3), twice(-4)]),
      ...[bucket(-2, "a", 1, items(0, 1)), bucket(-3, "b", 1, items(2, 3))],
      ...[bucket(-4, "c", 1, items(4, 5)), bucket(-5, "other", 11, [])],
    ],
    rules: [
      {
        ...{ rule_id: 0, rule_name: "hosts", type: 1, min_size: 1, max_size: 10 },
        steps: [
          { op: "take", num: 0, type: "", item: -1 },
          { op: "chooseleaf_firstn", num: 0, type: "host" },
          { op: "emit", num: 0, type: "" },
        ],
      },
    ],
    tunables: {
      ...{ choose_local_tries: 0, choose_local_fallback_tries: 0, choose_total_tries: 50 },
      ...{ chooseleaf_descend_once: 1, chooseleaf_vary_r: 1, chooseleaf_stable: 1 },
    },
    choose_args: {},
  };
}

const osdmap = {
  ...{ epoch: 9, full_ratio: 0.95, backfillfull_ratio: 0.9, nearfull_ratio: 0.85 },
  pools: [
    {
      ...{ pool: 1, pool_name: "one", flags_names: "hashpspool", type: 1, size: 3, min_size: 2 },
      ...{ crush_rule: 0, object_hash: 2, pg_num: 8, pg_placement_num: 8 },
    },
  ],
  osds: [0, 1, 2, 3, 4, 5].map((osd) => ({ osd, up: 1, in: 1, weight: osd === 5 ? 0.25 : 1 })),
  osd_xinfo: [{ osd: 4, old_weight: 32_768 }],
};

function place(change: (crush: CrushDump, map: typeof osdmap) => unknown): number[][] {
  const [crush, map] = [crushDump(), structuredClone(osdmap)];
  change(crush, map);
  const groups = new Groups(crushMap(readDump(crush)), readOsdMap(map));
  return groups.ofPool(groups.osdmap.pools[0] as (typeof groups.osdmap.pools)[number]);
}

const first = <T>(list: T[]): T => list[0] as T;

describe("placement", () => {
  test("puts each copy on a host of its own", () => {
    for (const osds of place(() => undefined)) {
      expect(new Set(osds.map((osd) => osd >> 1)).size).toBe(3);
    }
  });

  test.each<[string, (crush: CrushDump, map: typeof osdmap) => unknown]>([
    ["an older kind of bucket", ({ buckets }) => Object.assign(first(buckets), { alg: "straw" })],
    ["lists", ({ buckets }) => Object.assign(first(buckets), { alg: "list" })],
    ["another hash", ({ buckets }) => Object.assign(first(buckets), { hash: "sha256" })],
    [
      "a step of a later Ceph",
      ({ rules }) => first(rules).steps.push({ op: "choose_msr", num: 0, type: "" }),
    ],
    ["a kind of rule of a later Ceph", ({ rules }) => Object.assign(first(rules), { type: 4 })],
    ["tunables from before", (crush) => Object.assign(crush.tunables, { choose_local_tries: 2 })],
    [
      "an older way from groups to OSDs",
      (_crush, { pools }) => Object.assign(first(pools), { flags_names: "nodelete" }),
    ],
    ["a rule for fewer copies", ({ rules }) => Object.assign(first(rules), { max_size: 2 })],
    [
      "weights that are replaced for another number of items",
      ({ choose_args }) =>
        Object.assign(choose_args, { "-1": [{ bucket_id: -1, weight_set: [[1]] }] }),
    ],
  ])("is not computed with %s", (_what, change) => {
    expect(() => place(change)).toThrow(NotComputed);
  });
});

describe("a change", () => {
  const dumps = { osdmap, crush: crushDump() };
  const weightOf = (changed: ReturnType<typeof applied>, id: number) =>
    (changed.osdmap as typeof osdmap).osds.find(({ osd }) => osd === id)?.weight;

  test("leaves the maps that it is made from as they are", () => {
    const before = structuredClone(dumps);
    applied(dumps, { what: "out", osd: 0 });
    applied(dumps, { what: "crushReweight", osd: 0, weight: 3 });
    applied(dumps, { what: "move", bucket: "a", to: "other" });
    expect(dumps).toEqual(before);
  });

  test("gives an OSD that comes back the share it had", () => {
    const out = applied(dumps, { what: "out", osd: 4 });
    expect(weightOf(out, 4)).toBe(0);
    expect(weightOf(applied(out, { what: "in", osd: 4 }), 4)).toBe(0.5);
    expect(weightOf(applied(dumps, { what: "reweight", osd: 4, weight: 0.333 }), 4)).toBe(
      21_823 / 65_536,
    );
  });

  test("weighs all buckets above anew", () => {
    const heavier = applied(dumps, { what: "crushReweight", osd: 0, weight: 3 }).crush as CrushDump;
    expect(heavier.buckets.map(({ weight }) => weight / osdWeight)).toEqual([8, 4, 2, 2, 0]);
    const moved = applied(dumps, { what: "move", bucket: "a", to: "other" }).crush as CrushDump;
    expect(moved.buckets.map(({ weight }) => weight / osdWeight)).toEqual([4, 2, 2, 2, 2]);
  });

  test("is refused in a sentence where it makes no sense", () => {
    expect(() => applied(dumps, { what: "out", osd: 9 })).toThrow(/There is no osd.9/);
    expect(() => applied(dumps, { what: "move", bucket: "all", to: "a" })).toThrow(/cannot be in/);
    expect(() => applied(dumps, { what: "rule", pool: "one", rule: "none" })).toThrow(
      /There is no CRUSH rule none/,
    );
  });

  test("of weights is not computed where a weight-set replaces them", () => {
    const crush = { ...crushDump(), choose_args: { "-1": [] } };
    const change = { what: "crushReweight", osd: 0, weight: 3 } as const;
    expect(() => applied({ osdmap, crush }, change)).toThrow(NotComputed);
  });
});

test("copies are the same wherever they stand, and parts of a code are not", () => {
  expect(difference(1, [1, 2, 3], [3, 1, 4])).toEqual({ gained: [4], lost: [2] });
  expect(difference(3, [1, 2, 3], [3, 2, -1])).toEqual({ gained: [3], lost: [1, 3] });
});

test("an OSD passes a limit that it is below now, also if only while data moves", () => {
  const row = { osd: 1, gainsKiB: 1, losesKiB: 1, share: 0.84, shareAfter: 0.84 };
  const ratios = { nearlyFull: 0.85, backfillFull: 0.9, full: 0.95 };
  expect(passesOf([{ ...row, shareMeanwhile: 0.91 }], ratios)).toEqual({
    ...{ nearlyFull: [1], backfillFull: [1], full: [] },
  });
  expect(passesOf([{ ...row, share: 0.92, shareMeanwhile: 0.96 }], ratios)).toEqual({
    ...{ nearlyFull: [], backfillFull: [], full: [1] },
  });
});
