/**
 * Building, signing, comparing and loading policies, with Debian 13's compiler and the thread that
 * proves. Where the kernel would be, there is a regular file: nothing is loaded into a kernel.
 */
import { execFile } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import * as v from "valibot";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Call } from "../../agent/bus/call.ts";
import { JobList } from "../../agent/jobs/service.ts";
import {
  type CompareFilter,
  compareFilterSchema,
  comparisonSchema,
  policiesSchema,
} from "../../agent/selinux/loads/answers.ts";
import { kernelOf } from "../../agent/selinux/loads/kernel.ts";
import { createLoads, type Loads } from "../../agent/selinux/loads/service.ts";
import type { SlotsInUse } from "../../agent/selinux/loads/slots-in-use.ts";
import { askPolicy } from "../../agent/selinux/thread.ts";
import { writePolicy } from "../lib/policy-writer.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { selinuxRoot, toolsIn } from "../lib/selinux-tools.js";
import { fullPolicy } from "../lib/tenant-policy.ts";

const own = resolve(import.meta.dirname, "../../policies/selinux");
const run = promisify(execFile);
// A policy is built in seconds, and in many of them where the machine has other work.
vi.setConfig({ testTimeout: 600_000 });

let work = "";
let debian = "";
let program: URL;
let inUse: SlotsInUse = { tenants: [], quarantined: [] };
let sources = "";
const audit = new RecordingAudit();
const jobs = new JobList({ audit, log: () => {} });
const faults: unknown[] = [];

const person = (user: string, uid: number, member: string) =>
  ({ member, caller: { user, uid } }) as unknown as Call;
const officer = (member: string) => person("otto", 1004, member);

const kernelFile = () => join(work, "fake-kernel-policy");
const target = () => join(work, "target");
const kept = () => join(work, "state");

function agent(): Loads {
  const policy = kernelFile();
  return createLoads({
    ...{ jobs, audit, node: "node1", directory: kept(), program, policy },
    log: (_level, message, facts) => faults.push([message, facts]),
    signers: join(work, "signers"),
    slotsInUse: async () => inUse,
    history: async (actions) =>
      audit.entries.filter(({ action }) => action.startsWith(actions)).reverse(),
    changed: () => {},
    kernel: kernelOf({ policy, load: policy }),
    places: {
      own: sources,
      modules: join(debian, "usr/share/selinux/default"),
      tools: toolsIn(debian),
    },
    store: { root: target(), contexts: join(debian, "etc/selinux/default/contexts") },
  });
}

async function ended(id: Promise<string>) {
  const job = await id;
  const isOver = () => expect(jobs.get(job)?.state).not.toBe("running");
  await vi.waitFor(isOver, { timeout: 500_000 });
  return jobs.get(job);
}

/** @returns SHA-256 of the policy */
async function built(): Promise<string> {
  const job = await ended(agent().handlers.Build(officer("selinux.Build")));
  expect(job?.error).toBeUndefined();
  return job?.results.at(-1)?.object.replace("policy ", "") ?? "";
}

async function compared(before: string, after: string, filter: Partial<CompareFilter> = {}) {
  const whole = v.parse(compareFilterSchema, filter);
  const found = await agent().handlers.Compare(officer("selinux.Compare"), before, after, whole);
  return v.parse(comparisonSchema, found);
}

const load = (loads: Loads, policy: string, confirmSeconds = 120) =>
  ended(loads.handlers.Load(officer("selinux.Load"), policy, { confirmSeconds }));

async function policies() {
  const filter = { cursor: "", limit: 50 };
  const page = await agent().handlers.Policies(officer("selinux.Policies"), filter);
  return v.parse(policiesSchema, page).rows;
}

let one = "";
let two = "";

beforeAll(async () => {
  debian = await selinuxRoot();
  work = mkdtempSync(join(tmpdir(), "dsecos-loads-"));
  const outfile = join(work, "selinux-prover.mjs");
  await build({
    entryPoints: [resolve(import.meta.dirname, "../../agent/selinux/prover-worker.ts")],
    ...({ bundle: true, platform: "node", format: "esm" } as const),
    outfile,
  });
  program = pathToFileURL(outfile);
  // Whoever works on them while this runs changes nothing of it.
  sources = join(work, "sources");
  cpSync(own, sources, { recursive: true });
  mkdirSync(join(target(), "etc/selinux"), { recursive: true });
  writeFileSync(
    join(target(), "etc/selinux/config"),
    "SELINUX=enforcing\nSELINUXTYPE=enterprise\n",
  );
  inUse = { tenants: [{ name: "mod-defense", number: 3 }], quarantined: [70] };
  one = await built();
  inUse = { tenants: [...inUse.tenants, { name: "mod-health", number: 90 }], quarantined: [70] };
  two = await built();
}, 900_000);

afterAll(() => rmSync(work, { recursive: true, force: true }));

test("what was built is signed, says what was proved, and can be made again", async () => {
  expect(readdirSync(join(kept(), one)).sort()).toEqual([
    "file_contexts",
    "policy.33",
    "statement.json",
  ]);
  const [, row] = await policies();
  expect(row).toMatchObject({
    policy: one,
    state: "kept",
    problem: "",
    events: [{ event: "built" }],
  });
  expect(row?.statement).toMatchObject({
    slots: {
      count: 66,
      tenants: 1,
      quarantined: 1,
      ranges: [
        [1, 65],
        [70, 70],
      ],
    },
    proofs: { compiler: { proved: true }, reader: { proved: true } },
    by: { user: "otto", uid: 1004 },
    typeIds: { limit: 65_535 },
  });
  expect(row?.statement?.proofs.compiler.neverallows).toBeGreaterThan(30);
  expect(row?.statement?.inputs.moduleCount).toBeGreaterThan(30);
  inUse = { tenants: [{ name: "mod-defense", number: 3 }], quarantined: [70] };
  expect(await built()).toBe(one);
  const [again] = await policies();
  expect(again?.statement?.inputs).toEqual(row?.statement?.inputs);
  const acts = audit.entries.filter(({ action }) => action === "selinux.PolicyBuilt");
  expect(acts.map(({ object }) => object)).toEqual([one, two, one]);
});

test("a new slot is all that differs between two policies", async () => {
  const found = await compared(one, two);
  expect(found).toMatchObject({ same: false, weakens: [], total: 0 });
  expect(found.slots).toEqual({ added: [[90, 90]], removed: [] });
  expect((await compared(two, two)).same).toBe(true);
});

test("of a source that gives more, both proofs must pass, and the difference is shown", async () => {
  const same = sources;
  sources = join(work, "wider");
  cpSync(same, sources, { recursive: true });
  const file = join(sources, "base/zz.cil");
  writeFileSync(file, "(allow tenant0001_t tenant0002_vol_t (file (read)))\n");
  const before = readdirSync(kept());
  const refused = await ended(agent().handlers.Build(officer("selinux.Build")));
  expect(refused).toMatchObject({ state: "failed" });
  expect(refused?.error).toContain("(allow tenant0001_t tenant0002_vol_t");
  expect(readdirSync(kept())).toEqual(before);
  writeFileSync(file, "(allow sshd_t cron_spool_t (file (read)))\n");
  const wider = await built();
  const found = await compared(one, wider, { weakens: true });
  expect(found.weakens).toEqual(["Rules of access: 1 difference may give more rights."]);
  expect(found.rows).toEqual([
    {
      section: "rules",
      change: "added",
      weakens: true,
      text: "allow sshd_t cron_spool_t:file { read }",
    },
  ]);
  sources = same;
});

test("libsepol's own copy of a policy, in other bytes, is known as the same", async () => {
  const file = join(work, "copy.33");
  const original = join(kept(), one, "policy.33");
  await run("checkpolicy", ["-b", "-M", "-c", "33", "-o", file, original], { timeout: 120_000 });
  const [mine, copy] = await Promise.all(
    [original, file].map((policy) => askPolicy({ kind: "identify", policy, ask: {} }, program)),
  );
  expect(copy?.sha256).not.toBe(mine?.sha256);
  expect(copy?.rules).toBe(mine?.rules);
});

test("without SELinux it is installed for the next start", async () => {
  const loads = agent();
  const job = await load(loads, one);
  expect(job?.error).toBeUndefined();
  expect(job?.results.at(-1)?.object).toMatch(/takes effect after dsecos selinux enable/);
  const store = join(target(), "etc/selinux/enterprise/policy/policy.33");
  expect(readFileSync(store)).toEqual(readFileSync(join(kept(), one, "policy.33")));
  expect(existsSync(kernelFile())).toBe(false);
  expect(await loads.origin()).toMatchObject({ origin: "none" });
  expect((await policies()).find(({ policy }) => policy === one)?.state).toBe("installed");
});

test("a policy is tried, confirmed by the one who loaded it, and then the next start's", async () => {
  cpSync(join(kept(), one, "policy.33"), kernelFile());
  const loads = agent();
  expect(await loads.origin()).toMatchObject({ origin: "confirmed", policy: one });
  const state = await loads.fingerprints.Load(officer("selinux.Load"), two);
  const job = await load(loads, two);
  expect(job?.error).toBeUndefined();
  expect(job?.results.at(-1)?.object).toMatch(
    /otto confirms it until .* with dsecos selinux confirm/,
  );
  expect(readFileSync(kernelFile())).toEqual(readFileSync(join(kept(), two, "policy.33")));
  expect(await loads.origin()).toMatchObject({ origin: "pending", policy: two, by: "otto" });
  expect(await loads.fingerprints.Load(officer("selinux.Load"), two)).not.toBe(state);
  const store = join(target(), "etc/selinux/enterprise/policy/policy.33");
  expect(readFileSync(store)).toEqual(readFileSync(join(kept(), one, "policy.33")));
  const stranger = loads.handlers.Confirm(person("olga", 1005, "selinux.Confirm"), two);
  await expect(stranger).rejects.toMatchObject({ code: "Denied" });
  expect(await loads.handlers.Confirm(officer("selinux.Confirm"), two)).toMatchObject({
    origin: "confirmed",
    policy: two,
  });
  expect(readFileSync(store)).toEqual(readFileSync(join(kept(), two, "policy.33")));
  const row = (await policies()).find(({ policy }) => policy === two);
  expect(row?.state).toBe("loaded");
  expect(row?.events.map(({ event }) => event)).toEqual(["confirmed", "loaded", "built"]);
  const entry = audit.entries.find(({ action }) => action === "selinux.PolicyLoaded");
  expect(entry).toMatchObject({ actor: "otto", object: two, call: job?.id });
  expect(entry?.details).toMatchObject({ weakens: [], slots: { added: [[90, 90]] } });
});

test("a policy without the slot of a tenant or of a pool is refused", async () => {
  const loads = agent();
  inUse = { tenants: [{ name: "mod-health", number: 90 }], quarantined: [] };
  expect((await load(loads, one))?.error).toMatch(/has no slot 90, which mod-health has/);
  inUse = { tenants: [], quarantined: [91] };
  expect((await load(loads, one))?.error).toMatch(/no slot 91, whose storage pool is still there/);
  inUse = { tenants: [], quarantined: [] };
});

test("where the next start would load another policy, nothing is loaded", async () => {
  const config = join(target(), "etc/selinux/config");
  const text = readFileSync(config, "utf8");
  writeFileSync(config, "SELINUX=enforcing\nSELINUXTYPE=default\n");
  expect((await load(agent(), one))?.error).toMatch(
    /SELINUXTYPE=default.*run dsecos selinux enable/,
  );
  writeFileSync(config, text);
});

test("changed files are refused at once, and on the list with the reason", async () => {
  const file = join(kept(), one, "policy.33");
  const bytes = readFileSync(file);
  const before = readFileSync(kernelFile());
  appendFileSync(file, "x");
  const refused = agent().handlers.Load(officer("selinux.Load"), one, { confirmSeconds: 120 });
  await expect(refused).rejects.toThrow(/damaged or was changed/);
  writeFileSync(file, bytes);
  const statement = join(kept(), one, "statement.json");
  const text = readFileSync(statement, "utf8");
  writeFileSync(statement, text.replace('"user":"otto"', '"user":"olga"'));
  const row = (await policies()).find(({ policy }) => policy === one);
  expect(row).toMatchObject({ statement: null, problem: expect.stringMatching(/was changed/) });
  writeFileSync(statement, text);
  expect(readFileSync(kernelFile())).toEqual(before);
  const absent = agent().fingerprints.Load(officer("selinux.Load"), "0".repeat(64));
  await expect(absent).rejects.toMatchObject({ code: "NotFound" });
});

test("a policy that nobody answers for is told as such, and recorded once", async () => {
  const bytes = readFileSync(kernelFile());
  writeFileSync(kernelFile(), writePolicy(fullPolicy(33).model));
  const count = () =>
    audit.entries.filter(({ action }) => action === "selinux.ForeignPolicy").length;
  const loads = agent();
  expect(await loads.origin()).toMatchObject({ origin: "unsigned", policy: "" });
  loads.noticed();
  await expect.poll(count, { timeout: 60_000 }).toBe(1);
  await expect.poll(() => existsSync(join(kept(), "foreign")), { timeout: 60_000 }).toBe(true);
  const again = agent();
  again.noticed();
  writeFileSync(kernelFile(), bytes);
  expect(await agent().origin()).toMatchObject({ origin: "confirmed" });
  const back = agent();
  back.noticed();
  await expect.poll(() => existsSync(join(kept(), "foreign")), { timeout: 60_000 }).toBe(false);
  expect(count()).toBe(1);
  expect(faults).toEqual([]);
});
