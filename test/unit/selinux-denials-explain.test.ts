/** Why something was denied, from a policy with two tenants and a small host. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { sharedTypes } from "../../agent/selinux/assumptions.ts";
import { type ExplainFacts, explainDenial } from "../../agent/selinux/denials/explain.ts";
import { type DenialGroup, DenialGroups } from "../../agent/selinux/denials/groups.ts";
import { closedTypes, sharedWithTenants } from "../../agent/selinux/denials/guard.ts";
import { DenialLines } from "../../agent/selinux/denials/lines.ts";
import type { Culprit } from "../../agent/selinux/labels/culprits.ts";
import { ATTRIBUTES } from "../../agent/selinux/policy/names.ts";
import { TenantPolicy } from "../lib/tenant-policy.ts";

interface Asked {
  source: string;
  target: string;
  kind?: string;
  permissions?: string;
  fields?: string;
  decision?: string;
}

function groupOf({
  source,
  target,
  kind = "file",
  permissions = "read",
  ...more
}: Asked): DenialGroup {
  const { fields = "", decision = "denied" } = more;
  const groups = new DenialGroups();
  const reader = new DenialLines((finding) => {
    if (finding.what === "denial") groups.add(finding);
  });
  const context = (text: string) => (text.includes(":") ? text : `${text}:s0`);
  reader.line(
    `type=AVC msg=audit(1795285266.788:124): avc:  ${decision}  { ${permissions} } for  pid=624 comm="x" ${fields} scontext=system_u:system_r:${context(source)} tcontext=system_u:object_r:${context(target)} tclass=${kind} permissive=0`,
  );
  reader.end();
  const [group] = groups.list();
  if (group === undefined) throw new Error("no denial");
  return group;
}

function tenants(): TenantPolicy {
  const policy = new TenantPolicy(2);
  policy.model.classes.push({
    name: "tcp_socket",
    common: "socket",
    permissions: ["name_bind", "name_connect"],
  });
  return policy;
}

function explained(asked: Asked, policy = tenants(), facts: Partial<ExplainFacts> = {}) {
  return explainDenial(groupOf(asked), { policy: policy.parse(), ...facts });
}

test("between tenants: isolation at work, an alarm, and nothing is offered", () => {
  const found = explained({ source: "tenant0001_t", target: "tenant0002_vol_t" }, tenants(), {
    tenantOf: (slot) => ["", "defense", "finance"][slot],
  });
  expect(found).toMatchObject({ cause: "isolation", alarm: true });
  expect(found.text).toContain("tenant defense, what it reached for to tenant finance");
  expect(found).not.toHaveProperty("fix");
  // The same categories, or none, make no difference; nor does a policy that would allow it.
  const leak = tenants();
  leak.add("allow tenant0001_t tenant0002_vol_t:file { read };");
  for (const policy of [tenants(), leak])
    expect(
      explained({ source: "tenant0001_t:s0:c1", target: "tenant0002_vol_t:s0:c1" }, policy).cause,
    ).toBe("isolation");
});

test("what is refused to a tenant on purpose gets no draft", () => {
  const cases: [string, string, string, string][] = [
    ["tenant0001_t", "init_t", "process", "signal"],
    ["tenant0001_t", "etc_t", "file", "write"],
    ["tenant0001_t", "security_t", "security", "setenforce"],
    ["tenant0001_t", "tenant0001_t", "capability", "sys_admin"],
    ["tenant0001_t", "tenant0001_img_t", "blk_file", "read"],
    ["tenant0001_vm_t", "tenant0001_file_t", "file", "read"],
    ["tenant0001_t", "tenant0001_vol_t", "file", "execute"],
    ["tenant0001_t", "tenant0001_vol_t", "file", "relabelto"],
    ["daemon_t", "tenant0001_t", "process", "transition"],
  ];
  for (const [source, target, kind, permissions] of cases) {
    const found = explained({ source, target, kind, permissions });
    expect(found, `${source} ${target}`).toMatchObject({ cause: "isolation", alarm: true });
    expect(found.fix).toBeUndefined();
  }
});

test("what the compiler's proof keeps from tenants gets no draft", () => {
  const proof = readFileSync(
    resolve(import.meta.dirname, "../../policies/selinux/base/proof.cil"),
    "utf8",
  );
  const [closed = ""] = /typeattributeset dsecos_closed[^;]*?_t\)/.exec(proof) ?? [];
  const types = closed.match(/\b[a-z_]+_t\b/g) ?? [];
  expect(types.length).toBeGreaterThan(8);
  expect(types.filter((type) => !closedTypes.has(type))).toEqual([]);
  expect(sharedTypes.filter((type) => !sharedWithTenants.has(type))).toEqual([]);
  const policy = tenants();
  policy.model.types.push("tty_device_t");
  policy.model.attributes.device_node = ["tty_device_t", "null_device_t"];
  const device = { source: "tenant0001_t", kind: "chr_file", permissions: "ioctl" };
  expect(explained({ ...device, target: "tty_device_t" }, policy).cause).toBe("isolation");
  expect(explained({ ...device, target: "null_device_t" }, policy).cause).toBe("rule");
});

test("another instance of the same tenant", () => {
  const found = explained({
    source: "tenant0001_t:s0:c1,c2",
    target: "tenant0001_vol_t:s0:c1,c3",
  });
  expect(found).toMatchObject({ cause: "instance", alarm: false });
  expect(found.text).not.toContain("either");
  expect(found.fix).toBeUndefined();
  const neither = explained({
    source: "tenant0001_t:s0:c1,c2",
    target: "tenant0001_vol_t:s0:c1,c3",
    permissions: "lock",
  });
  expect(neither.text).toContain("No rule would allow it within one instance either.");
});

test("a wrong label, when it is that of the denial", () => {
  const file: Culprit = {
    path: "/var/log/daemon",
    found: "system_u:object_r:tmpfs_t:s0",
    restored: "system_u:object_r:daemon_log_t:s0",
  };
  const asked = { source: "daemon_t", target: "tmpfs_t", fields: 'path="/var/log/daemon"' };
  expect(explained(asked, tenants(), { mislabelled: [file] })).toMatchObject({
    cause: "label",
    text: expect.stringContaining("With that label it is allowed."),
    fix: { kind: "restore", files: [file] },
  });
  const other = { ...file, restored: "system_u:object_r:spool_t:s0" };
  expect(explained(asked, tenants(), { mislabelled: [other] }).text).toContain("still be refused");
  for (const file of [
    { ...other, path: "/elsewhere" },
    { ...other, found: "system_u:object_r:etc_t:s0" },
  ])
    expect(explained(asked, tenants(), { mislabelled: [file] }).cause).toBe("rule");
  const unlabeled = explained({
    source: "daemon_t",
    target: "unlabeled_t",
    fields: 'trawcon="u:object_r:tenant0009_vol_t:s0"',
  });
  expect(unlabeled.cause).toBe("label");
  const own: Culprit = {
    path: "/var/lib/incus/storage-pools/tenant0001/custom/data/file",
    found: "system_u:object_r:spool_t:s0",
    restored: "system_u:object_r:tenant0001_vol_t:s0",
  };
  const inside = { source: "tenant0001_t", permissions: "write", fields: 'path="/data/file"' };
  const host = { ...inside, target: "spool_t" };
  expect(explained(host)).toMatchObject({ cause: "isolation" });
  expect(explained(host, tenants(), { mislabelled: [own] })).toMatchObject({
    cause: "label",
    fix: { kind: "restore", files: [own] },
  });
  // Another tenant's type stays an alarm, and so does what would be restored to another's.
  const theirs = { ...own, found: "system_u:object_r:tenant0002_vol_t:s0" };
  const foreign = explained({ ...inside, target: "tenant0002_vol_t" }, tenants(), {
    mislabelled: [theirs],
  });
  expect(foreign).toMatchObject({ cause: "isolation", alarm: true });
  const restored = { ...own, restored: "system_u:object_r:tenant0002_vol_t:s0" };
  expect(explained(host, tenants(), { mislabelled: [restored] }).cause).toBe("isolation");
});

test("booleans that are off, or on, with all that they open, the narrowest first", () => {
  const policy = tenants();
  policy.addIf(
    "off",
    "allow daemon_t spool_t:file { read write }; allow helper_t etc_t:file { read }",
  );
  policy.addIf("on", "", "allow daemon_t bin_t:file { execute }");
  policy.addIf("on off and", "allow daemon_t proc_t:file { write }");
  policy.addIf("on not", "allow daemon_t spool_t:file { read }");
  expect(explained({ source: "daemon_t", target: "spool_t" }, policy)).toMatchObject({
    cause: "boolean",
    text: expect.stringContaining("Of 2 that would do, this one opens least."),
    fix: {
      kind: "boolean",
      choices: [
        { condition: "(not on)", becomes: true, set: { name: "on", value: false } },
        {
          becomes: true,
          set: { name: "off", value: true },
          opens: {
            rules: 2,
            examples: expect.arrayContaining(["allow helper_t etc_t:file { read };"]),
          },
        },
      ],
    },
  });
  const asked = { source: "daemon_t", target: "bin_t", permissions: "execute" };
  expect(explained(asked, policy)).toMatchObject({
    text: expect.stringContaining("the boolean on is on"),
    fix: { choices: [{ becomes: false, set: { name: "on", value: false }, opens: { rules: 1 } }] },
  });
  const two = explained({ source: "daemon_t", target: "proc_t", permissions: "write" }, policy);
  expect(two.fix).toEqual({
    kind: "boolean",
    choices: [
      {
        condition: "(on and off)",
        becomes: true,
        opens: { rules: 1, pairs: 1, examples: ["allow daemon_t proc_t:file { write };"] },
      },
    ],
  });
  // One that would give only a part of it is no remedy.
  const part = { source: "daemon_t", target: "spool_t", permissions: "read rename" };
  expect(explained(part, policy).cause).toBe("rule");
});

test("a constraint, decided by the contexts of the denial", () => {
  const policy = tenants();
  const file = policy.model.classes.find(({ name }) => name === "file");
  if (file === undefined) throw new Error("no class");
  file.constraints = [
    { permissions: ["read"], tokens: ["h1 dom h2", { names: ["init_t"] }, "or"] },
    { permissions: ["write"], tokens: ["t1 eq t2"] },
  ];
  const asked = { source: "daemon_t:s0:c1", target: "daemon_log_t:s0:c1,c2" };
  const found = explained(asked, policy);
  expect(found).toMatchObject({ cause: "constraint", alarm: false });
  expect(found.text).toContain("(h1 dom h2)");
  expect(found.text).toContain("levels");
  expect(found.fix).toBeUndefined();
  // A rule for the rest would not help.
  expect(explained({ ...asked, permissions: "read lock" }, policy).cause).toBe("constraint");
  expect(explained({ ...asked, source: "init_t:s0" }, policy).cause).toBe("rule");
  policy.add("allow init_t daemon_log_t:file { read };");
  expect(explained({ ...asked, source: "init_t:s0" }, policy).cause).toBe("allowed");
  expect(explained({ ...asked, source: "daemon_t:s0:c0.c9" }, policy).cause).toBe("allowed");
  expect(explained({ ...asked, permissions: "write" }, policy).text).toContain("(t1 eq t2)");
});

test("a port of another type", () => {
  const policy = tenants();
  policy.model.types.push("http_port_t", "any_port_t", "other_port_t");
  policy.model.labels.push(
    ...["http_port_t", "any_port_t", "other_port_t"].map((type) => ({
      kind: "port" as const,
      name: "",
      type,
    })),
  );
  policy.add(`
    allow daemon_t http_port_t:tcp_socket { name_bind };
    allow domain any_port_t:tcp_socket { name_bind }`);
  const bind = { kind: "tcp_socket", permissions: "name_bind", fields: "src=8443" };
  expect(explained({ source: "daemon_t", target: "other_port_t", ...bind }, policy)).toMatchObject({
    cause: "port",
    text: expect.stringContaining("may not listen on port 8443"),
    fix: {
      kind: "port",
      choices: [
        {
          type: "http_port_t",
          ports: ["tcp 2"],
          domains: 1,
          cil: "(portcon tcp 8443 (system_u object_r http_port_t ((s0) (s0))))",
        },
        { type: "any_port_t", domains: 9 },
      ],
    },
  });
  const connect = { ...bind, permissions: "name_connect", fields: "dest=8443" };
  expect(explained({ source: "daemon_t", target: "other_port_t", ...connect }, policy).cause).toBe(
    "rule",
  );
});

test("a missing rule: a draft in CIL, and what it would open", () => {
  const host = explained({ source: "daemon_t", target: "spool_t", permissions: "read write" });
  expect(host).toMatchObject({
    cause: "rule",
    fix: {
      kind: "rule",
      cil: "(allow daemon_t spool_t (file (read write)))",
      place: "host",
      opens: { attributes: [], sourceCount: 1, targetCount: 1 },
    },
  });
  // What a rule gives already is not in the draft.
  const rest = explained({ source: "daemon_t", target: "etc_t", permissions: "getattr read" });
  expect(rest.fix).toMatchObject({ cil: "(allow daemon_t etc_t (file (getattr)))" });
  const reads = explained({ source: "tenant0001_t", target: "bin_t", permissions: "getattr" });
  expect(reads.fix).toMatchObject({
    cil: `(allow ${ATTRIBUTES.containers} bin_t (file (getattr)))`,
    place: "tenants",
    opens: {
      attributes: [ATTRIBUTES.containers],
      sources: ["tenant0001_t", "tenant0002_t"],
      targets: ["bin_t"],
      text: `2 types (${ATTRIBUTES.containers}) get the right to bin_t.`,
    },
  });
  const own = explained({
    source: "tenant0001_t",
    target: "tenant0001_vol_t",
    permissions: "lock",
  });
  expect(own.fix).toMatchObject({
    cil: "(allow CONTAINER VOLUME (file (lock)))",
    opens: { sourceCount: 2, targetCount: 2 },
  });
  expect(own.text).toContain("to its own tenant's types");
  const self = explained({
    ...{ source: "tenant0001_t", target: "tenant0001_t" },
    ...{ kind: "unix_stream_socket", permissions: "listen" },
  });
  expect(self.fix).toMatchObject({ cil: "(allow CONTAINER self (unix_stream_socket (listen)))" });
});

test("a draft as given, put into the policy, is judged by the proof", () => {
  const found = explained({ source: "daemon_t", target: "tenant0001_vol_t" });
  expect(found.fix).toMatchObject({ cil: `(allow daemon_t ${ATTRIBUTES.volumes} (file (read)))` });
  const policy = tenants();
  expect(policy.prove().violations).toEqual([]);
  policy.add(
    `allow daemon_t ${ATTRIBUTES.volumes}:file { read }; allow daemon_t ${ATTRIBUTES.volumes}:file { write };`,
  );
  expect(policy.prove().violations.length).toBeGreaterThan(0);
});

test("what the loaded policy does not know, or allows by now, is said so", () => {
  expect(explained({ source: "gone_t", target: "etc_t" })).toMatchObject({
    cause: "unknown",
    text: expect.stringContaining("no type gone_t"),
  });
  expect(explained({ source: "daemon_t", target: "etc_t", kind: "blob" }).cause).toBe("unknown");
  expect(explained({ source: "daemon_t", target: "etc_t", permissions: "fly" })).toMatchObject({
    cause: "unknown",
    text: "The loaded policy has no permission fly for file.",
  });
  expect(explained({ source: "daemon_t", target: "etc_t" }).cause).toBe("allowed");
  const granted = explained({ source: "daemon_t", target: "etc_t", decision: "granted" });
  expect(granted.text).toContain("asks for a record");
  // A label with an alias is that of the type.
  const policy = tenants();
  policy.model.aliases.journal_t = "daemon_log_t";
  expect(explained({ source: "daemon_t", target: "journal_t" }, policy).cause).toBe("allowed");
});
