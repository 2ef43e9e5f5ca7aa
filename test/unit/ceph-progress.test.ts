/** What a cluster repairs, moves and scrubs; answers have the members that Ceph 16.2.15 was seen to give. */
import { expect, test } from "vitest";
import { ClusterFacts } from "../../agent/ceph/facts/facts.ts";
import type { FactName } from "../../agent/ceph/facts/sources.ts";
import { progressQuestion } from "../../agent/ceph/progress/question.ts";
import recorded from "../lib/ceph-recorded.json" with { type: "json" };

const pgmap = {
  ...{ num_pgs: 20, num_pools: 2, num_objects: 90, bytes_used: 1, bytes_avail: 1, bytes_total: 2 },
  pgs_by_state: [
    { state_name: "active+undersized+degraded", count: 3 },
    { state_name: "active+clean", count: 12 },
    { state_name: "active+clean+scrubbing+deep", count: 1 },
    { state_name: "active+recovering+degraded", count: 4 },
  ],
};
const status = (more: Record<string, unknown> = {}) => ({
  ...{ fsid: "f", quorum_names: ["a"], monmap: { num_mons: 1 }, mgrmap: { available: true } },
  ...{ osdmap: { num_osds: 8, num_up_osds: 8, num_in_osds: 8 }, fsmap: {} },
  pgmap: { ...pgmap, ...more },
});
const calm = { status: "HEALTH_OK", checks: {} };
const versions = {
  mon: { "ceph version 16.2.15 (x) pacific (stable)": 1 },
  osd: {
    "ceph version 16.2.9 (y) pacific (stable)": 2,
    "ceph version 16.2.15 (x) pacific (stable)": 1,
  },
  overall: { "ceph version 16.2.15 (x) pacific (stable)": 2 },
};

function ask(
  more: Partial<Record<FactName, unknown>> = {},
  problems: ClusterFacts["problems"] = {},
) {
  const facts = new ClusterFacts();
  const all = { status: status(), health: calm, osdmap: recorded.osdDump, versions, ...more };
  for (const [name, value] of Object.entries(all)) {
    facts.put(
      name as FactName,
      "2026-11-22T12:00:00.000Z",
      new TextEncoder().encode(JSON.stringify(value)),
    );
  }
  return progressQuestion.answer(new ClusterFacts(facts, problems));
}

test("placement groups are counted by state, and the time that is left by the pace", () => {
  const moving = {
    ...{ degraded_objects: 30, degraded_total: 90, misplaced_objects: 10, misplaced_total: 90 },
    ...{ recovering_objects_per_sec: 8, recovering_bytes_per_sec: 2048, unfound_objects: 1 },
  };
  expect(ask({ status: status(moving) })).toMatchObject({
    ...{ degraded: 30, misplaced: 10, unfound: 1, copies: 90, secondsLeft: 5, kibPerSecond: 2 },
    groups: { total: 20, clean: 13 },
    scrub: { running: 1, deep: 1, late: 0, deepLate: 0, overdue: [] },
  });
  expect(ask().groups.states.map(({ count, clean }) => [count, clean])).toEqual([
    ...[
      [12, true],
      [4, false],
      [3, false],
      [1, true],
    ],
  ]);
  const stuck = status({ degraded_objects: 30, degraded_total: 90 });
  expect(ask({ status: stuck }).secondsLeft).toBeNull();
});

test("events are told as far as they are, and those that ended with why they failed", () => {
  const event = (id: string, progress: number) => ({
    ...{
      id,
      message: "Rebalancing after osd.1 marked out\n\t[====]",
      refs: [["osd", "1"]],
      progress,
    },
    ...{ started_at: 1_795_348_800, time_remaining: 12, duration: "(2s)" },
  });
  const done = (id: string, finished_at: number, more = {}) => ({
    ...{ id, message: "Global Recovery Event", refs: [], started_at: 1, finished_at, ...more },
  });
  const failed = { failed: true, failure_message: "it was taken back" };
  const many = Array.from({ length: 25 }, (_unused, at) => done(`d${at}`, 1000 + at));
  const progress = {
    events: [event("a", 0.4567), event("b", 1.5), { ...event("c", 0), time_remaining: null }],
    completed: [...many, done("last", 5000, failed)],
  };
  const answer = ask({ progress });
  expect(answer.events.map(({ percent, secondsLeft }) => [percent, secondsLeft])).toEqual([
    ...[
      [46, 12],
      [100, 12],
      [0, null],
    ],
  ]);
  expect(answer.events[0]?.what).toBe("Rebalancing after osd.1 marked out");
  expect(answer.ended).toHaveLength(20);
  expect(answer.ended[0]).toMatchObject({ id: "last", failed: true, why: "it was taken back" });
  expect(answer.ended[1]?.id).toBe("d24");
});

test("only pools of which something is missing or moves are listed", () => {
  const poolStats = [
    { pool_name: "calm", pool_id: 1, recovery: {}, recovery_rate: {}, client_io_rate: {} },
    {
      ...{ pool_name: "busy", pool_id: 2, client_io_rate: {} },
      recovery: { degraded_objects: 3, degraded_total: 9, degraded_ratio: 0.33 },
      recovery_rate: { recovering_objects_per_sec: 2, recovering_bytes_per_sec: 4096 },
    },
  ];
  expect(ask({ poolStats }).pools).toEqual([
    { name: "busy", degraded: 3, misplaced: 0, unfound: 0, kibPerSecond: 4, objectsPerSecond: 2 },
  ]);
});

test("scrubs that are late are told with since when, and flags that hold them up", () => {
  const check = (count: number, ...details: string[]) => ({
    ...{ severity: "HEALTH_WARN", summary: { message: "late", count }, muted: false },
    detail: details.map((message) => ({ message })),
  });
  const health = {
    status: "HEALTH_WARN",
    checks: {
      PG_NOT_SCRUBBED: check(1, "pg 1.2 not scrubbed since 2026-11-01T10:00:00.000000+0000"),
      PG_NOT_DEEP_SCRUBBED: check(
        70,
        "pg 1.3 not deep-scrubbed since 2026-10-01T10:00:00.000000+0000",
        "68 more pgs... ",
      ),
    },
  };
  const osdmap = { ...recorded.osdDump, flags_set: ["sortbitwise", "noscrub", "norecover"] };
  const answer = ask({ health, osdmap });
  expect(answer.scrub).toMatchObject({
    ...{ late: 1, deepLate: 70 },
    overdue: [
      { pg: "1.3", deep: true, since: "2026-10-01T10:00:00.000000+0000" },
      { pg: "1.2", deep: false, since: "2026-11-01T10:00:00.000000+0000" },
    ],
  });
  expect(answer.held.map(({ flag }) => flag)).toEqual(["noscrub", "norecover"]);
});

test("daemons behind the newest version are named, and those on it only counted", () => {
  const osdMetadata = [0, 1, 2].map((id) => ({
    ...{ id, ceph_version_short: id === 2 ? "16.2.15" : "16.2.9" },
  }));
  const monMetadata = [{ name: "a", ceph_version_short: "16.2.15" }];
  expect(ask({ osdMetadata, monMetadata }).versions).toEqual([
    { version: "16.2.15", daemons: 2, tried: true, names: [] },
    { version: "16.2.9", daemons: 2, tried: true, names: ["osd.0", "osd.1"] },
  ]);
});

test("a release that is newer than any that was tried is told, and said to be that", () => {
  const versions = { mon: { "ceph version 20.2.0 (z) tentacle (stable)": 3 }, overall: {} };
  expect(ask({ versions }).versions).toEqual([
    { version: "20.2.0", daemons: 3, tried: false, names: [] },
  ]);
});

test("what the manager did not tell is missing, and nothing old stands in its place", () => {
  const progress = {
    events: [],
    completed: [{ id: "x", message: "m", started_at: 1, finished_at: 2 }],
  };
  const answer = ask(
    { progress },
    { progress: "No manager answers.", poolStats: "No manager answers." },
  );
  expect(answer.missing).toEqual(["No manager answers."]);
  expect(answer.ended).toEqual([]);
});
