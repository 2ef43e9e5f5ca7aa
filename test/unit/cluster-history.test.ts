/** What a node tells of what changed on all of them, and of their load over the last hour. */
import * as v from "valibot";
import { expect, test } from "vitest";
import type { ClusterNode, ClusterStatus } from "../../agent/cluster/answers.ts";
import { type Facts, maximumFacts, readFacts } from "../../agent/cluster/facts/schema.ts";
import {
  changeKinds,
  type HistoryFilter,
  historySchema,
  mostChanges,
} from "../../agent/cluster/history/answers.ts";
import { History } from "../../agent/cluster/history/service.ts";
import { someFacts } from "../lib/cluster-facts.ts";

const minute = 60_000;
const all = { node: "", cursor: "", limit: 1000 };

const row = (name: string, change: Partial<ClusterNode> = {}): ClusterNode => ({
  ...{ name, state: "fresh", verdict: "good", ageSeconds: 3, incus: "online", clockOffSeconds: 0 },
  ...{ text: "", found: [], address: "192.0.2.1:8443", facts: someFacts },
  log: { state: "witnessed", size: 20, seen: 20, text: "" },
  ...change,
});
const ownRow = (change: Partial<ClusterNode> = {}) =>
  row("node1", {
    state: "own",
    log: { state: "own", size: 20, seen: 20, text: "" },
    ...change,
  });
const said = (change: Partial<Facts>) => ({ facts: { ...someFacts, ...change } });
const logged = (state: ClusterNode["log"]["state"]) => ({
  log: { state, size: 20, seen: 20, text: "" },
});

/** A node that sees itself and others, at a time of its own. */
class Seeing {
  readonly history = new History();
  now = 0;

  see(others: ClusterNode[], own = ownRow(), state: ClusterStatus["state"] = "cluster"): this {
    this.now += 10_000;
    this.history.see({ node: own.name, state, nodes: [own, ...others] }, this.now);
    return this;
  }

  answer(filter: Partial<HistoryFilter> = {}) {
    return v.parse(historySchema, this.history.answer({ ...all, ...filter }));
  }

  /** The newest first. */
  told(filter: Partial<HistoryFilter> = {}): string[] {
    return this.answer(filter).changes.map(({ node, what, of, before, after, times }) =>
      [node, what, of, `${before}>${after}`, times > 1 ? `x${times}` : ""].join(" ").trim(),
    );
  }
}

const flag = (id: string, verdict: "bad" | "warning", title = id) => ({ id, verdict, title });
const many = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => flag(`f${from + index}`, "bad"));
const versions = (change: object) => said({ versions: { ...someFacts.versions, ...change } });
const policy = (change: object) => said({ policy: { ...someFacts.policy, ...change } });

const kinds: [string, Partial<ClusterNode>, Partial<ClusterNode>, string[]][] = [
  ["that it is heard of", {}, { state: "silent" }, ["presence  heard>silent"]],
  ["what cannot be read", {}, { state: "unreadable", facts: null }, ["presence  heard>unreadable"]],
  ["how Incus has it", {}, { incus: "offline" }, ["incus  online>offline"]],
  ["its log", {}, logged("rollback"), ["log  witnessed>rollback"]],
  [
    "its clock",
    {},
    { found: [{ about: "clock", verdict: "warning", text: "" }] },
    ["clock  right>off"],
  ],
  [
    "health",
    {},
    said({ health: [{ subsystem: "hsm", state: "bad", text: "It is gone." }] }),
    [
      ...["health incus good>", "health ceph good>", "health hsm good>bad"],
      ...["health selinux good>", "health audit good>", "health node good>"],
    ],
  ],
  ["versions", {}, versions({ incus: "6.0.5" }), ["version incus 6.0.4>6.0.5"]],
  ["what weakens it", {}, said({ flags: [] }), ["flag FIPS mode warning>good"]],
  [
    "what weakens it more",
    said({ flags: [] }),
    said({ flags: [flag("tpm", "bad", "TPM")] }),
    ["flag TPM good>bad"],
  ],
  ["its policy", {}, policy({ sha256: "" }), [`policy  ${"ab".repeat(32)}>`]],
  ["the proof", {}, policy({ proof: "refuted" }), ["proof  proved>refuted"]],
  ["what is loaded", {}, policy({ current: false }), ["proof  proved>notLoaded"]],
  ["drivers of keys", {}, said({ keys: { drivers: 1, ready: 0, software: 0 } }), ["keys  1/1>0/1"]],
  ["alarms", {}, said({ counts: { ...someFacts.counts, alarms: 2 } }), ["alarms  0>2"]],
  [
    "a start",
    {},
    said({ bootedAt: "2026-11-02T12:00:00.000Z", startedAt: "2026-11-02T12:01:00.000Z" }),
    [
      "agent  2026-11-01T12:00:00.000Z>2026-11-02T12:01:00.000Z",
      "boot  2026-10-01T12:00:00.000Z>2026-11-02T12:00:00.000Z",
    ],
  ],
];

test.each(kinds)("of a node %s is compared, there and back", (_name, before, after, lines) => {
  const seeing = new Seeing().see([row("node2", before)]);
  expect(seeing.told()).toEqual([]);
  seeing.see([row("node2", after)]).see([row("node2", after)]);
  expect(seeing.told()).toEqual(lines.map((line) => `node2 ${line}`));
  seeing.see([row("node2", before)]);
  expect(seeing.told()).toHaveLength(lines.length);
  for (const line of seeing.told()) expect(line).toContain(" x2");
});

test("every kind of change is one that is compared", () => {
  const compared = kinds.flatMap(([, , , lines]) => lines.map((line) => line.split(" ")[0]));
  expect(new Set([...compared, "member"])).toEqual(new Set(changeKinds));
});

test("what is the same, and what changes all the time, is no change", () => {
  const seeing = new Seeing().see([row("node2")]);
  seeing.see([row("node2", { facts: structuredClone(someFacts), ageSeconds: 25 })]);
  const { load, counts } = someFacts;
  const busy = { load: { ...load, cpu: 0.9 }, counts: { ...counts, events: 9, tenants: 2 } };
  // The time of a start is counted from a clock that is put right now and then.
  seeing.see([row("node2", said({ ...busy, sequence: 9, bootedAt: "2026-10-01T12:00:01.000Z" }))]);
  seeing.see([row("node2", logged("unproven"))]).see([row("node2")]);
  expect(seeing.told()).toEqual([]);
});

test("what was known before a node was silent or unreadable is compared with what it says then", () => {
  const seeing = new Seeing().see([row("node2")]);
  seeing.see([row("node2", { state: "unreadable", facts: null })]);
  seeing.see([row("node2", versions({ agent: "0.2.0" }))]);
  expect(seeing.told()).toEqual([
    "node2 version agent 0.1.0>0.2.0",
    "node2 presence  unreadable>heard x2",
  ]);
});

test("the first facts of a node are no change, and what a full list has no room for is unknown", () => {
  const seeing = new Seeing().see([row("node2", { state: "none", facts: null })]);
  seeing.see([row("node2", said({ flags: many(24) }))]);
  expect(seeing.told()).toEqual(["node2 presence  none>heard"]);
  seeing.see([row("node2", said({ flags: many(24, 1) }))]);
  expect(seeing.told()).toHaveLength(1);
});

test("members come and leave, but who joins a cluster hears of all at once", () => {
  const alone = ownRow({ name: "host", incus: "alone" });
  const seeing = new Seeing().see([], alone, "noIncus").see([], alone, "alone");
  seeing.see([row("node2"), row("node3")]);
  expect(seeing.told()).toEqual([]);
  expect(seeing.answer()).toMatchObject({ node: "node1", nodes: ["node1", "node2", "node3"] });
  seeing.see([row("node2")]).see([row("node2"), row("node4")]);
  expect(seeing.told()).toEqual(["node4 member  >member", "node3 member  member>"]);
  expect(seeing.answer().nodes).toEqual(["node1", "node2", "node3", "node4"]);
  expect(seeing.answer().trends.map(({ node }) => node)).toEqual(["node1", "node2", "node4"]);
  // While Incus is away a node knows itself by its host's name alone.
  seeing.see([], alone, "noIncus");
  expect(seeing.answer().node).toBe("node1");
  seeing.see([], alone, "alone");
  expect(seeing.told()).toHaveLength(2);
});

test("a log of its own that others have signed otherwise is a change", () => {
  const found = [{ about: "log" as const, verdict: "bad" as const, text: "It was set back." }];
  const seeing = new Seeing().see([]).see([], ownRow({ found }));
  expect(seeing.told()).toEqual(["node1 log  own>disputed"]);
});

test("what changes again and again is one change, until it rests for ten minutes", () => {
  const seeing = new Seeing();
  for (let round = 0; round < 41; round++) {
    const state = round % 2 === 0 ? ("fresh" as const) : ("silent" as const);
    seeing.see([row("node2", { state }), row("node3", round === 3 ? { state: "silent" } : {})]);
  }
  expect(seeing.told()).toEqual([
    "node2 presence  silent>heard x40",
    "node3 presence  silent>heard x2",
  ]);
  const [flapping] = seeing.answer().changes;
  expect(Date.parse(flapping?.since ?? "")).toBeLessThanOrEqual(Date.parse(flapping?.at ?? ""));
  seeing.now += 10 * minute;
  seeing.see([row("node2", { state: "silent" }), row("node3")]);
  expect(seeing.told()[0]).toBe("node2 presence  heard>silent");
  expect(seeing.told()).toHaveLength(3);
});

test("a node that floods takes its own room, not that of the others", () => {
  const seeing = new Seeing().see([row("quiet"), row("loud")]);
  seeing.see([row("quiet", { incus: "offline" }), row("loud")]);
  const quiet = row("quiet", { incus: "offline" });
  for (let round = 0; round < 40; round++) {
    seeing.see([quiet, row("loud", said({ flags: many(23, round * 23) }))]);
  }
  const { changes, forgotten, total } = seeing.answer();
  expect([changes.length, total]).toEqual([mostChanges, mostChanges]);
  expect(forgotten).toBeGreaterThan(400);
  expect(seeing.told({ node: "quiet" })).toEqual(["quiet incus  online>offline"]);
});

test("pages go on behind the last one, also while more comes", () => {
  const seeing = new Seeing().see([row("node2")]);
  seeing.see([row("node2", said({ flags: many(5) }))]);
  const first = seeing.answer({ limit: 2 });
  expect(first).toMatchObject({ total: 6, changes: [{ of: "f4" }, { of: "f3" }] });
  seeing.see([row("node2", { ...said({ flags: many(5) }), incus: "offline" })]);
  const second = seeing.answer({ limit: 4, cursor: first.next });
  expect(second.changes.map(({ of }) => of)).toEqual(["f2", "f1", "f0", "FIPS mode"]);
  expect(second.next).toBe("");
  expect(seeing.answer({ node: "node3" })).toMatchObject({ total: 0, changes: [], trends: [] });
});

test("hostile facts stay small and are text alone", () => {
  const script = "<script>alert(1)</script>";
  const seeing = new Seeing().see([row("node2")]);
  for (let round = 0; round < 30; round++) {
    const text = JSON.stringify({
      ...someFacts,
      ...{ sequence: round + 1, versions: { ...someFacts.versions, os: `${script}${round}` } },
      flags: Array.from({ length: 24 }, (_, index) =>
        flag(`r${round}-${index}`, "bad", `${script}${"€".repeat(10)}`),
      ),
    });
    expect(Buffer.byteLength(text)).toBeLessThan(maximumFacts);
    const read = readFacts(text);
    if (!("value" in read)) throw new Error(read.trouble);
    seeing.see([row("node2", { facts: read.value })]);
  }
  const answer = seeing.answer();
  expect(answer.changes.length).toBeLessThanOrEqual(mostChanges);
  expect(JSON.stringify(answer).length).toBeLessThan(256 * 1024);
  expect(answer.changes.some(({ of }) => of.startsWith(script))).toBe(true);
});

test("load is kept a point a minute for an hour, and none where nobody was heard", () => {
  const seeing = new Seeing();
  const busy = (cpu: number) => row("node2", said({ load: { ...someFacts.load, cpu } }));
  for (let at = 0; at < 70; at++) {
    seeing.now = at * minute;
    const silent = at >= 65 && at < 67;
    seeing.see([silent ? { ...busy(1), state: "silent" } : busy(at / 100)]);
    seeing.see([silent ? { ...busy(1), state: "silent" } : busy(at / 100)]);
  }
  const [, trend] = seeing.answer().trends;
  expect(trend).toMatchObject({ node: "node2" });
  const wanted = Array.from({ length: 60 }, (_, index) => index + 10);
  expect(trend?.cpu).toEqual(wanted.map((at) => (at === 65 || at === 66 ? null : at)));
  expect(trend?.memory.at(-1)).toBe(35);
  expect(trend?.disk.at(-1)).toBe(11);
  // Nothing was seen for longer than all that is kept.
  seeing.now += 90 * minute;
  seeing.see([busy(0.5)]);
  expect(seeing.answer({ node: "node2" }).trends[0]?.cpu).toEqual([...Array(59).fill(null), 50]);
});

test("figures that no machine has stay within a percentage", () => {
  const odd = { ...someFacts.load, cpu: 1, memoryKib: 1, memoryUsedKib: 9, diskKib: 0 };
  const [trend] = new Seeing().see([], ownRow(said({ load: odd }))).answer().trends;
  expect([trend?.cpu.at(-1), trend?.memory.at(-1), trend?.disk.at(-1)]).toEqual([100, 100, null]);
});
