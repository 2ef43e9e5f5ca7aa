import { describe, expect, it } from "vitest";
import { ATTRIBUTES, slotTypes } from "../../agent/selinux/policy/names.ts";
import { why } from "../../agent/selinux/proof/why.ts";
import { fullPolicy, TenantPolicy } from "../lib/tenant-policy.ts";

const [one, two] = [slotTypes(1), slotTypes(2)];

describe("why", () => {
  it("names the rule that allows", () => {
    const policy = new TenantPolicy(2).parse();
    expect(why(policy, one.container, one.volume, "file")).toMatchObject({
      ...{ verdict: "allowed", allowed: ["create", "read", "write"], possible: [] },
      rules: [{ source: one.container, target: one.volume, class: "file" }],
    });
  });

  it("names the attributes through which a rule speaks about the two types", () => {
    const policy = new TenantPolicy(2).parse();
    const [rule] = why(policy, "unconfined_t", one.volume, "file").rules;
    expect(rule).toMatchObject({
      ...{ source: "unconfined_domain", sourceAttribute: "unconfined_domain" },
      ...{ target: "file_type", targetAttribute: "file_type" },
    });
    expect(why(policy, one.container, "etc_t", "file").rules[0]).toMatchObject({
      sourceAttribute: ATTRIBUTES.domains,
      target: "etc_t",
    });
  });

  it("finds nothing between two tenants", () => {
    const policy = new TenantPolicy(2).parse();
    for (const target of Object.values(two))
      for (const of of ["file", "process", "dir", "blk_file", "unix_stream_socket"])
        expect(why(policy, one.container, target, of)).toMatchObject({
          ...{ verdict: "refused", allowed: [], possible: [], rules: [], changes: [] },
        });
  });

  it("names the boolean that would allow", () => {
    const policy = fullPolicy(33).parse();
    expect(why(policy, "daemon_t", "bin_t", "file")).toMatchObject({
      ...{ verdict: "boolean", allowed: [], possible: ["execute"] },
      rules: [{ condition: { text: "off", whenTrue: true, active: false } }],
    });
    expect(why(policy, "daemon_t", "spool_t", "file")).toMatchObject({ verdict: "allowed" });
  });

  it("says which constraint refuses and which one depends on more than the types", () => {
    const built = fullPolicy(33);
    built.add("allow daemon_t init_t:process { transition signal }");
    built.add("allow init_t daemon_t:process { transition signal }");
    built.add("allow init_t helper_t:process { transition signal }");
    const policy = built.parse();
    const byType = {
      permissions: ["transition"],
      expression: "((t1 eq t2) or (t1 eq { init_t }))",
    };
    const byLevel = {
      permissions: ["signal"],
      expression: "((h1 dom h2) and (not (t1 eq { daemon_t })))",
    };
    expect(why(policy, "daemon_t", "init_t", "process").constraints).toEqual([
      { ...byType, effect: "refuses" },
      { ...byLevel, effect: "refuses" },
    ]);
    expect(why(policy, "init_t", "helper_t", "process").constraints).toEqual([
      { ...byLevel, effect: "depends" },
    ]);
  });

  it("tells what a new object becomes", () => {
    const policy = new TenantPolicy(2).parse();
    expect(why(policy, one.container, "tmpfs_t", "file").changes).toEqual([
      { rule: "type_transition", newType: one.run },
    ]);
  });

  it("answers about the type that an alias stands for, and says what is permissive", () => {
    const policy = fullPolicy(33).parse();
    expect(why(policy, "helper_t", "journal_t", "file")).toMatchObject({
      ...{ target: "daemon_log_t", verdict: "permissive", allowed: ["read"] },
    });
  });

  it("refuses names that the policy does not have, and attributes", () => {
    const policy = new TenantPolicy(1).parse();
    const ask =
      (...names: [string, string, string]) =>
      () =>
        why(policy, ...names);
    expect(ask("gone_t", "etc_t", "file")).toThrow("the policy has no type gone_t");
    expect(ask("etc_t", "gone_t", "file")).toThrow("the policy has no type gone_t");
    expect(ask("etc_t", "etc_t", "cup")).toThrow("the policy has no class cup");
    expect(ask("domain", "etc_t", "file")).toThrow("domain is an attribute: name one of its types");
  });
});
