/** That a change which would let data leave is told before it is made, and no other is. */
import { expect, test } from "vitest";
import type { Change } from "../../agent/ceph/residency/changes.ts";
import { breaches } from "../../agent/ceph/residency/gate.ts";
import { demandsOf } from "../../agent/ceph/residency/map/document.ts";
import { type Base, baseCluster, evidenceOf, poolOf } from "../lib/ceph-base.ts";

function against(changes: Change[], base: Base = baseCluster()): string[] {
  return breaches(evidenceOf(base), base.map, demandsOf(base.map), changes);
}

const makeRule = (bucket: string): Change => {
  return { act: "makeRule", rule: "new", bucket, domain: "host" };
};
const makePool = (rule: string): Change => {
  return { act: "makePool", pool: "volumes", rule, copies: 2, allowed: ["UK"] };
};

const wrong: [string, Change[], RegExp][] = [
  [
    "a pool gets a rule of another region",
    [{ act: "ruleOfPool", pool: "tenants-uk", rule: "ae-region" }],
    /^Data of tenants-uk must stay in UK: Rule ae-region could choose osd\.\d, which is in AE\.$/,
  ],
  [
    "a pool gets a rule of all regions",
    [{ act: "ruleOfPool", pool: "tenants-uk", rule: "replicated_rule" }],
    /could choose osd\.\d, which is in/,
  ],
  [
    "a host with data is moved elsewhere",
    [{ act: "move", item: "lon-01", into: "dubai" }],
    /is on osd\.\d, which is in AE/,
  ],
  ["a region is moved into another", [{ act: "move", item: "uk", into: "ae" }], /which is in AE/],
  ["an OSD is moved", [{ act: "move", item: "osd.0", into: "dxb-01" }], /which is in AE/],
  [
    "a group is given an OSD elsewhere",
    [{ act: "upmap", pg: "4.0", osds: [0, 3] }],
    /4\.0 is given osd\.3 by upmap, which is in AE/,
  ],
  [
    "a pool is made on a rule of all regions",
    [makePool("replicated_rule")],
    /Data of volumes must/,
  ],
  ["a pool is made on a new rule elsewhere", [makeRule("eu"), makePool("new")], /which is in EU/],
  ["a pool is made on no rule", [makePool("none")], /not understood: there is no rule none/],
  ["what is moved is not there", [{ act: "move", item: "oslo", into: "uk" }], /no bucket oslo/],
];

test.each(wrong)("%s: refused", (_what, changes, why) => {
  expect(against(changes).join("\n")).toMatch(new RegExp(why, "m"));
});

const right: [string, Change[]][] = [
  ["nothing is changed", []],
  ["a pool gets a rule of its region", [{ act: "ruleOfPool", pool: "tenants-uk", rule: "uk-hdd" }]],
  ["a host moves within its region", [{ act: "move", item: "lon-01", into: "manchester" }]],
  ["an OSD moves within its region", [{ act: "move", item: "osd.0", into: "man-01" }]],
  ["a region is moved to where it is", [{ act: "move", item: "uk", into: "default" }]],
  ["a group is given an OSD of its region", [{ act: "upmap", pg: "4.0", osds: [0, 1] }]],
  [
    "a pool that nobody signed for gets another rule",
    [{ act: "ruleOfPool", pool: "cephfs.fs.data", rule: "ae-region" }],
  ],
  ["a pool is made on a rule of its region", [makePool("uk-region")]],
  ["a pool is made on a new rule of its region", [makeRule("uk"), makePool("new")]],
];

test.each(right)("%s: nothing speaks against it", (_what, changes) => {
  expect(against(changes)).toEqual([]);
});

test("what is wrong already holds nothing up that puts it right", () => {
  const base = baseCluster();
  poolOf(base, "tenants-uk").crush_rule = 0;
  expect(against([{ act: "move", item: "lon-01", into: "manchester" }], base)).toEqual([]);
  expect(against([{ act: "ruleOfPool", pool: "tenants-uk", rule: "uk-region" }], base)).toEqual([]);
  expect(against([{ act: "move", item: "lon-01", into: "dubai" }], base)).not.toEqual([]);
});
