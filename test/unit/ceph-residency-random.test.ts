/**
 * What rules could choose and where OSDs are, on random trees, beside a slow enumeration that knows
 * nothing of the prover: it lists every way down a tree, one by one.
 */
import { expect, test } from "vitest";
import { Places } from "../../agent/ceph/residency/places.ts";
import { reachOf } from "../../agent/ceph/residency/reach.ts";
import { parseCrush } from "../../agent/ceph/residency/read/crush.ts";
import { type Roll, roller } from "../lib/random-log.ts";

const rounds = 600;
const types = ["osd", "host", "rack", "root"];

interface Node {
  id: number;
  name: string;
  type: number;
  items: Node[];
}

interface Tree {
  nodes: Node[];
  osds: Node[];
}

/** Trees in which buckets may hang in several others, hold OSDs at any level, or nothing. */
function randomTree(pick: Roll): Tree {
  const osds: Node[] = Array.from({ length: 2 + pick(6) }, (_, id) => {
    return { id, name: `osd.${id}`, type: 0, items: [] };
  });
  const nodes: Node[] = [];
  for (let type = 1; type < types.length; type++) {
    const below = [...osds, ...nodes];
    for (let count = 1 + pick(3); count > 0; count--) {
      const id = -1 - nodes.length;
      const items = below.filter(() => pick(20) < 7);
      nodes.push({ id, name: `b${id}`, type, items });
    }
  }
  return { nodes, osds };
}

function dumpOf({ nodes, osds }: Tree, steps: unknown[]) {
  return {
    devices: osds.map(({ id, name }) => ({ id, name })),
    types: types.map((name, type_id) => ({ type_id, name })),
    buckets: nodes.map(({ id, name, type, items }) => ({
      ...{
        id,
        name,
        type_id: type,
        type_name: types[type],
        weight: 0,
        alg: "straw2",
        hash: "rjenkins1",
      },
      items: items.map((item, pos) => ({ id: item.id, weight: 0, pos })),
    })),
    rules: [{ rule_id: 0, rule_name: "rule", type: 1, steps }],
    tunables: {},
    choose_args: {},
  };
}

/** Every way from a node down to one below it. */
function* waysDown(node: Node): Generator<Node[]> {
  for (const item of node.items) {
    yield [item];
    for (const way of waysDown(item)) yield [item, ...way];
  }
}

interface Choice {
  type: number;
  leaf: boolean;
}

/** What one choose may give from one item: the end of a way that has its type at its end alone. */
function choices(node: Node, { type, leaf }: Choice): Set<Node> {
  const found = new Set<Node>();
  for (const way of waysDown(node)) {
    const first = way.findIndex((each) => each.type === type);
    const end = way.at(-1);
    if (first === -1 || end === undefined) continue;
    if (leaf ? end.type === 0 : first === way.length - 1) found.add(end);
  }
  return found;
}

function enumerate(start: Node, chosen: readonly Choice[]): Set<Node> {
  const [first, ...rest] = chosen;
  if (first === undefined) return new Set([start]);
  return new Set([...choices(start, first)].flatMap((node) => [...enumerate(node, rest)]));
}

/** Every way from the top of the tree to an OSD. */
function waysTo({ nodes }: Tree, osd: Node): Node[][] {
  const below = new Set(nodes.flatMap(({ items }) => items));
  const tops = nodes.filter((node) => !below.has(node));
  return tops.flatMap((top) =>
    [...waysDown(top)].filter((way) => way.at(-1) === osd).map((way) => [top, ...way]),
  );
}

test("what a rule could choose is what some way down the tree gives", () => {
  const pick = roller(6);
  let someone = 0;
  for (let round = 0; round < rounds; round++) {
    const tree = randomTree(pick);
    const start = tree.nodes[tree.nodes.length - 1 - pick(3)] as Node;
    const chosen: Choice[] = Array.from({ length: pick(3) }, () => {
      return { type: 3 - pick(3), leaf: false };
    });
    chosen.push({ type: pick(3), leaf: pick(5) < 4 });
    const how = pick(2) === 0 ? "firstn" : "indep";
    const steps = [
      { op: "take", item: start.id, item_name: start.name },
      ...chosen.map(({ type, leaf }) => {
        return { op: `choose${leaf ? "leaf" : ""}_${how}`, num: 0, type: types[type] };
      }),
      { op: "emit" },
    ];
    const crush = parseCrush(dumpOf(tree, steps));
    const rule = crush.rules.get(0);
    if (rule === undefined) throw new Error("the rule is gone");
    const expected = [...enumerate(start, chosen)].map(({ id }) => id);
    const { osds, problems } = reachOf(crush, rule);
    const text = JSON.stringify({ tree: dumpOf(tree, steps) });
    expect([...osds.keys()].sort(), text).toEqual(expected.filter((id) => id >= 0).sort());
    const understood = expected.length > 0 && expected.every((id) => id >= 0);
    expect(problems.length === 0, text).toBe(understood);
    if (osds.size > 0) someone++;
  }
  expect(someone).toBeGreaterThan(rounds / 6);
});

test("an OSD is within where every way to it passes a jurisdiction, and only allowed ones", () => {
  const pick = roller(7);
  const seen = { within: 0, outside: 0 };
  for (let round = 0; round < rounds; round++) {
    const tree = randomTree(pick);
    const crush = parseCrush(dumpOf(tree, []));
    const buckets = tree.nodes
      .filter(() => pick(2) === 0)
      .map(({ id, name }) => ({ id, name, jurisdiction: pick(10) < 7 ? "UK" : "AE" }));
    const of = new Map(buckets.map(({ id, jurisdiction }) => [id, jurisdiction]));
    const within = new Places(crush, { buckets }).within(["UK"]);
    for (const osd of tree.osds) {
      const ways = waysTo(tree, osd).map((way) => way.flatMap(({ id }) => of.get(id) ?? []));
      const expected =
        ways.length > 0 && ways.every((way) => way.length > 0 && !way.includes("AE"));
      expect(within[osd.id] === 1, JSON.stringify({ osd: osd.id, buckets, tree })).toBe(expected);
      seen[expected ? "within" : "outside"]++;
    }
  }
  expect(Math.min(seen.within, seen.outside)).toBeGreaterThan(100);
});
