/** Where volumes of a jurisdiction go, out of the recorded cluster's CRUSH map without its devices. */
import { expect, test } from "vitest";
import { ClusterFacts } from "../../agent/ceph/facts/facts.ts";
import { redundancyOf } from "../../agent/ceph/volumes/classes.ts";
import { bucketOf, isAsMade, requireRoom, staysIn } from "../../agent/ceph/volumes/places.ts";
import { type CrushRule, crushTreeQuestion } from "../../agent/ceph/volumes/question.ts";
import { type Base, baseCluster, bucketOf as itemsOf, unlink } from "../lib/ceph-base.ts";

function treeOf({ crush }: Base) {
  const facts = new ClusterFacts();
  const bytes = new TextEncoder().encode(JSON.stringify(crush));
  facts.put("crush", "2026-11-22T14:00:00.000Z", bytes);
  return crushTreeQuestion.answer(facts);
}

const base = baseCluster();
const tree = treeOf(base);
const uk = bucketOf(tree, base.map, "UK");
const ruleOf = (name: string) => tree.rules.find((rule) => rule.rule_name === name) as CrushRule;

test("no device is handed over, and buckets know what is below them", () => {
  const ids = tree.buckets.flatMap(({ below }) => below);
  expect(ids.length).toBeGreaterThan(0);
  expect(ids.filter((id) => id >= 0)).toEqual([]);
  expect(tree.buckets.filter(({ isEmpty }) => isEmpty)).toEqual([]);
});

test("the bucket of a jurisdiction is found, and which rules stay in it", () => {
  expect(uk.name).toBe("uk");
  expect(staysIn(tree, ruleOf("uk-region"), uk)).toBe(true);
  expect(staysIn(tree, ruleOf("ae-region"), uk)).toBe(false);
  expect(isAsMade(ruleOf("uk-region"), uk, "datacenter")).toBe(true);
  expect(isAsMade(ruleOf("uk-region"), uk, "host")).toBe(false);
});

test("hosts and sites are counted, those without storage left out", () => {
  requireRoom(tree, uk, "UK", redundancyOf["sites-2"]);
  const wanted = redundancyOf["sites-3"];
  expect(() => requireRoom(tree, uk, "UK", wanted)).toThrow("UK has 2 sites with storage");
  const emptied = baseCluster();
  for (const { id } of [...itemsOf(emptied, "manchester").items]) unlink(emptied, id, "manchester");
  const left = treeOf(emptied);
  expect(() => requireRoom(left, uk, "UK", redundancyOf["sites-2"])).toThrow("UK has 1 sites");
});
