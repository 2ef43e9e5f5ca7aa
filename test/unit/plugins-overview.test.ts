/** What the overview makes of what the nodes of a cluster say. */
import { beforeAll, expect, test, vi } from "vitest";
import type { ClusterNode } from "../../agent/cluster/answers.ts";
import { someFacts } from "../lib/cluster-facts.ts";

let findings: typeof import("../../plugins/overview/cluster/findings.ts").findings;
let view: typeof import("../../plugins/overview/cluster/view.ts");
let readChanges: typeof import("../../plugins/overview/changes/view.ts").readChanges;
let runsOf: typeof import("../../plugins/overview/changes/view.ts").runsOf;

beforeAll(async () => {
  vi.stubGlobal("cockpit", {
    gettext: (text: string) => text,
    ngettext: (one: string, many: string, count: number) => (count === 1 ? one : many),
    language: "en",
  });
  ({ findings } = await import("../../plugins/overview/cluster/findings.ts"));
  view = await import("../../plugins/overview/cluster/view.ts");
  ({ readChanges, runsOf } = await import("../../plugins/overview/changes/view.ts"));
});

const node = (name: string, change: Partial<ClusterNode> = {}): ClusterNode => ({
  ...{ name, state: "fresh", verdict: "good", ageSeconds: 3, incus: "online", clockOffSeconds: 0 },
  ...{ text: "", found: [], address: "192.0.2.1:8443", facts: someFacts },
  log: { state: "witnessed", size: 20, seen: 20, text: "" },
  ...change,
});
const ill = (text: string, state: "bad" | "warning" = "warning") => ({
  ...someFacts,
  health: [{ subsystem: "hsm", state, text }],
});

test("what is true of many nodes is told once, the worst first", () => {
  const found = findings([
    node("a", { facts: ill("Keys are in software.") }),
    node("b", { facts: ill("Keys are in software.") }),
    node("c", { found: [{ about: "log", verdict: "bad", text: "It was set back." }] }),
    node("d", { facts: ill("It fails.", "bad") }),
    node("e", { facts: ill("It fails.", "bad") }),
  ]);
  expect(found).toMatchObject([
    { verdict: "bad", about: "log", nodes: ["c"] },
    { verdict: "bad", about: "hsm", nodes: ["d", "e"] },
    { verdict: "warning", about: "hsm", nodes: ["a", "b"], text: "Keys are in software." },
  ]);
});

test("what a node said before it went silent is no finding of now", () => {
  const found = [
    { about: "presence" as const, verdict: "unknown" as const, text: "Not heard of." },
  ];
  expect(findings([node("a", { state: "silent", found, facts: ill("old", "bad") })])).toMatchObject(
    [{ verdict: "unknown", about: "presence" }],
  );
});

test("nodes of different versions are a warning", () => {
  const other = { ...someFacts, versions: { ...someFacts.versions, agent: "0.2.0" } };
  expect(findings([node("a"), node("b"), node("c", { facts: other })])).toMatchObject([
    {
      verdict: "warning",
      about: "versions",
      text: expect.stringContaining("0.1.0 on 2, 0.2.0 on 1"),
    },
  ]);
});

const place = (options: Record<string, string[]>) => ({ path: [], options });
const shown = (nodes: ClusterNode[], options: Record<string, string[]> = {}) =>
  view.shownNodes(nodes, view.readNodes(place(options))).map(({ name }) => name);

test("nodes stand worst first and by their numbers, unless somebody sorts them", () => {
  const nodes = [
    node("node10"),
    node("node2"),
    node("node3", { verdict: "unknown", facts: null, ageSeconds: null }),
    node("node4", { verdict: "bad" }),
    node("node5", {
      verdict: "warning",
      facts: { ...someFacts, load: { ...someFacts.load, cpu: 1 } },
    }),
  ];
  expect(shown(nodes)).toEqual(["node4", "node5", "node3", "node2", "node10"]);
  expect(shown(nodes, { sort: ["-name"] })[0]).toBe("node10");
  expect(shown(nodes, { sort: ["-cpu"] })[0]).toBe("node5");
  expect(shown(nodes, { sort: ["-age"] })[0]).toBe("node3");
  expect(shown(nodes, { sort: ["nonsense"], verdict: ["nonsense"] })).toHaveLength(5);
});

test("nodes are found by name, version and flag, and by verdict", () => {
  const flags = [{ id: "tpm", verdict: "bad" as const, title: "No TPM" }];
  const nodes = [node("a", { facts: { ...someFacts, flags } }), node("b", { verdict: "bad" })];
  expect(shown(nodes, { text: ["no tpm"] })).toEqual(["a"]);
  expect(shown(nodes, { text: ["18.2.7"] })).toEqual(["b", "a"]);
  expect(shown(nodes, { verdict: ["bad"] })).toEqual(["b"]);
});

test("a line over an hour breaks where a node was not heard of", () => {
  expect(runsOf([])).toEqual([]);
  expect(runsOf([null, null])).toEqual([]);
  const line = (...points: [number, number][]) => points.map(([at, value]) => ({ at, value }));
  expect(runsOf([5, 6, null, null, 7])).toEqual([
    line([0, 5], [1, 6], [2, 6]),
    line([4, 7], [5, 7]),
  ]);
});

test("what the address says of changes is bounded, and beside what it says of nodes", () => {
  const options = {
    "change-node": ["node2"],
    "change-rows": ["50"],
    ...{ text: ["x"], cursor: ["9"], rows: ["5"] },
  };
  expect(readChanges({ path: [], options })).toEqual({ node: "node2", cursor: "", perPage: 50 });
  const odd = { "change-node": ["x".repeat(99)], "change-rows": ["-1"] };
  expect(readChanges({ path: [], options: odd })).toMatchObject({ perPage: 10 });
  expect(readChanges({ path: [], options: odd }).node).toHaveLength(63);
});
