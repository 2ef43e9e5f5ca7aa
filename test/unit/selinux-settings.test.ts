/** Settings of the policy: what is shown of it, and a boolean set between two proofs. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import * as v from "valibot";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Call } from "../../agent/bus/call.ts";
import { JobList } from "../../agent/jobs/service.ts";
import { System } from "../../agent/node/system.ts";
import { Prover } from "../../agent/selinux/prover.ts";
import {
  booleanEffectSchema,
  settingsSchema,
  slotFilterSchema,
  slotPageSchema,
} from "../../agent/selinux/settings/answers.ts";
import { parseDescriptions } from "../../agent/selinux/settings/descriptions.ts";
import { SelinuxFs } from "../../agent/selinux/settings/kernel.ts";
import { createSettings } from "../../agent/selinux/settings/service.ts";
import { slotPage } from "../../agent/selinux/settings/slots.ts";
import { FakeBooleans } from "../lib/fake-booleans.ts";
import { writePolicy } from "../lib/policy-writer.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { TenantPolicy } from "../lib/tenant-policy.ts";

const root = mkdtempSync(join(tmpdir(), "dsecos-settings-"));
const policy = join(root, "sys/fs/selinux/policy");
const outfile = join(root, "selinux-prover.mjs");
const caller = { user: "otto", uid: 1004 };
const self = { actor: "otto", uid: 1004 };
const call = { member: "selinux.SetBoolean", caller } as unknown as Call;

let made: TenantPolicy;
let kernel: FakeBooleans;
let jobs: JobList;
let audit: RecordingAudit;
let prover: Prover;
let settings: ReturnType<typeof createSettings>;

beforeAll(() =>
  build({
    entryPoints: [resolve(import.meta.dirname, "../../agent/selinux/prover-worker.ts")],
    ...({ bundle: true, platform: "node", format: "esm" } as const),
    outfile,
  }),
);
afterAll(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

beforeEach(() => {
  for (const part of ["sys", "etc", "proc", "usr", "var"])
    rmSync(join(root, part), { recursive: true, force: true });
  put("sys/fs/selinux/enforce", "1");
  put("etc/selinux/config", "SELINUX=enforcing\nSELINUXTYPE=enterprise\n");
  put("etc/selinux/enterprise/seusers", "# who\nroot:unconfined_u:s0-s0:c0.c1023\nanna:staff_u\n");
  made = new TenantPolicy(2);
  // By the name that the agent's list of the trusted base has.
  made.model.attributes.unconfined_domain_type = ["unconfined_t"];
  made.addIf("off", "allow daemon_t bin_t:file { execute }");
  put("etc/selinux/enterprise/policy/policy.33", writePolicy(made.model));
  kernel = new FakeBooleans(made, policy);
  audit = new RecordingAudit();
  jobs = new JobList({ audit, log: () => {} });
  const program = pathToFileURL(outfile);
  prover = new Prover({ jobs, audit, log: () => {}, changed: () => {}, program, policy });
  settings = createSettings({
    ...{ jobs, kernel, program, policy, system: new System(root) },
    loaded: async () => {
      try {
        return readFileSync(policy, "hex");
      } catch {
        return undefined;
      }
    },
    lastProof: () => prover.last,
    prove: (asker) => prover.prove(asker),
    slotHolders: () => new Map([[2, "mod-health"]]),
    holdersUnknown: () => "",
    mislabelled: () => new Map(),
  });
});

const shown = async () => {
  const found = await settings.handlers.Settings();
  expect(v.safeParse(settingsSchema, found).issues).toBeUndefined();
  return found;
};

test("what the loaded policy and its store say, on one screen", async () => {
  made.model.permissive.push("helper_t");
  kernel.write();
  await kernel.set("off", true);
  put(
    "usr/share/selinux/devel/policy.xml",
    '<tunable name="off" dftval="false">\n<desc>\n<p>\nLet &lt;web&gt;\nwrite.\n</p>\n</desc>\n</tunable>',
  );
  put(
    "usr/share/dsecos/selinux/modules.json",
    '{"groups":[{"name":"people","reason":"who logs in","modules":["ssh"]}]}',
  );
  put("usr/share/dsecos/selinux/base/agent.cil", "");
  const found = await shown();
  expect(found).toMatchObject({
    state: "enforcing",
    policy: { from: "kernel", path: policy, version: 33, unknown: "allow" },
    permissive: ["helper_t"],
    users: [{ name: "system_u", roles: ["object_r"], level: "s0", range: "s0" }],
    logins: [
      { login: "root", user: "unconfined_u", range: "s0-s0:c0.c1023" },
      { login: "anna", user: "staff_u", range: "" },
    ],
    ports: [{ type: "etc_t", protocol: "tcp", range: "1" }],
    store: {
      ours: true,
      directory: "/etc/selinux/enterprise",
      modules: [
        { name: "people", modules: ["ssh"] },
        { name: "ours", modules: ["agent", "template"] },
      ],
    },
    unknown: [],
  });
  expect(found.booleans).toEqual([
    {
      ...{ name: "off", description: "Let <web> write.", rules: 1 },
      ...{ current: true, pending: true, default: false },
    },
    { name: "on", description: "", rules: 0, current: true, pending: true, default: true },
  ]);
  expect(found.capabilities.filter(({ on }) => on).map(({ name }) => name)).toEqual([
    ...["network_peer_controls", "open_perms"],
  ]);
  expect(found.fileSystems).toEqual([
    { name: "ext4", path: "", how: "xattr", type: "etc_t" },
    { name: "proc", path: "/", how: "genfs", type: "proc_t" },
  ]);
});

test("counts are those of the proof", async () => {
  const proof = await prover.prove(self);
  expect(proof.state).toBe("proved");
  expect((await shown()).counts).toEqual(proof.counts);
});

test("where SELinux is off, that is said, and what the next start would load is told", async () => {
  rmSync(join(root, "sys"), { recursive: true });
  put("sys/kernel/security/lsm", "lockdown,capability,apparmor");
  settings = createSettings({
    ...{ jobs, kernel: new SelinuxFs(join(root, "sys/fs/selinux")), policy },
    ...{ program: pathToFileURL(outfile), system: new System(root) },
    loaded: async () => undefined,
    lastProof: () => prover.last,
    prove: (asker) => prover.prove(asker),
    slotHolders: () => new Map(),
    holdersUnknown: () => "",
    mislabelled: () => new Map(),
  });
  const found = await shown();
  expect(found).toMatchObject({
    state: "disabled",
    policy: { from: "store", path: "/etc/selinux/enterprise/policy/policy.33" },
    counts: { tenants: 2 },
  });
  expect(found.booleans[0]).toMatchObject({ name: "off", current: null, default: false });
  expect(found.unknown).toEqual([
    { what: "the modules", reason: expect.stringContaining("modules.json") },
  ]);
  const refused = settings.handlers.Tenants(call, v.parse(slotFilterSchema, {}));
  await expect(refused).rejects.toMatchObject({ code: "Unavailable" });
  await expect(settings.fingerprints.SetBoolean(call, "off")).rejects.toMatchObject({
    code: "Unavailable",
  });
});

describe("what a boolean would open and close", () => {
  beforeEach(() => {
    made.addIf(
      "on off not and",
      "allow daemon_t spool_t:file { read }",
      "type_change daemon_t etc_t:dir bin_t",
    );
    made.addIf("off not", "allow domain etc_t:file { read }");
    kernel.write();
  });

  test("rules that begin and cease to hold, with all others as they are", async () => {
    const effect = await settings.handlers.BooleanEffect(call, "off", true);
    expect(v.safeParse(booleanEffectSchema, effect).issues).toBeUndefined();
    const domains = made.model.attributes.domain?.length;
    expect(effect).toMatchObject({
      current: false,
      opens: { rules: 1, pairs: 1, examples: ["allow daemon_t bin_t:file { execute };"] },
      closes: {
        rules: 2,
        pairs: 1 + Number(domains),
        examples: ["allow daemon_t spool_t:file { read };", "allow domain etc_t:file { read };"],
      },
      typeRules: 1,
      proof: expect.stringContaining("not proved now"),
    });
    await prover.prove(self);
    const same = await settings.handlers.BooleanEffect(call, "off", false);
    expect(same).toMatchObject({ opens: { rules: 0 }, closes: { rules: 0 }, typeRules: 0 });
    expect(same.proof).toContain("both values");
  });

  test("a boolean that is not there is told as such", async () => {
    const unknown = settings.handlers.BooleanEffect(call, "no_such", true);
    await expect(unknown).rejects.toMatchObject({ code: "NotFound" });
    await expect(settings.fingerprints.SetBoolean(call, "no_such")).rejects.toMatchObject({
      code: "NotFound",
    });
  });
});

describe("setting a boolean", () => {
  const set = async (name: string, value: boolean) => {
    const id = await settings.handlers.SetBoolean(call, name, value);
    await expect.poll(() => jobs.get(id)?.state, { timeout: 30_000 }).not.toBe("running");
    return jobs.get(id);
  };
  const proofs = () => audit.entries.filter(({ action }) => action === "selinux.Proved");

  test("it is proved before and after, and an approval is of the state that was seen", async () => {
    const seen = await settings.fingerprints.SetBoolean(call, "off");
    expect(await set("off", true)).toMatchObject({
      state: "succeeded",
      results: [{ object: "off is on, until the next start" }],
    });
    expect(kernel.log).toEqual(["off=1"]);
    expect(await settings.fingerprints.SetBoolean(call, "off")).not.toBe(seen);
    const [before, after] = proofs().map(({ details }) => details?.proof) as {
      policy: { sha256: string };
    }[];
    expect(proofs().map(({ actor, outcome }) => [actor, outcome])).toEqual([
      ["otto", "success"],
      ["otto", "success"],
    ]);
    expect(after?.policy.sha256).not.toBe(before?.policy.sha256);
    expect(prover.last).toMatchObject({ state: "proved", policy: after?.policy });
    expect((await shown()).booleans[0]).toMatchObject({ name: "off", current: true });
    expect(await set("off", true)).toMatchObject({
      state: "succeeded",
      results: [{ object: "off is on already" }],
    });
    expect(kernel.log).toHaveLength(1);
  });

  test("where the policy is not proved, nothing more is opened, and closing goes on", async () => {
    made.add("allow tenant0001_t tenant0002_vol_t:file { read };");
    kernel.write();
    const refused = await set("off", true);
    expect(refused?.state).toBe("failed");
    expect(refused?.error).toContain("allow tenant0001_t tenant0002_vol_t:file");
    expect(refused?.error).toContain("off stays off");
    expect(kernel.log).toEqual([]);
    made.model.booleans.off = true;
    kernel.write();
    expect((await set("off", false))?.state).toBe("succeeded");
    expect(kernel.log).toEqual(["off=0"]);
  });

  test("where the proof fails with the new value, it is set back at once", async () => {
    // Another policy was loaded in the very moment.
    kernel.after = (_name, value) => {
      if (value) made.add("allow tenant0001_t tenant0002_vol_t:file { read };");
    };
    const job = await set("off", true);
    expect(job?.state).toBe("failed");
    expect(job?.error).toMatch(/set back to off: .*allow tenant0001_t tenant0002_vol_t:file/);
    expect(kernel.log).toEqual(["off=1", "off=0"]);
    expect(made.model.booleans.off).toBe(false);
  });

  test("where the proof breaks off, it is set back; where that fails too, both are told", async () => {
    kernel.after = () => {
      made.model.version = 99;
    };
    const job = await set("off", true);
    expect(job?.error).toMatch(/set back to off: the proof broke off: .*version 99/);
    expect(kernel.log).toEqual(["off=1", "off=0"]);
    made.model.version = 33;
    kernel.after = () => {
      made.model.version = 99;
      kernel.before = () => {
        throw Object.assign(new Error("no"), { code: "EACCES" });
      };
    };
    kernel.write();
    const stuck = await set("off", true);
    expect(stuck?.error).toMatch(/broke off: .*could not be set back: .*EACCES/);
  });

  test("what another person left pending is not made to come true", async () => {
    kernel.pending.set("on", false);
    const job = await set("off", true);
    expect(job?.error).toMatch(/^Somebody set on and did not commit it/);
    expect(kernel.log).toEqual([]);
  });

  test("a kernel that refuses, or another who sets it back, is told", async () => {
    kernel.before = () => {
      throw Object.assign(new Error("no"), { code: "EACCES" });
    };
    expect((await set("off", true))?.error).toMatch(/kernel did not turn off on \(EACCES\)/);
    kernel.before = () => {};
    kernel.after = () => {
      made.model.booleans.off = false;
    };
    expect((await set("off", true))?.error).toBe("off is off again; somebody else changes it.");
  });
});

test("the kernel's files of booleans: read in pairs, written in place, never made", async () => {
  const directory = join(root, "sys/fs/selinux");
  const selinuxfs = new SelinuxFs(directory);
  expect(await selinuxfs.all()).toBeUndefined();
  put("sys/fs/selinux/booleans/one", "0 1\0");
  put("sys/fs/selinux/booleans/two", "1 1");
  put("sys/fs/selinux/commit_pending_bools", "-");
  expect(await selinuxfs.all()).toEqual(
    new Map([
      ["one", { current: false, pending: true }],
      ["two", { current: true, pending: true }],
    ]),
  );
  await selinuxfs.set("two", false);
  expect(readFileSync(join(directory, "booleans/two"), "latin1")).toBe("0 1");
  expect(readFileSync(join(directory, "commit_pending_bools"), "latin1")).toBe("1");
  await expect(selinuxfs.set("three", true)).rejects.toMatchObject({ code: "ENOENT" });
  await expect(selinuxfs.set("../enforce", false)).rejects.toThrow("no boolean");
  put("sys/fs/selinux/booleans/odd", "yes");
  await expect(selinuxfs.all()).rejects.toThrow("state of the boolean odd");
});

test("what booleans are for, from the policy's own description", () => {
  const texts = parseDescriptions(
    '<bool name="a" dftval="true">\n<desc><p>One &amp; <code>two</code>.</p>\n<p>More.</p></desc></bool>' +
      '<tunable name="b" dftval="false"></tunable><tunable name="c"><desc></desc></tunable>',
  );
  expect([...texts]).toEqual([
    ["a", "One & two . More."],
    ["c", ""],
  ]);
});

describe("slots", () => {
  const facts = {
    slots: Array.from({ length: 1_200 }, (_, index) => 1_200 - index),
    typeIds: 9_000,
    holders: new Map([
      [7, "mod-health"],
      [3, "defense"],
      [2_000, "late"],
    ]),
    holdersUnknown: "",
    processes: new Map([[7, 12]]),
    mislabelled: new Map([[3, 4]]),
  };
  const page = (filter: Record<string, unknown> = {}, with_ = facts) => {
    const found = slotPage(with_, v.parse(slotFilterSchema, filter));
    expect(v.safeParse(slotPageSchema, found).issues).toBeUndefined();
    return found;
  };
  const numbers = (filter: Record<string, unknown>) => page(filter).rows.map(({ slot }) => slot);

  test("all of them, a page at a time, with what the budget is", () => {
    const { rows, next, ...sums } = page({ limit: 500 });
    expect(rows[6]).toEqual({
      ...{ slot: 7, name: "tenant0007", tenant: "mod-health", processes: 12, mislabelled: null },
      types: {
        ...{ container: "tenant0007_t", vm: "tenant0007_vm_t", file: "tenant0007_file_t" },
        ...{ volume: "tenant0007_vol_t", image: "tenant0007_img_t", run: "tenant0007_run_t" },
      },
    });
    expect(rows[0]).toMatchObject({ slot: 1, tenant: "", processes: 0 });
    expect(sums).toEqual({
      ...{ total: 1_200, slots: 1_200, used: 2, spare: 1_198, holdersUnknown: "" },
      ...{ typeIds: 9_000, mostTypeIds: 65_535, missing: [{ slot: 2_000, tenant: "late" }] },
    });
    const second = page({ limit: 500, cursor: next });
    expect(second.rows[0]?.slot).toBe(501);
    const last = page({ limit: 500, cursor: second.next });
    expect(last).toMatchObject({ next: "", rows: { length: 200 } });
    expect(() => page({ cursor: "no" })).toThrow("no position in this list");
  });

  test("by text, use and order; without SELinux no number of processes", () => {
    expect(numbers({ text: "HEALTH" })).toEqual([7]);
    expect(numbers({ text: "tenant0003_vol_t" })).toEqual([3]);
    expect(numbers({ use: "used", sort: "tenant" })).toEqual([3, 7]);
    expect(numbers({ use: "used", sort: "tenant", descending: true })).toEqual([7, 3]);
    expect(numbers({ sort: "tenant", limit: 3 })).toEqual([3, 7, 1]);
    expect(numbers({ sort: "processes", descending: true, limit: 2 })).toEqual([7, 1]);
    expect(numbers({ sort: "mislabelled", descending: true, limit: 1 })).toEqual([3]);
    expect(page({ use: "spare", limit: 1 }).total).toBe(1_198);
    const { rows } = page({ limit: 1 }, { ...facts, processes: undefined as never });
    expect(rows[0]?.processes).toBeNull();
  });
});
