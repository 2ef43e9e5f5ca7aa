/** Denials as they come from auditd, counted, paged and explained from the loaded policy. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Auditd } from "../../agent/audit/sources/auditd/source.ts";
import { Outlet } from "../../agent/audit/sources/outlet.ts";
import { denialPageSchema } from "../../agent/selinux/denials/answers.ts";
import { explainDenial } from "../../agent/selinux/denials/explain.ts";
import { Denials, type Explain } from "../../agent/selinux/denials/service.ts";
import { FakeAuditd } from "../lib/auditd-fake.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { TenantPolicy } from "../lib/tenant-policy.ts";

let directory: string;
let daemon: FakeAuditd;
let stop: () => Promise<void>;
let denials: Denials;
let asked: number;
let holders: Map<number, string>;
let policy: { name: string; content: ReturnType<TenantPolicy["parse"]> } | undefined;
let serial = 0;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-denials-"));
  daemon = new FakeAuditd({ directory });
  await daemon.listen();
  asked = 0;
  policy = { name: "first", content: new TenantPolicy(2).parse() };
  holders = new Map([[2, "mod-health"]]);
  const explain: Explain = async (groups) => {
    if (policy === undefined) return undefined;
    const { name, content } = policy;
    asked += groups.length;
    return { policy: name, answers: groups.map((one) => explainDenial(one, { policy: content })) };
  };
  denials = new Denials(explain, () => holders);
  const audit = new RecordingAudit();
  const rate = { burst: 50_000, perSecond: 200 };
  const outlet = new Outlet({ source: "auditd", audit, log: () => {}, rate });
  const source = new Auditd({
    ...{ outlet, log: () => {}, socketPath: daemon.socketPath, logFile: daemon.logFile },
    recent: [],
    heard: (event) => denials.hear(event),
    boot: async () => ({ id: "b00tb00t", time: Date.now() - 3_600_000 }),
    timing: { tickMs: 20, endOfEventMs: 50, pollMs: 100 },
  });
  source.start();
  stop = async () => {
    outlet.release();
    await source.stop();
    await outlet.stop();
    await daemon.close();
    rmSync(directory, { recursive: true });
  };
  await vi.waitFor(() => expect(daemon.hasClient).toBe(true), { timeout: 5_000 });
});
afterEach(() => stop());

/** Tells of a denial as the kernel does, with its system call. */
function deny(source: string, target: string, kind: string, permission = "read"): void {
  serial += 1;
  const stamp = `msg=audit(${(Date.now() / 1000).toFixed(3)}:${serial}):`;
  const contexts = `scontext=system_u:system_r:${source}:s0 tcontext=system_u:object_r:${target}:s0`;
  daemon.write([
    `type=AVC ${stamp} avc:  denied  { ${permission} } for  pid=7 comm="sh" name="x" ${contexts} tclass=${kind} permissive=0`,
    `type=SYSCALL ${stamp} arch=c000003e syscall=257 success=no exit=-13 items=0 ppid=1 pid=7 auid=4294967295 uid=0 gid=0 tty=(none) ses=4294967295 comm="sh" exe="/bin/sh" key=(null)`,
    `type=PROCTITLE ${stamp} proctitle="sh"`,
    `type=EOE ${stamp} `,
  ]);
}

async function page(filter: { text?: string; cursor?: string; limit?: number } = {}) {
  const found = await denials.list({ cursor: "", limit: 100, ...filter });
  expect(v.safeParse(denialPageSchema, found).issues).toBeUndefined();
  return found;
}

const patience = { timeout: 20_000, interval: 20 };
const counted = async (count: number) => {
  const sum = async () => (await page()).rows.reduce((all, row) => all + row.count, 0);
  await expect.poll(sum, patience).toBe(count);
};

test("what is alike is one row, newest first, explained once", async () => {
  deny("tenant0001_t", "tenant0002_vol_t", "file");
  deny("tenant0001_t", "tenant0002_vol_t", "file");
  deny("daemon_t", "spool_t", "file");
  await counted(3);
  const { rows, next } = await page();
  expect(rows.map(({ sourceType, count }) => [sourceType, count])).toEqual([
    ["daemon_t", 1],
    ["tenant0001_t", 2],
  ]);
  expect(next).toBe("");
  const [missing, isolation] = rows.map(({ explanation }) => explanation);
  expect(isolation).toMatchObject({ cause: "isolation", alarm: true });
  expect(isolation).not.toHaveProperty("fix");
  expect(missing).toMatchObject({ cause: "rule", fix: { kind: "rule" } });
  await page();
  expect(asked).toBe(2);
});

test("a slot is told with the tenant that has it now", async () => {
  deny("tenant0001_t", "tenant0002_vol_t", "file");
  await counted(1);
  expect((await page()).rows[0]).toMatchObject({ targetSlot: 2, targetTenant: "mod-health" });
  expect((await page()).rows[0]).not.toHaveProperty("sourceTenant");
  holders = new Map([[1, "mod-defense"]]);
  expect((await page()).rows[0]).toMatchObject({ sourceSlot: 1, sourceTenant: "mod-defense" });
  expect((await page()).rows[0]).not.toHaveProperty("targetTenant");
});

test("another policy explains all anew; without one nothing is explained", async () => {
  deny("daemon_t", "spool_t", "file");
  await counted(1);
  const opened = new TenantPolicy(2);
  opened.add("allow daemon_t spool_t:file { read };");
  policy = { name: "second", content: opened.parse() };
  deny("tenant0001_t", "tenant0002_vol_t", "file");
  await counted(2);
  const { rows } = await page();
  expect(rows.find(({ sourceType }) => sourceType === "daemon_t")?.explanation?.cause).not.toBe(
    "rule",
  );
  policy = undefined;
  deny("daemon_t", "etc_t", "file", "write");
  await counted(3);
  expect((await page()).rows[0]?.explanation).toBeNull();
});

test("pages go on where they ended, a text narrows them, a false cursor is refused", async () => {
  for (const target of ["spool_t", "etc_t", "proc_t"]) deny("daemon_t", target, "dir", "search");
  await counted(3);
  const first = await page({ limit: 2 });
  expect(first.rows.map(({ targetType }) => targetType)).toEqual(["proc_t", "etc_t"]);
  const second = await page({ limit: 2, cursor: first.next });
  expect(second.rows.map(({ targetType }) => targetType)).toEqual(["spool_t"]);
  expect(second.next).toBe("");
  expect((await page({ text: "etc" })).rows).toHaveLength(1);
  await expect(page({ cursor: "no" })).rejects.toMatchObject({ code: "InvalidArgument" });
});
