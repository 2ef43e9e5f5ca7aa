/** What people read of the audit log over the real bus, and what of that is on record. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { hash, randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditPage, Shown, Status, Summary } from "../../agent/audit/answers.ts";
import { type AuditEntry, audit } from "../../agent/audit/contract.ts";
import { parseCheckpoint } from "../../agent/audit/tlog/checkpoint.ts";
import { parseNote } from "../../agent/audit/tlog/note.ts";
import { isIncluded } from "../../agent/audit/tlog/proofs.ts";
import { type JobRecord, job } from "../../agent/jobs/contract.ts";
import { Person } from "../lib/caller.ts";
import { people } from "../lib/test-stack.js";

let auditor: Person;
let viewer: Person;
let operator: Person;
let officer: Person;

beforeAll(async () => {
  auditor = await Person.as(people.auditor);
  viewer = await Person.as(people.viewer);
  operator = await Person.as(people.operator);
  officer = await Person.as(people.officer);
});
afterAll(() => {
  for (const person of [auditor, viewer, operator, officer]) person.end();
});

const unique = () => `mark-${randomBytes(6).toString("hex")}`;
const list = async (filter: object) => (await auditor.call(audit, "List", filter)) as AuditPage;

describe("a tenant's people", () => {
  test("read what concerns the tenant and nothing else", async () => {
    const [own, other] = [unique(), unique()];
    await viewer.call(audit, "ListTenant", own, {});
    await viewer.call(audit, "ListTenant", other, {});
    const page = (await operator.call(audit, "ListTenant", own, {})) as AuditPage;
    expect(page.rows.length).toBeGreaterThanOrEqual(2);
    for (const row of page.rows) expect(row.tenant).toBe(own);
    const summary = (await operator.call(audit, "SummaryTenant", own, {})) as Summary;
    expect(summary.facets.tenants).toEqual([{ value: own, count: summary.total }]);
    // A filter for another tenant narrows; it opens nothing.
    const narrowed = await operator.call(audit, "ListTenant", own, { tenant: other });
    expect((narrowed as AuditPage).rows).toEqual([]);
  });

  test.each(["List", "Summary"])("are refused %s of the whole log", async (member) => {
    const answer = await operator.try(audit, member, {});
    expect(answer.error?.name).toMatch(/AccessDenied|Denied/);
  });

  test("read their own acts, which goes on no record", async () => {
    const marked = unique();
    await officer.call(audit, "ListTenant", marked, {});
    const own = (await officer.call(audit, "ListOwn", {})) as AuditPage;
    expect(own.rows[0]).toMatchObject({ action: "audit.ListTenant", tenant: marked });
    for (const row of own.rows) expect(row.actor).toBe(people.officer);
    const { rows } = await list({ action: "audit.ListOwn", actor: people.officer });
    expect(rows).toEqual([]);
  });
});

describe("reading others' records", () => {
  test("is recorded once with its filter, not again for its further pages", async () => {
    const text = unique();
    const first = await list({ text, limit: 5 });
    await list({ text, limit: 7, after: 1 });
    await list({ text, cursor: first.next || "5" });
    const { rows } = await list({ action: "audit.List", actor: people.auditor, limit: 20 });
    const read = rows.filter(({ details }) => JSON.stringify(details).includes(text));
    expect(read).toHaveLength(1);
    expect(read[0]).toMatchObject({ outcome: "success", details: { filter: { text } } });
  });

  test("with another filter, or by another connection, is another reading", async () => {
    const text = unique();
    await list({ text });
    await list({ text, outcome: "success" });
    const again = await Person.as(people.auditor);
    await again.call(audit, "List", { text });
    again.end();
    const { rows } = await list({ action: "audit.List", limit: 20 });
    const read = rows.filter(({ details }) => JSON.stringify(details).includes(text));
    expect(read).toHaveLength(3);
  });

  test("leaves no trace among the acts", async () => {
    await auditor.call(audit, "Summary", { text: unique() });
    const { rows } = await list({ acts: true, limit: 1000 });
    const reads = rows.filter(
      ({ action, outcome }) => action === "audit.Summary" && outcome === "success",
    );
    expect(reads).toEqual([]);
  });
});

test("pages have up to 1,000 rows and their cursors lead to the beginning", async () => {
  const tenant = unique();
  const asked = Array.from({ length: 1100 }, (_, i) => i);
  for (let i = 0; i < asked.length; i += 50) {
    const some = asked.slice(i, i + 50);
    await Promise.all(
      some.map((n) => viewer.call(audit, "ListTenant", tenant, { object: `${n}` })),
    );
  }
  const first = await list({ tenant, limit: 1000 });
  expect(first.rows).toHaveLength(1000);
  const second = await list({ tenant, limit: 1000, cursor: first.next });
  expect(second).toMatchObject({ next: "" });
  const sequences = [...first.rows, ...second.rows].map(({ sequence }) => sequence);
  expect(sequences).toHaveLength(1100);
  expect(sequences).toEqual([...sequences].sort((a, b) => b - a));
  const tooMany = await auditor.try(audit, "List", { limit: 1001 });
  expect(tooMany.error?.name).toBe("org.dsecos.Error.InvalidArgument");
  const strange = await auditor.try(audit, "List", { cursor: "x" });
  expect(strange.error?.name).toBe("org.dsecos.Error.InvalidArgument");
});

test("an entry is shown with what proves it", async () => {
  const { rows } = await list({ limit: 30 });
  const sequence = String(rows.at(-1)?.sequence);
  const shown = (await auditor.call(audit, "Show", sequence)) as Shown;
  expect(shown.entry).toEqual(rows.at(-1));
  expect(shown.neighbours.map((entry) => entry.sequence - shown.entry.sequence)).toEqual([
    -5, -4, -3, -2, -1, 1, 2, 3, 4, 5,
  ]);
  const raw = Buffer.from(shown.raw, "base64");
  expect(hash("sha3-512", raw)).toBe(shown.hash);
  const leaf = hash("sha256", Buffer.concat([Buffer.from([0]), raw]), "buffer");
  expect(leaf.toString("base64")).toBe(shown.proof.leaf);
  if (shown.proof.checkpoint !== "") {
    const { size, root } = parseCheckpoint(parseNote(shown.proof.checkpoint).text);
    const hashes = shown.proof.hashes.map((one) => Buffer.from(one, "base64"));
    expect(isIncluded(leaf, shown.proof.index, size, hashes, root)).toBe(true);
  }
  const none = await auditor.try(audit, "Show", "99999999");
  expect(none.error?.name).toBe("org.dsecos.Error.NotFound");
});

test("a verification is a job, and its result is in the status", async () => {
  const id = (await officer.call(audit, "Verify")) as string;
  let record: JobRecord;
  do record = (await officer.call(job, "Show", id)) as JobRecord;
  while (record.state === "running");
  expect(record).toMatchObject({ state: "succeeded", total: record.done });
  expect(record.results.map(({ object }) => object)).toContain("chain");
  const status = (await viewer.call(audit, "Status")) as Status;
  expect(status.verified).toMatchObject({ state: "intact", job: id, errors: 0 });
  expect(status.chain.state).toBe("ok");
  expect(status.size).toBeGreaterThan(status.verified.size);
  const { rows } = await list({ action: "audit.Verified", limit: 1 });
  expect(rows[0]).toMatchObject({ source: "log", outcome: "success", call: id });
});

describe("dsecos audit follow", () => {
  let follower: ChildProcess;
  afterAll(() => follower.kill("SIGKILL"));

  test("shows an act within a moment, and ends with Ctrl-C", async () => {
    const tenant = unique();
    const program = resolve(import.meta.dirname, "../../dist/agent/dsecos.js");
    follower = as(people.auditor, [program, "audit", "follow", "--json", "--tenant", tenant]);
    const lines = createInterface({ input: follower.stdout as NodeJS.ReadableStream });
    const heard = new Promise<AuditEntry>((found) => {
      lines.on("line", (line) => found(JSON.parse(line)));
    });
    // The follower is there once its reading is on record.
    const began = () => list({ action: "audit.List", limit: 50 });
    while (!(await began()).rows.some(({ details }) => JSON.stringify(details).includes(tenant)));
    await viewer.call(audit, "ListTenant", tenant, {});
    const entry = await heard;
    expect(entry).toMatchObject({ action: "audit.ListTenant", tenant, actor: people.viewer });
    const ended = new Promise((code) => follower.once("exit", code));
    follower.kill("SIGINT");
    expect(await ended).toBe(0);
  });
});

function as(user: string, words: string[]): ChildProcess {
  const uid = execFileSync("id", ["-u", "--", user], { encoding: "utf8" }).trim();
  const args = [`--reuid=${uid}`, `--regid=${uid}`, "--init-groups", process.execPath, ...words];
  return spawn("setpriv", args, { stdio: ["ignore", "pipe", "inherit"] });
}
