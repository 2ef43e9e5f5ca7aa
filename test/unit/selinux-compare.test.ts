/** Policies told apart by what they say: the hash of their rules, and their differences. */

import * as v from "valibot";
import { expect, test } from "vitest";
import { type CompareFilter, compareFilterSchema } from "../../agent/selinux/loads/answers.ts";
import { compare } from "../../agent/selinux/loads/compare.ts";
import { rulesHash } from "../../agent/selinux/loads/listing.ts";
import { parsePolicy } from "../../agent/selinux/policydb/policy.ts";
import { writePolicy } from "../lib/policy-writer.ts";
import { fullPolicy, TenantPolicy } from "../lib/tenant-policy.ts";

function side(made: TenantPolicy) {
  const bytes = writePolicy(made.model);
  return { policy: parsePolicy(bytes), bytes };
}

function hashOf(made: TenantPolicy): string {
  const { policy, bytes } = side(made);
  return rulesHash(policy, bytes);
}

function differences(
  before: TenantPolicy,
  after: TenantPolicy,
  filter: Partial<CompareFilter> = {},
) {
  return compare(side(before), side(after), v.parse(compareFilterSchema, filter));
}

function changed(change: (policy: TenantPolicy) => void, slots = 2): TenantPolicy {
  const made = new TenantPolicy(slots);
  change(made);
  return made;
}

/** The same policy in other bytes: numbers, order of everything, and states of booleans. */
function written(made: TenantPolicy): TenantPolicy {
  const { model } = made;
  model.types.reverse();
  model.rules.reverse();
  model.filenameTransitions.reverse();
  model.labels.reverse();
  model.conditionals.reverse();
  model.attributes = Object.fromEntries(Object.entries(model.attributes).reverse());
  for (const name of Object.keys(model.booleans)) model.booleans[name] = !model.booleans[name];
  return made;
}

test.each([24, 29, 31, 33, 34, 35])("version %s has one hash, however it is written", (version) => {
  const again = written(fullPolicy(version));
  expect(side(again).bytes).not.toEqual(side(fullPolicy(version)).bytes);
  expect(hashOf(again)).toBe(hashOf(fullPolicy(version)));
});

const mutations: Record<string, (policy: TenantPolicy) => void> = {
  "a type": ({ model }) => model.types.push("more_t"),
  "an alias": ({ model }) => {
    model.aliases.other_t = "etc_t";
  },
  "an attribute": ({ model }) => {
    model.attributes.more = [];
  },
  "a member of an attribute": (policy) => policy.give("daemon_t", "unconfined_domain"),
  "a rule": (policy) => policy.add("allow daemon_t spool_t:file { read };"),
  "a permission of a rule": (policy) =>
    policy.model.rules.find(({ source }) => source === "daemon_t")?.permissions?.push("append"),
  "an audit rule": (policy) => policy.add("dontaudit daemon_t spool_t:file { read };"),
  "a transition": (policy) => policy.add("type_transition daemon_t etc_t:file spool_t;"),
  "a transition by name": (policy) =>
    policy.add('type_transition daemon_t etc_t:file spool_t "passwd";'),
  "a rule under a boolean": (policy) => policy.addIf("on", "allow daemon_t bin_t:file { read }"),
  "a boolean": ({ model }) => {
    model.booleans.third = false;
  },
  "a permissive domain": ({ model }) => model.permissive.push("daemon_t"),
  "a label": ({ model }) => model.labels.push({ kind: "port", name: "", type: "bin_t" }),
  "a role's type": ({ model }) => model.roles.tenant_r?.push("daemon_t"),
  "a rule of roles": ({ model }) => model.roleAllows.push(["tenant_r", "system_r"]),
  "a range transition": ({ model }) =>
    model.rangeTransitions.push({ source: "init_t", target: "bin_t", class: "process" }),
  "handling of the unknown": ({ model }) => {
    model.config = 1;
  },
  "a constraint": ({ model }) => {
    const process = model.classes.find(({ name }) => name === "process");
    if (process) process.constraints = [{ permissions: ["signal"], tokens: ["t1 eq t2"] }];
  },
};

test.each(Object.entries(mutations))("%s more is another hash, and a difference", (_, change) => {
  const [before, after] = [new TenantPolicy(2), changed(change)];
  expect(hashOf(after)).not.toBe(hashOf(before));
  const found = differences(before, after);
  expect(found.same).toBe(false);
  expect(found.total).toBeGreaterThan(0);
  const back = differences(after, before);
  expect(back.counts.map(({ section, added, removed }) => [section, removed, added])).toEqual(
    found.counts.map(({ section, added, removed }) => [section, added, removed]),
  );
});

const harmless = ["a type", "an attribute", "an audit rule", "a boolean", "a constraint"];

test.each(Object.entries(mutations))("%s weakens, or not, as it does", (name, change) => {
  const found = differences(new TenantPolicy(2), changed(change));
  expect(found.weakens.length > 0).toBe(!harmless.includes(name));
  expect(found.rows.some(({ weakens }) => weakens)).toBe(!harmless.includes(name));
});

test("the same policy has no difference, in other bytes either", () => {
  const found = differences(fullPolicy(33), written(fullPolicy(33)), { weakens: true });
  expect(found).toMatchObject({ same: true, weakens: [], rows: [], total: 0 });
});

test("a slot like the others is one slot and gives nobody more", () => {
  const found = differences(new TenantPolicy(2), new TenantPolicy(5));
  expect(found).toMatchObject({ same: false, weakens: [], rows: [], total: 0, counts: [] });
  expect(found.slots).toEqual({ added: [[3, 5]], removed: [] });
  expect(differences(new TenantPolicy(5), new TenantPolicy(2)).slots).toEqual({
    added: [],
    removed: [[3, 5]],
  });
});

test("a slot that may more than the others is listed rule by rule", () => {
  const odd = changed((policy) => policy.add("allow tenant0003_t etc_t:file { write };"), 4);
  const found = differences(new TenantPolicy(2), odd);
  expect(found.slots.added).toEqual([[4, 4]]);
  const texts = found.rows.filter(({ weakens }) => weakens).map(({ text }) => text);
  expect(texts).toContain("allow tenant0003_t etc_t:file { write }");
  expect(found.weakens).not.toEqual([]);
});

test("a slot that a constraint forgot is seen in the constraint", () => {
  const constrained = (count: number, slots: number) =>
    changed(({ model }) => {
      const process = model.classes.find(({ name }) => name === "process");
      const names = Array.from({ length: count }, (_, index) => `tenant000${index + 1}_t`);
      if (process) process.constraints = [{ permissions: ["signal"], tokens: [{ names }] }];
    }, slots);
  expect(differences(constrained(2, 2), constrained(3, 3)).total).toBe(0);
  const [row] = differences(constrained(2, 2), constrained(2, 3), { weakens: true }).rows;
  expect(row).toMatchObject({ section: "constraints", change: "removed" });
});

test("the first policy with slots lists one of them, since there is none to compare it with", () => {
  const found = differences(new TenantPolicy(0), new TenantPolicy(3));
  expect(found.slots.added).toEqual([[2, 3]]);
  const texts = found.rows.map(({ text }) => text);
  expect(texts).toContain("type tenant0001_t");
  expect(texts).not.toContain("type tenant0002_t");
});

test("of a rule that changed, the permissions that did are told", () => {
  const [before, after] = [
    changed((policy) => policy.add("allow daemon_t bin_t:file { read write };")),
    changed((policy) => policy.add("allow daemon_t bin_t:file { read append };")),
  ];
  expect(differences(before, after).rows).toEqual([
    {
      section: "rules",
      change: "added",
      weakens: true,
      text: "allow daemon_t bin_t:file { append }",
    },
    {
      section: "rules",
      change: "removed",
      weakens: false,
      text: "allow daemon_t bin_t:file { write }",
    },
  ]);
});

test("a rule under a boolean is told with its condition", () => {
  const after = changed((policy) =>
    policy.addIf("on off and", "allow daemon_t bin_t:file { read }"),
  );
  const [row] = differences(new TenantPolicy(2), after).rows;
  expect(row?.text).toBe("allow daemon_t bin_t:file { read } if (on and off)");
});

test("pages hold all of it once, and a filter only what was asked for", () => {
  const after = changed((policy) => {
    for (const target of ["bin_t", "spool_t", "proc_t"])
      policy.add(`allow daemon_t ${target}:file { write };`);
    policy.model.types.push("more_t");
  });
  const before = new TenantPolicy(2);
  const texts: string[] = [];
  let cursor = "";
  do {
    const page = differences(before, after, { limit: 3, cursor });
    expect(page.total).toBe(4);
    texts.push(...page.rows.map(({ text }) => text));
    cursor = page.next;
  } while (cursor !== "");
  expect(new Set(texts).size).toBe(4);
  expect(differences(before, after, { section: "types" }).rows).toHaveLength(1);
  expect(differences(before, after, { weakens: true }).total).toBe(3);
});
