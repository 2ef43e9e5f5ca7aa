/** What was, what changed, where data goes and what leaves the node as a file, over the real bus. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { audit } from "../../agent/audit/contract.ts";
import type { Changes, Replay } from "../../agent/audit/replay/answers.ts";
import type { Trace } from "../../agent/audit/trace/answers.ts";
import { noTrust, verifyLog } from "../../agent/audit/verify/verify.ts";
import { IncusClient } from "../../agent/incus/client.ts";
import { type JobRecord, job } from "../../agent/jobs/contract.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { Person } from "../lib/caller.ts";
import { people } from "../lib/test-stack.js";

const name = `past-${randomBytes(3).toString("hex")}`;
let auditor: Person;
let operator: Person;
const incus = new IncusClient(process.env.DSECOS_TEST_INCUS ?? "");

beforeAll(async () => {
  auditor = await Person.as(people.auditor);
  operator = await Person.as(people.operator);
  await operator.call(tenants, "Create", name, {
    domain: `past_${name.slice(-6)}_t`,
    quota: { cpu: "2", ram: "1GiB", storage: "2GiB" },
  });
});
afterAll(async () => {
  await incus.send("DELETE", `/1.0/projects/${name}`);
  incus.close();
  auditor.end();
  operator.end();
});

const changes = async (filter: object) => (await auditor.call(audit, "Changes", filter)) as Changes;
const replayed = async (instant: string) => {
  const state = (await auditor.call(audit, "Replay", instant)) as Replay;
  return state.objects.find((object) => object.kind === "tenant" && object.name === name);
};
const ended = async (id: string) => {
  const show = async () => (await auditor.call(job, "Show", id)) as JobRecord;
  await expect.poll(async () => (await show()).state, { timeout: 60_000 }).not.toBe("running");
  return show();
};
const exported = async (spec: object) => {
  const record = await ended((await auditor.call(audit, "Export", spec)) as string);
  expect(record).toMatchObject({ state: "succeeded" });
  return record.results[0]?.object ?? "";
};

test("a change is told with what it changed and the act that it followed", async () => {
  const rows = async () => (await changes({ tenant: name })).rows;
  await expect
    .poll(async () => (await rows()).map(({ entry }) => entry.action), { timeout: 20_000 })
    .toContain("state.Tenant");
  const created = (await rows()).find(({ entry }) => entry.action === "state.Tenant");
  const seen = created?.entry.time ?? "";
  await operator.call(tenants, "Change", name, { quota: { cpu: "1" } });
  const isChange = ({ changed }: Changes["rows"][number]) =>
    changed.some(({ path }) => path === "quota/cpu" && changed.length === 1);
  await expect.poll(async () => (await rows()).some(isChange), { timeout: 20_000 }).toBe(true);
  const all = await rows();
  const change = all.find(isChange);
  expect(change?.changed).toEqual([{ path: "quota/cpu", before: "2", after: "1" }]);
  const cause = all.find(({ entry }) => entry.sequence === change?.cause);
  expect(cause?.entry).toMatchObject({ tenant: name, action: "tenants.Change" });

  const before = await replayed(seen);
  const now = await replayed(new Date().toISOString());
  expect(before?.state).toMatchObject({ quota: { cpu: "2" }, jurisdiction: "UK", state: "active" });
  expect(now?.state).toMatchObject({ quota: { cpu: "1" } });
  expect(await replayed("2020-01-01T00:00:00.000Z")).toBeUndefined();
});

test("an instant tells permissions, policy and keys too", async () => {
  const state = async () =>
    (await auditor.call(audit, "Replay", new Date().toISOString())) as Replay;
  const find = async (kind: string, part: string) =>
    (await state()).objects.find((object) => object.kind === kind && object.name.includes(part));
  expect((await find("permission", "dsecos-auditor"))?.state.members).toContain(people.auditor);
  expect(
    ((await find("policy", "50-dsecos-officer")) ?? (await find("policy", "pam.d")))?.state,
  ).toHaveProperty("sha256");
  expect(await find("key", "dsecos.org/audit/")).toBeDefined();
});

test("the paths of a tenant's data are listed, and nothing is shown that nobody knows", async () => {
  const question = { agency: name, dataflow: true };
  const { paths, shown, verdict, trail } = (await operator.call(audit, "Trace", question)) as Trace;
  expect(paths.find(({ kind }) => kind === "storage")).toMatchObject({ jurisdiction: "" });
  expect({ shown, verdict }).toMatchObject({
    shown: false,
    verdict: expect.stringMatching(/unknown/),
  });
  expect(trail.map(({ action }) => action)).toContain("tenants.Create");
  const { config } = await incus.get<{ config: Record<string, string> }>("/1.0");
  const declared = { ...config, "user.dsecos.jurisdiction": "UK" };
  await incus.send("PUT", "/1.0", { config: declared });
  try {
    const again = (await operator.call(audit, "Trace", question)) as Trace;
    expect(again.paths.find(({ kind }) => kind === "storage")).toMatchObject({
      jurisdiction: "UK",
    });
  } finally {
    await incus.send("PUT", "/1.0", { config });
  }
  const nobody = await operator.try(audit, "Trace", { agency: "no-such-tenant" });
  expect(nobody.error?.name).toMatch(/NotFound/);
});

test("a whole bundle is the caller's file, and verifies without the agent", async () => {
  const file = await exported({ form: "whole" });
  const uid = Number(execFileSync("id", ["-u", people.auditor], { encoding: "utf8" }));
  const { mode, uid: owner } = statSync(file);
  expect([mode & 0o777, owner]).toEqual([0o400, uid]);
  const report = await verifyLog(file, { trust: noTrust });
  expect(report.findings.filter(({ severity }) => severity === "E")).toEqual([]);
  expect(report.intact).toBe(true);
});

test("a disclosed bundle has one tenant's events, without people, with proofs", async () => {
  // It shows what a checkpoint counts, and one is made every few seconds.
  const { size } = (await auditor.call(audit, "List", { limit: 1 })) as { size: number };
  const counted = async () =>
    Number(String(await auditor.call(audit, "Checkpoint")).split("\n")[1]);
  await expect.poll(counted, { timeout: 30_000 }).toBeGreaterThanOrEqual(size);
  const file = await exported({ form: "disclosed", tenant: name, pseudonyms: true });
  expect((await verifyLog(file, { trust: noTrust })).intact).toBe(true);
  const text = readFileSync(file, "utf8");
  expect(text).toContain(name);
  expect(text).not.toContain(people.operator);
  expect(text).not.toContain(people.viewer);
});

test("tiles and documents are written", async () => {
  const tiles = await exported({ form: "tiles" });
  const names = execFileSync("tar", ["tf", tiles], { encoding: "utf8" });
  expect(names).toMatch(/^checkpoint$/m);
  expect(names).toMatch(/^tile\/0\/000(\.p\/[0-9]+)?$/m);
  const documents = await exported({ form: "ecs", tenant: name });
  const lines = readFileSync(documents, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.length).toBeGreaterThan(2);
  for (const line of lines) expect(line.organization).toEqual({ id: name });
});

test("whom it does not concern is refused, and what cannot be is said", async () => {
  for (const member of ["Replay", "Changes", "Export"]) {
    const input = member === "Replay" ? "2026-01-01T00:00:00.000Z" : {};
    const answer = await operator.try(audit, member, input);
    expect(answer.error?.name, member).toMatch(/Denied/);
  }
  const wrong = await auditor.try(audit, "Export", { form: "whole", tenant: name });
  expect(wrong.error?.message).toMatch(/choose disclosed or ecs/);
});

test("every export is on record with who asked for what", async () => {
  const file = await exported({ form: "ecs", tenant: name, pseudonyms: true });
  expect(existsSync(file)).toBe(true);
  const { rows } = (await auditor.call(audit, "List", { action: "audit.Export", limit: 20 })) as {
    rows: { actor: string; details: object }[];
  };
  const told = rows.filter(({ details }) => JSON.stringify(details).includes(name));
  expect(told.length).toBeGreaterThan(0);
  for (const { actor } of told) expect(actor).toBe(people.auditor);
});

test("the command line prints what changed and the file of an export", () => {
  const dsecos = (...words: string[]) =>
    execFileSync(
      "runuser",
      ["-u", people.auditor, "--", process.execPath, resolve("dist/agent/dsecos.js"), ...words],
      { encoding: "utf8", env: process.env, timeout: 60_000 },
    );
  expect(dsecos("audit", "changes", "--tenant", name)).toMatch(/quota\/cpu: "2" → "1"/);
  expect(dsecos("audit", "replay", new Date().toISOString())).toMatch(new RegExp(`tenant ${name}`));
  expect(dsecos("audit", "trace", "--agency", name, "--dataflow")).toMatch(
    /verdict +(Not shown: .* unknown|All paths: UK-only)/,
  );
  expect(dsecos("audit", "export", "--form", "tiles")).toMatch(/succeeded.*\n {2}\/.*\.tar/);
});
