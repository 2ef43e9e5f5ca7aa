import { describe, expect, it } from "vitest";
import { slotTypes } from "../../agent/selinux/policy/names.ts";
import { prove } from "../../agent/selinux/proof/prove.ts";
import { slotsOf } from "../../agent/selinux/proof/tenants.ts";
import { leaks } from "../lib/leaks.ts";
import { sharedTypes, TenantPolicy, trustedBase } from "../lib/tenant-policy.ts";

describe("the proof that tenants are apart", () => {
  it("holds for a policy without a leak, and tells what it rests on", () => {
    const policy = new TenantPolicy(3).parse();
    const verdict = prove(policy, { tenants: slotsOf(policy), trustedBase, shared: sharedTypes });
    expect(verdict.violations).toEqual([]);
    expect(verdict).toMatchObject({
      ...{ proved: true, total: 0, totals: {}, trustedBase, shared: sharedTypes },
      policy: { sha256: policy.sha256, version: 33, unknown: "allow" },
      counts: { tenants: 3, tenantTypes: 18, typeRules: 9, conditionalRules: 0 },
      ...{ unneeded: { trustedBase: [], shared: [] }, permissive: [] },
    });
  });

  it("takes every rule that it rests on away by name", () => {
    for (const name of [...trustedBase, ...sharedTypes]) {
      const policy = new TenantPolicy(3).parse();
      const without = (list: readonly string[]) => list.filter((entry) => entry !== name);
      const verdict = prove(policy, {
        tenants: slotsOf(policy),
        ...{ trustedBase: without(trustedBase), shared: without(sharedTypes) },
      });
      expect(verdict.proved, `without ${name}`).toBe(false);
    }
  });

  it("says which names of its lists it does not need", () => {
    const policy = new TenantPolicy(2).parse();
    const verdict = prove(policy, {
      tenants: slotsOf(policy),
      trustedBase: [...trustedBase, "unlabeled_t", "gone_t"],
      shared: [...sharedTypes, "etc_t"],
    });
    expect(verdict).toMatchObject({
      proved: true,
      unneeded: { trustedBase: ["unlabeled_t", "gone_t"], shared: ["etc_t"] },
    });
  });

  it("does not take one tenant's own flows for a leak", () => {
    const policy = new TenantPolicy(2);
    const { container, vm, volume } = slotTypes(1);
    policy.add(`
      allow ${container} spool_t:file { read write };
      allow ${vm} spool_t:file { read write };
      allow daemon_t ${volume}:file { read write };`);
    expect(policy.prove().violations).toEqual([]);
  });

  it("counts all violations and keeps the first ones", () => {
    const policy = new TenantPolicy(3);
    for (let count = 0; count < 60; count++)
      policy.add("allow tenant0001_t tenant0002_t:process { signal };");
    const verdict = policy.prove();
    expect(verdict).toMatchObject({ proved: false, total: 60, totals: { access: 60 } });
    expect(verdict.violations).toHaveLength(50);
  });
});

describe("the proof finds", () => {
  it("more than forty kinds of leaks, none of which is there twice", () => {
    expect(leaks.length).toBeGreaterThan(40);
    expect(new Set(leaks.map(({ name }) => name)).size).toBe(leaks.length);
  });

  it.each(leaks)("$kind: $name", ({ inject, kind, says }) => {
    const policy = new TenantPolicy(3);
    inject(policy);
    const verdict = policy.prove();
    expect(verdict.proved).toBe(false);
    const sentences = verdict.violations.filter((of) => of.kind === kind).map((of) => of.sentence);
    expect(sentences.join("\n")).toContain(says.replace(/;$/, ""));
  });
});
