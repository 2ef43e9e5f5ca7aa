/** Ways out by what its rule could choose. */
import { type Base, poolOf, ruleOf } from "../ceph-base.ts";
import { dubai, type Leak, region, retake } from "./acts.ts";

export const rules: Leak[] = [
  {
    name: "a rule takes the root",
    verdict: "violated",
    leave: (base) => retake(base, -1, "default"),
  },
  {
    name: "a rule takes another region",
    verdict: "violated",
    leave: (base) => retake(base, -25, "ae"),
  },
  {
    name: "a rule takes one OSD elsewhere",
    verdict: "violated",
    leave: (base) => {
      ruleOf(base, region).steps = [
        { op: "take", item: dubai, item_name: "osd.3" },
        { op: "emit" },
      ];
    },
  },
  {
    name: "a rule takes a second region for later copies",
    verdict: "violated",
    leave: (base) => {
      ruleOf(base, region).steps.push(
        { op: "take", item: -11, item_name: "eu" },
        { op: "chooseleaf_firstn", num: -1, type: "host" },
        { op: "emit" },
      );
    },
  },
  {
    name: "a rule chooses among regions first",
    verdict: "violated",
    leave: (base) => {
      const { steps } = ruleOf(base, region);
      steps.splice(
        0,
        1,
        { op: "take", item: -1, item_name: "default" },
        {
          op: "choose_firstn",
          num: 1,
          type: "region",
        },
      );
    },
  },
  {
    name: "a rule takes the root's devices of one class",
    pool: "tenants-uk-hdd",
    verdict: "violated",
    leave: (base) => {
      Object.assign(ruleOf(base, "uk-hdd").steps[0] ?? {}, { item: -2, item_name: "default~hdd" });
    },
  },
  {
    name: "an erasure coded pool's rule takes the root",
    pool: "tenants-uk-ec",
    verdict: "violated",
    leave: (base) => {
      Object.assign(ruleOf(base, "uk-ec").steps[2] ?? {}, { item: -1, item_name: "default" });
    },
  },
  {
    name: "a rule has a step of a later Ceph",
    verdict: "unknown",
    leave: (base) => step(base, { op: "choose_msr", num: 0, type: "host" }),
  },
  {
    name: "a rule has a step without a name",
    verdict: "unknown",
    leave: (base) => step(base, { opcode: 16, arg1: 0, arg2: 1 }),
  },
  {
    name: "a rule has a step that is nothing",
    verdict: "unknown",
    leave: (base) => step(base, {}),
  },
  {
    name: "a rule takes a bucket under another's name",
    verdict: "unknown",
    leave: (base) => Object.assign(ruleOf(base, region).steps[0] ?? {}, { item_name: "ae" }),
  },
  {
    name: "a rule chooses a type that is not defined",
    verdict: "unknown",
    leave: (base) => Object.assign(ruleOf(base, region).steps[1] ?? {}, { type: "continent" }),
  },
  {
    name: "a rule hands out buckets",
    verdict: "unknown",
    leave: (base) => Object.assign(ruleOf(base, region).steps[1] ?? {}, { op: "choose_firstn" }),
  },
  {
    name: "a rule hands nothing out",
    verdict: "unknown",
    leave: (base) => ruleOf(base, region).steps.pop(),
  },
  {
    name: "a rule of several steps at once, of a later kind",
    verdict: "unknown",
    leave: (base) => Object.assign(ruleOf(base, region), { type: 4 }),
  },
  {
    name: "a rule has a member of a later Ceph",
    verdict: "unknown",
    leave: (base) => Object.assign(ruleOf(base, region), { site: "dubai" }),
  },
  {
    name: "a pool has another rule",
    verdict: "violated",
    leave: (base) => Object.assign(poolOf(base, "tenants-uk"), { crush_rule: 0 }),
  },
  {
    name: "a pool has a rule that is not there",
    verdict: "unknown",
    leave: (base) => Object.assign(poolOf(base, "tenants-uk"), { crush_rule: 77 }),
  },
  {
    name: "a pool has a rule of another kind",
    verdict: "unknown",
    leave: (base) => Object.assign(poolOf(base, "tenants-uk"), { crush_rule: 2 }),
  },
  {
    name: "a pool is of a kind that is not known",
    verdict: "unknown",
    leave: (base) => Object.assign(poolOf(base, "tenants-uk"), { type: 2 }),
  },
  {
    name: "a rule's ruleset is another",
    verdict: "unknown",
    leave: (base) => Object.assign(ruleOf(base, region), { ruleset: 9 }),
  },
  {
    name: "another rule has the ruleset, too",
    verdict: "unknown",
    leave: (base) => Object.assign(ruleOf(base, "replicated_rule"), { ruleset: 1 }),
  },
  {
    name: "two rules have one id",
    verdict: "unknown",
    leave: (base) => Object.assign(ruleOf(base, "ae-region"), { rule_id: 1 }),
  },
];

function step(base: Base, one: Record<string, unknown>): void {
  ruleOf(base, region).steps.splice(1, 0, one);
}
