/** Pools and placement rules, of the recorded cluster whose pools are ruled to the UK and one to the UAE. */
import { expect, test } from "vitest";
import { ClusterFacts } from "../../agent/ceph/facts/facts.ts";
import type { FactName } from "../../agent/ceph/facts/sources.ts";
import { mostRules, type PoolFilter, type RuleFilter } from "../../agent/ceph/pools/answers.ts";
import { poolsQuestion, rulesQuestion } from "../../agent/ceph/pools/question.ts";
import { stepWords } from "../../agent/ceph/pools/steps.ts";
import { type Base, baseCluster, bucketOf, poolOf, ruleOf, unlink } from "../lib/ceph-base.ts";

const anyPool: PoolFilter = {
  ...{ search: "", troubled: false, sort: "name", descending: false, cursor: "", limit: 100 },
};
const anyRule: RuleFilter = {
  ...{ search: "", unused: false, sort: "name", descending: false, cursor: "", limit: 100 },
};
const room = { total_bytes: 8, total_avail_bytes: 8, total_used_raw_bytes: 0 };

function factsOf(base: Base, more: Partial<Record<FactName, unknown>> = {}): ClusterFacts {
  const facts = new ClusterFacts();
  const df = { stats: room, pools: [] };
  for (const [name, value] of Object.entries({
    osdmap: base.osdmap,
    crush: base.crush,
    df,
    ...more,
  })) {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    facts.put(name as FactName, "2026-11-22T14:00:00.000Z", bytes);
  }
  return facts;
}

const known = ({ map }: Base) => ({ map, mapProblem: "" });

function rulesIn(base: Base, filter: Partial<RuleFilter> = {}) {
  const ask = { filter: { ...anyRule, ...filter }, ...known(base) };
  return rulesQuestion.answer(factsOf(base), ask);
}

function poolsIn(base: Base, filter: Partial<PoolFilter> = {}, more = {}) {
  const proof = { pools: [{ id: 4, allowed: ["UK"], verdict: "violated" as const }] };
  const ask = { filter: { ...anyPool, ...filter }, proof, ...known(base) };
  return poolsQuestion.answer(factsOf(base, more), ask);
}

test("rules say where they reach, what they do, who uses them and how many there are of 256", () => {
  const page = rulesIn(baseCluster());
  const byName = new Map(page.rows.map((row) => [row.name, row]));
  expect(byName.get("uk-region")).toMatchObject({
    ...{ kind: "replicated", osds: 4, jurisdictions: ["UK"], certain: true, problems: [] },
    ...{ pools: ["tenants-uk"], poolCount: 1 },
    steps: [
      ...["Begin at uk.", "Choose as many sites as there are copies, and one OSD in each."],
      "Use what was chosen.",
    ],
  });
  expect(byName.get("uk-ec")?.kind).toBe("erasure");
  expect(byName.get("uk-hdd")?.steps[0]).toBe("Begin at uk, on devices of the class hdd alone.");
  expect(byName.get("ae-region")?.jurisdictions).toEqual(["AE"]);
  const everywhere = byName.get("replicated_rule");
  expect(everywhere).toMatchObject({ osds: 8, jurisdictions: ["AE", "EU", "UK"], certain: true });
  expect(page).toMatchObject({ count: page.total, most: mostRules, missing: [] });
  expect(mostRules).toBe(256);
});

test("what no pool uses is counted and can be asked for alone", () => {
  const base = baseCluster();
  base.osdmap.pools = base.osdmap.pools.filter(({ pool_name }) => pool_name !== "tenants-ae");
  const page = rulesIn(base, { unused: true });
  expect(page.rows.map(({ name }) => name)).toContain("ae-region");
  expect(page.rows.every(({ poolCount }) => poolCount === 0)).toBe(true);
  expect(page.unused).toBe(page.total);
  expect(rulesIn(base, { search: "TENANTS-uk-ec" }).rows.map(({ name }) => name)).toEqual([
    "uk-ec",
  ]);
});

test("a rule is not certain with a step, a bucket or an OSD that nobody can place", () => {
  const certain = (base: Base) => {
    const row = rulesIn(base).rows.find(({ name }) => name === "uk-region");
    return [row?.certain, row?.problems.length];
  };
  const step = baseCluster();
  ruleOf(step, "uk-region").steps.splice(1, 0, { op: "choose_msr", num: 0, type: "host" });
  expect(certain(step)).toEqual([false, 1]);
  const renamed = baseCluster();
  bucketOf(renamed, "uk").name = "gb";
  for (const { steps } of renamed.crush.rules) {
    for (const each of steps) if (each.item_name === "uk") each.item_name = "gb";
  }
  expect(certain(renamed)).toEqual([false, 0]);
  const bare = baseCluster();
  bare.map.buckets = [];
  expect(rulesIn(bare).rows.every((row) => !row.certain && row.jurisdictions.length === 0)).toBe(
    true,
  );
});

test("without a map that can be believed nothing is certain, and the page says why", () => {
  const base = baseCluster();
  const page = rulesQuestion.answer(factsOf(base), {
    ...{ filter: anyRule, map: null, mapProblem: "There is no map." },
  });
  expect(page.missing).toEqual(["There is no map."]);
  expect(page.rows.every((row) => !row.certain && row.jurisdictions.length === 0)).toBe(true);
  const odd = baseCluster();
  unlink(odd, 0, "lon-01");
  bucketOf(odd, "lon-01").alg = "new";
  const unread = rulesIn(odd);
  expect(unread.missing.join()).toContain("is not understood");
  expect(unread.rows.some(({ certain }) => certain)).toBe(false);
});

test("pools tell their rule, their verdict and what puts their data at risk", () => {
  const base = baseCluster();
  Object.assign(poolOf(base, "tenants-uk"), {
    ...{ min_size: 1, flags_names: "hashpspool,nodelete,noscrub", quota_max_objects: 7 },
    ...{ application_metadata: { rbd: {} }, pg_autoscale_mode: "warn", pg_num_target: 16 },
  });
  Object.assign(poolOf(base, "tenants-ae"), { crush_rule: 99, size: 1, application_metadata: {} });
  const autoscale = [{ pool_id: 4, pg_num_final: 32, would_adjust: true }];
  const page = poolsIn(base, {}, { autoscale });
  const byName = new Map(page.rows.map((row) => [row.name, row]));
  expect(byName.get("tenants-uk")).toMatchObject({
    ...{ jurisdictions: ["UK"], certain: true, verdict: "violated", allowed: ["UK"] },
    ...{ autoscale: "warn", pgs: 8, pgsTarget: 16, pgsAdvised: 32, quotaObjects: 7 },
    flags: ["hashpspool", "nodelete", "noscrub"],
    troubles: [
      expect.stringContaining("outside UK"),
      expect.stringContaining("ceph osd pool set tenants-uk min_size 2"),
      expect.stringContaining("not scrubbed"),
    ],
  });
  expect(byName.get("tenants-ae")?.troubles.map((trouble) => trouble.slice(0, 21))).toEqual([
    ...["Its placement rule is", "It has one copy, and ", "Nobody said what it i"],
  ]);
  expect(byName.get("tenants-uk-ec")).toMatchObject({ verdict: "undemanded", pgsAdvised: null });
  expect(poolsIn(base, { troubled: true, search: "nodelete" }).rows).toHaveLength(1);
});

test("pages of pools go on where the one before ended, in the order that was asked for", () => {
  const base = baseCluster();
  const names: string[] = [];
  for (let cursor = "", ended = false; !ended; ) {
    const page = poolsIn(base, { cursor, limit: 2, descending: true });
    names.push(...page.rows.map(({ name }) => name));
    cursor = page.next;
    ended = cursor === "";
  }
  expect(names).toEqual(
    base.osdmap.pools
      .map(({ pool_name }) => pool_name)
      .sort()
      .reverse(),
  );
});

test.each([
  [{ op: "choose_indep", num: 3, type: "osd" }, "Choose 3 OSDs; each part keeps its place"],
  [
    { op: "choose_firstn", num: -1, type: "rack" },
    "Choose as many racks as there are copies but 1.",
  ],
  [{ op: "chooseleaf_firstn", num: 1, type: "host" }, "Choose 1 host, and one OSD in each."],
  [{ op: "set_choose_tries", num: 100 }, "Try up to 100 times to find each."],
  [{ op: "set_chooseleaf_tries", num: 5 }, "Try up to 5 times to find an OSD in each."],
  [{ op: "wander" }, "A step that is not known here: wander."],
])("a step %o is told in words", (step, words) => {
  expect(stepWords(step)).toContain(words);
});
