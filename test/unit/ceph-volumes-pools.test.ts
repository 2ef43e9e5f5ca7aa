/** Making a pool while another round, or the agent of another node, makes it too. */
import { expect, test } from "vitest";
import { DsecosError } from "../../agent/bus/errors.ts";
import { ClusterFacts } from "../../agent/ceph/facts/facts.ts";
import type { Ceph } from "../../agent/ceph/link/types.ts";
import { poolName, redundancyOf, ruleName } from "../../agent/ceph/volumes/classes.ts";
import { Pools } from "../../agent/ceph/volumes/pools.ts";
import { type CrushTree, crushTreeQuestion } from "../../agent/ceph/volumes/question.ts";
import { baseCluster } from "../lib/ceph-base.ts";

const base = baseCluster();
const pool = poolName("UK", "sites-2", "file");
const name = ruleName("UK", "sites-2");

/** The recorded cluster, with the rule of the pool or without it. */
function treeOf(isRuled: boolean): CrushTree {
  const facts = new ClusterFacts();
  const bytes = new TextEncoder().encode(JSON.stringify(base.crush));
  facts.put("crush", "2026-11-23T08:00:00.000Z", bytes);
  const tree = crushTreeQuestion.answer(facts);
  const like = tree.rules.find(({ rule_name }) => rule_name === "uk-region");
  if (like === undefined) throw new Error("the recorded cluster has no rule uk-region");
  const rule = { ...like, rule_id: 99, rule_name: name };
  return { ...tree, rules: isRuled ? [...tree.rules, rule] : tree.rules };
}

/** A fake of a cluster in which somebody else is as quick. @param as what their pool is like */
function bed(as?: object) {
  let there = false;
  const made: string[] = [];
  const { copies, least } = redundancyOf["sites-2"];
  const found = { pool_name: pool, crush_rule: 99, size: copies, min_size: least, ...as };
  const mon: Ceph["mon"] = async (prefix) => {
    if (prefix === "osd pool ls") return there ? [found] : [];
    made.push(prefix);
    return "";
  };
  const pools = new Pools({
    ceph: { mon },
    crush: async () => treeOf(there),
    map: async () => base.map,
    breaches: async () => {
      there = as !== undefined;
      return ["a pool's name is there twice"];
    },
    record: async () => undefined,
  });
  return { ready: () => pools.ready("UK", "sites-2", "file"), made };
}

test("the pool that the other made is taken as it is", async () => {
  const { ready, made } = bed({});
  expect(await ready()).toMatchObject({ pool, before: { pool_name: pool } });
  expect(made).toEqual([]);
});

test("unless it is not as it has to be", async () => {
  await expect(bed({ size: 1 }).ready()).rejects.toThrow(`The pool ${pool} does not have`);
});

test("what speaks against it is told where nobody else made it", async () => {
  const refused = bed().ready();
  await expect(refused).rejects.toThrow(DsecosError);
  await expect(refused).rejects.toThrow("there twice");
});
