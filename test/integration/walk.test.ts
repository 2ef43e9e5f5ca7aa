/**
 * What an operator does, through the real agent: a tenant, its containers, what happens at the edge
 * of its quota, and what is said when Incus hangs or is gone.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { approvals } from "../../agent/approvals/contract.ts";
import { audit } from "../../agent/audit/contract.ts";
import type { Interface } from "../../agent/bus/contract.ts";
import { instances } from "../../agent/instances/contract.ts";
import { type JobRecord, job } from "../../agent/jobs/contract.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { readRecord } from "../../packaging/setup/lib/daemons.js";
import { Person } from "../lib/caller.ts";
import { people } from "../lib/test-stack.js";

const execute = promisify(execFile);
const tenant = "walk-agency";
let operator: Person;
let officer: Person;

beforeAll(async () => {
  operator = await Person.as(people.operator);
  officer = await Person.as(people.officer);
  const quota = { cpu: "4", ram: "2GiB", storage: "6GiB" };
  await operator.call(tenants, "Create", tenant, { domain: "walk_t", quota });
});
afterAll(async () => {
  const inputs = [tenant, true, 0];
  await operator.try(tenants, "Delete", ...inputs);
  const list = (await officer.call(approvals, "List")) as { id: string; hash: string }[];
  const [request] = list;
  await officer.call(approvals, "Approve", request?.id, request?.hash);
  await done(operator.call(tenants, "Delete", ...inputs));
  operator.end();
  officer.end();
});

/** @returns the job when it has ended. */
async function done(started: Promise<unknown>): Promise<JobRecord> {
  const id = await started;
  return vi.waitFor(
    async () => {
      const record = (await operator.call(job, "Show", id)) as JobRecord;
      if (record.state === "running") throw new Error(`still ${record.step}`);
      return record;
    },
    { timeout: 60_000, interval: 50 },
  );
}

function run(contract: Interface, member: string, ...inputs: unknown[]): Promise<JobRecord> {
  return done(operator.call(contract, member, ...inputs));
}

async function inside(name: string, ...command: string[]): Promise<string> {
  const args = ["exec", `--project=${tenant}`, name, "--", ...command];
  const { stdout } = await execute("incus", args, { timeout: 60_000 });
  return stdout;
}

const spec = { image: "debian-13", cpu: 1, ram: "512MiB", storage: "1GiB" };

test("a moment after it is asked for, a real container of the tenant runs", async () => {
  expect(await run(instances, "Create", tenant, "web", spec)).toMatchObject({ state: "succeeded" });
  const [row] = (await operator.call(instances, "List", tenant)) as Record<string, unknown>[];
  expect(row).toMatchObject({ name: "web", status: "running", limit: { cpu: 1, ramKib: 524288 } });
  // What runs, since systemd calls itself so only once it has begun to work.
  expect((await inside("web", "readlink", "/proc/1/exe")).trim()).toBe("/usr/lib/systemd/systemd");
});

test("the disk of an instance really ends where its quota says", async () => {
  const fill = inside("web", "dd", "if=/dev/zero", "of=/fill", "bs=1M", "count=2000");
  await expect(fill).rejects.toMatchObject({
    stderr: expect.stringMatching(/No space left|Disk quota exceeded/),
  });
  await inside("web", "rm", "/fill");
});

test("what does not fit into the tenant's quota is refused with the figures", async () => {
  const { error } = await operator.try(instances, "Create", tenant, "big", { ...spec, cpu: 8 });
  const inJob = error ?? (await run(instances, "Create", tenant, "big", { ...spec, cpu: 8 }));
  expect(JSON.stringify(inJob)).toMatch(/QuotaExceeded|quota/i);
  const rows = (await operator.call(instances, "List", tenant)) as unknown[];
  expect(rows).toHaveLength(1);
});

test("many at once are one request and one job", async () => {
  const small = { ...spec, count: 3, ram: "256MiB", start: false };
  const record = await run(instances, "Create", tenant, "batch", small);
  expect(record).toMatchObject({ state: "succeeded", done: 3, total: 3 });
  const rows = (await operator.call(instances, "List", tenant)) as { name: string }[];
  const names = rows.map(({ name }) => name);
  expect(names).toEqual(["batch-001", "batch-002", "batch-003", "web"]);
  expect(await run(instances, "Delete", tenant, names.slice(0, 3))).toMatchObject({
    state: "succeeded",
  });
});

test("a suspended tenant stands still and starts nothing, and runs on when it is resumed", async () => {
  expect(await run(tenants, "Suspend", tenant)).toMatchObject({ state: "succeeded" });
  const status = async () => {
    const rows = (await operator.call(instances, "List", tenant)) as { status: string }[];
    return rows.map((row) => row.status);
  };
  expect(await status()).toEqual(["frozen"]);
  const refused = await operator.try(instances, "Create", tenant, "late", spec);
  const outcome = refused.error ?? (await run(instances, "Create", tenant, "late", spec));
  expect(JSON.stringify(outcome)).toMatch(/suspended/);
  expect(await run(tenants, "Resume", tenant)).toMatchObject({ state: "succeeded" });
  expect(await status()).toEqual(["running"]);
});

test("snapshots are taken, listed, restored and deleted", async () => {
  await inside("web", "touch", "/before");
  await run(instances, "Snapshot", tenant, ["web"], "first");
  await inside("web", "rm", "/before");
  const list = (await operator.call(instances, "ListSnapshots", tenant, "web")) as unknown[];
  expect(list).toMatchObject([{ name: "first" }]);
  expect(await run(instances, "RestoreSnapshot", tenant, "web", "first")).toMatchObject({
    state: "succeeded",
  });
  await expect.poll(() => inside("web", "ls", "/before"), { timeout: 20_000 }).toBe("/before\n");
  await run(instances, "DeleteSnapshot", tenant, "web", "first");
});

test("the tenant's record names who did what", async () => {
  const page = (await operator.call(audit, "ListTenant", tenant, {})) as {
    rows: { action: string; actor: string; outcome: string }[];
  };
  const acts = page.rows.map(({ action, outcome }) => `${action} ${outcome}`);
  expect(acts).toContain("tenants.Create intent");
  expect(acts).toContain("tenants.Suspend success");
  expect(new Set(page.rows.map(({ actor }) => actor))).toContain(people.operator);
});

test("while Incus hangs, calls end in time with a sentence, lists go on, and all recovers", async () => {
  const { pid } = readRecord(String(process.env.DSECOS_TEST_STATE), "incus") ?? {};
  if (pid === undefined) throw new Error("the stack has no Incus");
  process.kill(pid, "SIGSTOP");
  try {
    const began = Date.now();
    const { error } = await operator.try(instances, "List", tenant);
    expect(error?.name).toMatch(/Error\.(Timeout|Unavailable)$/);
    expect(error?.message).toMatch(/Incus/);
    expect(Date.now() - began).toBeLessThan(35_000);
    const page = (await operator.call(tenants, "List", {})) as { rows: { name: string }[] };
    expect(page.rows.map(({ name }) => name)).toContain(tenant);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await expect
    .poll(async () => (await operator.try(instances, "List", tenant)).error, { timeout: 30_000 })
    .toBeUndefined();
});
