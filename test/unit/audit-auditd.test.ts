/** Events of auditd: from a lossy socket and its log, over restarts, boots and rotations. */
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AuditEntry } from "../../agent/audit/contract.ts";
import { Auditd } from "../../agent/audit/sources/auditd/source.ts";
import { Outlet } from "../../agent/audit/sources/outlet.ts";
import { DsecosError } from "../../agent/bus/errors.ts";
import { daemonStart, FakeAuditd, fileEvent, loginEvent } from "../lib/auditd-fake.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

const bootTime = Date.now() - 3_600_000;
const boot = { id: "b00tb00t", time: bootTime };
let now = bootTime + 60_000;
let directory: string;
let audit: RecordingAudit;
let daemon: FakeAuditd;
const ended: (() => Promise<void>)[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-auditd-"));
  audit = new RecordingAudit();
  now = bootTime + 60_000;
});
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
  await daemon.close();
  rmSync(directory, { recursive: true });
});

async function startSource(
  recent: AuditEntry[] = [],
  at: typeof boot | Promise<typeof boot> = boot,
) {
  const rate = { burst: 50_000, perSecond: 200 };
  const outlet = new Outlet({ source: "auditd", audit, log: () => {}, rate, firstRetryMs: 20 });
  const source = new Auditd({
    outlet,
    log: () => {},
    socketPath: daemon.socketPath,
    logFile: daemon.logFile,
    recent,
    boot: async () => at,
    timing: { tickMs: 20, endOfEventMs: 200, pollMs: 100 },
  });
  source.start();
  let done = false;
  const stop = async () => {
    if (done) return;
    done = true;
    outlet.release();
    await source.stop();
    await outlet.stop();
  };
  ended.push(stop);
  return { source, outlet, stop };
}

async function startBoth(options: Partial<ConstructorParameters<typeof FakeAuditd>[0]> = {}) {
  daemon = new FakeAuditd({ directory, ...options });
  await daemon.listen();
  const running = await startSource();
  await vi.waitFor(() => expect(daemon.hasClient).toBe(true), { timeout: 5_000 });
  return running;
}

const patience = { timeout: 20_000, interval: 20 };
const serialsOf = (entries: readonly AuditEntry[]) =>
  entries.flatMap(({ details }) => (typeof details?.serial === "number" ? [details.serial] : []));
const gapsOf = (entries: readonly AuditEntry[]) =>
  entries.filter(({ action }) => action === "auditd.Gap").map(({ details }) => details?.ranges);
const numbers = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** Every number once, in whatever order. */
function expectAll(first: number, last: number) {
  const found = serialsOf(audit.entries).sort((a, b) => a - b);
  expect(found).toEqual(numbers(first, last));
}

test("20,000 events in a burst of which the socket loses a seventh, over rotations: none is missing", async () => {
  // A small generator of its own, so that what is dropped is the same each time.
  let state = 12345;
  const drops = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648 < 0.15;
  };
  const { source } = await startBoth({ drops, rotateBytes: 8 * 1024 * 1024, files: 8 });
  daemon.write(loginEvent(100, now));
  for (let serial = 101; serial <= 20_100; ) {
    const records: string[] = [];
    for (let i = 0; i < 50 && serial <= 20_100; i++, serial++)
      records.push(...fileEvent(serial, now + Math.floor(serial / 50)));
    daemon.write(records);
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Tells the rest, should the very last records be lost.
  daemon.write(loginEvent(20_101, now + 1000));
  await vi.waitFor(() => expect(audit.entries.length).toBeGreaterThanOrEqual(20_002), patience);
  expect(daemon.dropped).toBeGreaterThan(10_000);
  expect(daemon.rotations).toBeGreaterThan(1);
  await vi.waitFor(() => expect(serialsOf(audit.entries)).toHaveLength(20_002), patience);
  expectAll(100, 20_101);
  expect(gapsOf(audit.entries)).toEqual([]);
  // Not only there, but whole.
  const events = audit.entries.filter(({ action }) => action === "auditd.SYSCALL");
  expect(events.filter(({ details }) => details?.incomplete !== undefined)).toEqual([]);
  expect(new Set(events.map(({ object }) => object)).size).toBe(20_000);
  expect(events[0]).toMatchObject({
    object: "/srv/watched/file-101",
    actor: "alice",
    details: { key: "dsecos-test", command: "touch -- file", syscall: "openat" },
  });
  await vi.waitFor(() => expect(source.status().state).toBe("ok"), patience);
}, 60_000);

test("what arrives while the source still starts is taken, however much it is", async () => {
  daemon = new FakeAuditd({ directory });
  await daemon.listen();
  let go = (_: typeof boot) => {};
  const held = new Promise<typeof boot>((resolve) => {
    go = resolve;
  });
  await startSource([], held);
  await vi.waitFor(() => expect(daemon.hasClient).toBe(true), patience);
  // More than is held in memory, so that the socket is paused.
  for (let serial = 1; serial <= 3_000; serial++) {
    daemon.write(fileEvent(serial, now));
    if (serial % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  let taken = 0;
  await vi.waitFor(() => {
    const before = taken;
    taken = daemon.taken;
    expect(taken).toBeGreaterThan(1024 * 1024);
    expect(taken).toBe(before);
  }, patience);
  go(boot);
  await vi.waitFor(() => expect(audit.entries.length).toBeGreaterThanOrEqual(3_001), patience);
  expectAll(1, 3_000);
});

test("a single lost record, even within an event, is taken from the log", async () => {
  // The event's fourth record: the name of the file.
  await startBoth({ drops: (count) => count === 1 + 4 });
  daemon.write(loginEvent(10, now));
  daemon.write(fileEvent(11, now));
  daemon.write(loginEvent(12, now));
  await vi.waitFor(() => expect(serialsOf(audit.entries)).toHaveLength(3), patience);
  const event = audit.entries.find(({ action }) => action === "auditd.SYSCALL");
  expect(event?.object).toBe("/srv/watched/file-11");
  expect(event?.details?.incomplete).toBeUndefined();
});

test("records that come thousands of events apart, as from a long queue, are put together", async () => {
  await startBoth({ drops: (count) => count % 9 === 4, rotateBytes: 1024 * 1024 });
  daemon.write(loginEvent(1, now));
  for (let first = 2; first <= 6_000; first += 3_000) {
    const late: string[] = [];
    for (let serial = first; serial < first + 3_000; serial++) {
      const [call = "", ...others] = fileEvent(serial, now + serial);
      late.push(call);
      daemon.write(others);
      if (serial % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    for (const call of late) daemon.write([call]);
  }
  daemon.write([...loginEvent(6_002, now + 9_000), ...loginEvent(6_003, now + 9_000)]);
  await vi.waitFor(() => expect(audit.entries.length).toBeGreaterThan(6_002), patience);
  expectAll(1, 6_003);
  const events = audit.entries.filter(({ action }) => action === "auditd.SYSCALL");
  expect(new Set(events.map(({ object }) => object)).size).toBe(6_000);
  expect(events.filter(({ details }) => details?.incomplete !== undefined)).toEqual([]);
  expect(gapsOf(audit.entries)).toEqual([]);
}, 40_000);

test("what auditd did not write to its log either is a gap on record, told once", async () => {
  const { source } = await startBoth();
  daemon.write(loginEvent(10, now));
  daemon.write([...loginEvent(14, now), ...loginEvent(15, now)]);
  await vi.waitFor(() => expect(gapsOf(audit.entries)).toEqual([[[11, 13]]]), patience);
  const gap = audit.entries.find(({ action }) => action === "auditd.Gap");
  expect(gap).toMatchObject({ outcome: "failure", details: { first: 11, last: 13, count: 3 } });
  expect(source.status()).toMatchObject({ state: "alarm", gaps: 3 });
  daemon.write(loginEvent(16, now));
  await vi.waitFor(() => expect(serialsOf(audit.entries)).toEqual([10, 14, 15, 16]), patience);
  expect(gapsOf(audit.entries)).toHaveLength(1);
});

test("an event of which auditd's log has no more is recorded as far as it is known", async () => {
  await startBoth();
  daemon.write(loginEvent(10, now));
  daemon.write(fileEvent(11, now).slice(0, 2), false);
  daemon.write(loginEvent(12, now));
  await vi.waitFor(() => expect(serialsOf(audit.entries)).toHaveLength(3), patience);
  const event = audit.entries.find(({ details }) => details?.serial === 11);
  expect(event).toMatchObject({ actor: "alice", details: { incomplete: true } });
  expect(gapsOf(audit.entries)).toEqual([]);
});

test("what happened while the agent was away is read from auditd's log, none of it twice", async () => {
  const first = await startBoth();
  daemon.write([...daemonStart(7001, now), ...loginEvent(50, now), ...fileEvent(51, now)]);
  await vi.waitFor(() => expect(serialsOf(audit.entries)).toHaveLength(2), patience);
  await first.stop();
  for (let serial = 52; serial <= 3_000; serial++) daemon.write(fileEvent(serial, now + serial));
  daemon.rotate();
  daemon.write([...daemonStart(7002, now + 4_000), ...loginEvent(3_001, now + 4_000)]);
  await startSource([...audit.entries]);
  await vi.waitFor(() => expect(serialsOf(audit.entries)).toHaveLength(2_952), patience);
  expectAll(50, 3_001);
  expect(gapsOf(audit.entries)).toEqual([]);
  const starts = audit.entries.filter(({ action }) => action === "auditd.DAEMON_START");
  expect(starts.map(({ details }) => details?.daemon)).toEqual([7001, 7002]);
});

test("an agent killed with events on their way records those again that the log does not have", async () => {
  const first = await startBoth();
  for (let serial = 1; serial <= 100; serial++) daemon.write(loginEvent(serial, now + serial));
  await vi.waitFor(() => expect(serialsOf(audit.entries)).toHaveLength(100), patience);
  await first.stop();
  // Killed after 60, when two later ones had made it before others.
  const survived = audit.entries.filter(({ details }) => {
    const serial = Number(details?.serial);
    return serial <= 60 || serial === 63 || serial === 70;
  });
  for (const { details } of survived.slice(-2)) Object.assign(details ?? {}, { done: 58 });
  audit.entries.splice(0, audit.entries.length, ...survived);
  await startSource([...survived]);
  await vi.waitFor(() => expect(serialsOf(audit.entries)).toHaveLength(100), patience);
  expectAll(1, 100);
});

test("serial numbers that begin anew after a restart of the system are no gap and hide nothing", async () => {
  const first = await startBoth();
  for (let serial = 1; serial <= 40; serial++)
    daemon.write(loginEvent(serial, now + serial, "old"));
  await vi.waitFor(() => expect(serialsOf(audit.entries)).toHaveLength(40), patience);
  await first.stop();
  for (let serial = 41; serial <= 45; serial++)
    daemon.write(loginEvent(serial, now + serial, "old"));
  const later = { id: "second00", time: bootTime + 1_800_000 };
  const time = later.time + 20_000;
  daemon.write(daemonStart(99, time));
  for (let serial = 5; serial <= 60; serial++)
    daemon.write(loginEvent(serial, time + serial, "new"));
  await startSource([...audit.entries], later);
  await vi.waitFor(() => expect(serialsOf(audit.entries)).toHaveLength(45 + 56), patience);
  const of = (user: string) => audit.entries.filter(({ object }) => object === user);
  expect(serialsOf(of("old"))).toEqual(numbers(1, 45));
  expect(serialsOf(of("new"))).toEqual(numbers(5, 60));
  expect(of("old").every(({ details }) => details?.boot === boot.id)).toBe(true);
  expect(of("new").every(({ details }) => details?.boot === later.id)).toBe(true);
  expect(gapsOf(audit.entries)).toEqual([]);
});

test("a log that was rotated past the last event on record is a gap", async () => {
  const first = await startBoth({ files: 2 });
  daemon.write(loginEvent(10, now));
  await vi.waitFor(() => expect(serialsOf(audit.entries)).toHaveLength(1), patience);
  await first.stop();
  for (let serial = 11; serial <= 30; serial++) {
    daemon.write(loginEvent(serial, now + serial));
    if (serial % 10 === 0) daemon.rotate();
  }
  daemon.write(loginEvent(31, now + 31));
  await startSource([...audit.entries]);
  await vi.waitFor(() => expect(gapsOf(audit.entries)).toEqual([[[11, 20]]]), patience);
  expect(serialsOf(audit.entries).sort((a, b) => a - b)).toEqual([10, ...numbers(21, 31)]);
});

test("without the plugin, events are read from auditd's log", async () => {
  daemon = new FakeAuditd({ directory });
  daemon.write(loginEvent(10, now));
  const { source } = await startSource();
  await vi.waitFor(() => expect(source.status().state).toBe("lagging"), patience);
  // The log's past is not recorded; what is written after the first look is.
  let serial = 10;
  const more = () => {
    serial += 1;
    daemon.write(loginEvent(serial, now + serial));
    expect(serialsOf(audit.entries).length).toBeGreaterThan(0);
  };
  await vi.waitFor(more, { timeout: 10_000, interval: 500 });
  expect(source.status().text).toContain("systemctl restart auditd");
});

test("without auditd the status says what to install", async () => {
  daemon = new FakeAuditd({ directory });
  const { source } = await startSource();
  await vi.waitFor(() => expect(source.status().state).toBe("absent"), patience);
  expect(source.status().text).toContain("apt install auditd");
});

test("while the log cannot be written nothing is lost, and events follow in order", async () => {
  const { source } = await startBoth();
  daemon.write(loginEvent(1, now));
  await vi.waitFor(() => expect(serialsOf(audit.entries)).toEqual([1]), patience);
  audit.failure = new DsecosError("Unavailable", "The disk is full.");
  for (let serial = 2; serial <= 2_000; serial++) daemon.write(loginEvent(serial, now + serial));
  await vi.waitFor(() => expect(source.status()).toMatchObject({ state: "alarm" }), patience);
  expect(serialsOf(audit.entries)).toEqual([1]);
  audit.failure = undefined;
  await vi.waitFor(() => expect(serialsOf(audit.entries)).toHaveLength(2_000), patience);
  expect(serialsOf(audit.entries)).toEqual(numbers(1, 2_000));
});

test("lines that no auditd writes harm nothing, and a torn line is made up for", async () => {
  const { source } = await startBoth();
  daemon.write(loginEvent(1, now));
  const whole = loginEvent(2, now)[0] ?? "";
  appendFileSync(daemon.logFile, `${whole}\n`);
  daemon.write(
    [
      "",
      "type=",
      `${"x".repeat(200_000)}`,
      "type=USER_LOGIN msg=audit(99999999999999999999.1:1): res=success",
      `${whole.slice(0, 90)}${loginEvent(3, now)[0]}`,
      "\u0000\u0001\uFFFD",
    ],
    false,
  );
  appendFileSync(daemon.logFile, `${loginEvent(3, now)[0]}\n`);
  daemon.write(loginEvent(4, now));
  await vi.waitFor(() => expect(serialsOf(audit.entries)).toHaveLength(4), patience);
  expectAll(1, 4);
  expect(source.status().gaps).toBe(0);
});

test("a log of auditd that is cut short or filled with rubbish does not stop the events", async () => {
  await startBoth({ drops: (count) => count === 2 });
  daemon.write(loginEvent(1, now));
  await vi.waitFor(() => expect(serialsOf(audit.entries)).toEqual([1]), patience);
  daemon.write(loginEvent(2, now));
  truncateSync(daemon.logFile, 0);
  writeFileSync(daemon.logFile, Buffer.alloc(700_000, 0xff));
  daemon.write(loginEvent(3, now), false);
  await vi.waitFor(() => expect(gapsOf(audit.entries)).toEqual([[[2, 2]]]), patience);
  expect(serialsOf(audit.entries)).toEqual([1, 3]);
});
