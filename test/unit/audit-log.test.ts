import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { canonical } from "../../agent/audit/canonical.ts";
import { decodeEvent, encodeEvent } from "../../agent/audit/event.ts";
import { AuditLog } from "../../agent/audit/log.ts";
import { backwards, having, newest } from "../../agent/audit/recent.ts";
import { closeSegment } from "../../agent/audit/segments/close.ts";
import { LogReader } from "../../agent/audit/segments/reader.ts";
import { SegmentWriter } from "../../agent/audit/segments/writer.ts";
import { auditWriter } from "../lib/audit-writer.ts";
import { checkLog, treeRoot } from "../lib/check-log.ts";
import { removeTree } from "../lib/remove-tree.js";

let directory: string;
let program: URL;
let told: string[];
const event = { action: "test.Act", outcome: "note", actor: "somebody", uid: 1000 } as const;

beforeAll(() => {
  program = pathToFileURL(auditWriter());
});
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-audit-"));
  told = [];
});
afterEach(() => removeTree(directory));

async function opened(): Promise<AuditLog> {
  const options = { program };
  const log = new AuditLog(directory, "node1", (_level, text) => told.push(text), options);
  await log.open();
  return log;
}

test("callers that wait together are written together, in order", async () => {
  const log = await opened();
  const entries = await Promise.all(Array.from({ length: 500 }, () => log.append(event)));
  await log.close();
  expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_, i) => i + 1));
  const { entries: read, frames } = checkLog(directory);
  expect(read).toEqual(entries);
  expect(frames).toBeLessThan(10);
});

test("what is only written comes in order, before what is asked for later", async () => {
  const log = await opened();
  const both = [log.append(event, "written"), log.append(event), log.append(event, "written")];
  expect((await Promise.all(both)).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  await log.close();
  expect(checkLog(directory).entries).toHaveLength(3);
});

test("an event that comes while the last ones are being finished is not forgotten", async () => {
  const log = await opened();
  for (let i = 0; i < 50; i++) await (async () => await log.append(event))();
  for (let i = 0; i < 50; i++) await Promise.all([log.append(event), log.append(event, "written")]);
  expect(log.size).toBe(150);
  await log.close();
  expect(checkLog(directory).entries).toHaveLength(150);
});

test("the head is the root of the tree and the chain value, also after a restart", async () => {
  const log = await opened();
  expect(await log.head()).toMatchObject({ size: 0 });
  await Promise.all(Array.from({ length: 700 }, () => log.append(event, "written")));
  const head = await log.head();
  await log.close();
  const { chain, leaves } = checkLog(directory);
  expect(head).toEqual({ size: 700, root: treeRoot(leaves), chain });
  const again = await opened();
  expect(again.size).toBe(700);
  expect(await again.head()).toEqual(head);
  const entry = await again.append(event);
  expect(entry.sequence).toBe(701);
  await again.close();
  expect(checkLog(directory).entries).toHaveLength(701);
});

test("a torn end is cut off and put on record", async () => {
  const first = await opened();
  await first.append(event);
  await first.close();
  const file = join(directory, "log", "00000000000000000000.seg");
  writeFileSync(file, "DSFR and then nothing", { flag: "a" });
  const second = await opened();
  await second.append(event);
  await second.close();
  expect(told.filter((text) => text.includes("torn"))).toHaveLength(1);
  const [, note, last] = checkLog(directory).entries;
  expect(note).toMatchObject({
    action: "audit.recovered",
    source: "log",
    details: { bytes: 21, hash: expect.stringMatching(/^[0-9a-f]{128}$/) },
  });
  expect(last).toMatchObject(event);
});

test("listeners hear how many events there are", async () => {
  const log = await opened();
  const heard = new Promise<number>((resolve) => {
    log.onAppended((size) => {
      if (size === 3) resolve(size);
    });
  });
  await Promise.all([log.append(event), log.append(event, "written"), log.append(event)]);
  expect(await heard).toBe(3);
  await log.close();
});

test("what is too large or no text is bounded, and what has no JSON is refused", async () => {
  const log = await opened();
  const large = await log.append({ ...event, details: { text: "x".repeat(20_000) } });
  expect(large.details).toMatchObject({ size: 20_011 });
  const long = await log.append({ ...event, error: `${"ä".repeat(100_000)}`, object: "a\ud800" });
  expect(long.error).toMatch(/^ä+…$/);
  expect(long.object).toBe("a\ufffd");
  const control = "\u0001".repeat(9000);
  const most = { ...event, actor: control, label: control, object: control, error: control };
  await log.append({ ...most, details: { text: "\u0001".repeat(2000) } });
  await expect(log.append({ ...event, details: { not: Number.NaN } })).rejects.toThrow("no JSON");
  await log.close();
  expect(checkLog(directory).entries).toHaveLength(3);
});

test("an event is written in canonical form, with all its members", () => {
  const all = {
    ...{
      ...event,
      source: "auditd" as const,
      loginuid: 1,
      pid: 2,
      label: "l",
      address: "::1",
      tenant: "t",
    },
    ...{
      object: "o",
      flow: "f",
      call: "c",
      details: { b: [1, { z: "\u20ac", a: null }] },
      error: "e",
    },
  } as const;
  const { entry, payload } = encodeEvent(all, "node1");
  const { sequence: _, ...rest } = entry;
  expect(payload.toString()).toBe(canonical(rest));
  expect(rest).toMatchObject(all);
  expect(decodeEvent(payload, 6)).toEqual({ ...rest, sequence: 7 });
});

test("more events than may wait are refused; a full segment is closed beside the others", async () => {
  const log = await opened();
  const all = await Promise.allSettled(
    Array.from({ length: 66_000 }, () => log.append(event, "written")),
  );
  const refused = all.filter(({ status }) => status === "rejected");
  expect(refused).toHaveLength(66_000 - 65_536);
  expect(refused[0]).toMatchObject({ reason: { code: "Unavailable" } });
  expect(log.size).toBe(65_536);
  await log.append(event);
  const files = () => readdirSync(join(directory, "log")).filter((name) => !name.endsWith(".tmp"));
  const closed = ["00000000000000000000.segz", "00000000000000065536.seg"];
  await expect.poll(files, { timeout: 60_000 }).toEqual(closed);
  const flags = () =>
    spawnSync(
      "lsattr",
      closed.map((name) => join(directory, "log", name)),
      { encoding: "utf8" },
    )
      .stdout.split("\n")
      .map((line) => /^[a-zA-Z-]*([ia])/.exec(line)?.[1]);
  const unsupported = () => told.some((text) => text.includes("no append-only and immutable"));
  // Where the file system has no flags, that is told instead.
  await expect
    .poll(() => unsupported() || flags().slice(0, 2).join(), { timeout: 10_000 })
    .toBeOneOf([true, "i,a"]);
  const head = await log.head();
  await log.close();
  const { chain, leaves } = checkLog(directory);
  expect(head).toEqual({ size: 65_537, root: treeRoot(leaves), chain });
}, 120_000);

test("more bytes than may wait are refused", async () => {
  const log = await opened();
  const large = { ...event, details: { text: "x".repeat(16_000) } };
  const all = await Promise.allSettled(
    Array.from({ length: 4300 }, () => log.append(large, "written")),
  );
  const refused = all.filter(({ status }) => status === "rejected").length;
  expect(refused).toBeGreaterThan(0);
  expect(refused).toBeLessThan(300);
  await log.append(large);
  expect(log.size).toBe(4301 - refused);
  await log.close();
});

test("segments that are older than the policy go, and that is on record", async () => {
  let now = Date.now() - 90 * 86_400_000;
  const writer = new SegmentWriter(directory, () => now);
  writer.open();
  const { payload } = encodeEvent(event, "node1");
  writer.appendBatch(Array.from({ length: 256 }, () => payload));
  now += 31 * 86_400_000;
  writer.appendBatch([payload]);
  const head = writer.head();
  writer.close();
  closeSegment(directory, 0);
  const log = new AuditLog(directory, "node1", () => {}, { program, retentionDays: 80 });
  await log.open();
  expect(await log.head()).toEqual(head);
  await expect
    .poll(() => readdirSync(join(directory, "log")), { timeout: 30_000 })
    .toEqual(["00000000000000000000.gone", "00000000000000000256.seg"]);
  await log.close();
  const reader = new LogReader(directory);
  expect(reader.refresh()).toBe(258);
  const [last] = having(newest(reader, 1, 1), ['"source":"log"']).slice(-1);
  expect(last).toMatchObject({ action: "audit.Retention", source: "log", sequence: 258 });
  expect(last?.details).toEqual(reader.tombstone(0));
  reader.close();
});

/** @returns the writer, in a thread that ends when it is sent an event with the word `die`. */
function mortalProgram(): URL {
  const file = join(directory, "mortal.mjs");
  const text = `
    import { existsSync } from "node:fs";
    import { parentPort } from "node:worker_threads";
    if (existsSync(${JSON.stringify(join(directory, "never"))})) process.exit(1);
    const dies = (request) => request instanceof Uint8Array && Buffer.from(request).includes("die");
    for (const name of ["on", "once"]) {
      const listen = parentPort[name].bind(parentPort);
      parentPort[name] = (event, listener) =>
        listen(event, (request) => (dies(request) ? process.exit(1) : listener(request)));
    }
    await import(${JSON.stringify(program.href)});`;
  writeFileSync(file, text);
  return pathToFileURL(file);
}

test("when the writer dies, who waits is told, and a new one goes on", async () => {
  const failures: Error[] = [];
  const log = new AuditLog(directory, "node1", (_level, text) => told.push(text), {
    program: mortalProgram(),
    failed: (error) => failures.push(error),
  });
  await log.open();
  await log.append({ ...event, object: "before" });
  await expect(log.append({ ...event, object: "die" })).rejects.toMatchObject({
    code: "Unavailable",
  });
  await expect
    .poll(() =>
      log.append({ ...event, object: "after" }).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  expect(told).toContain("the writer of the audit log ended; it is started again");
  expect(failures).toEqual([]);
  writeFileSync(join(directory, "never"), "");
  await expect(log.append({ ...event, object: "die" })).rejects.toThrow("cannot be written");
  await expect.poll(() => failures).toHaveLength(1);
  const { entries } = checkLog(directory);
  expect(entries.map(({ object }) => object)).toEqual(["before", "after"]);
});

test("after its end nothing is taken any more", async () => {
  const log = await opened();
  await log.append(event);
  await log.close();
  await expect(log.append(event)).rejects.toMatchObject({ code: "Unavailable" });
  await expect(log.head()).rejects.toThrow("not open");
});

test("the newest entries are read back, and all of them from the end", async () => {
  const log = await opened();
  const many = Array.from({ length: 1000 }, (_, i) => log.append({ ...event, object: `o${i}` }));
  await Promise.all(many);
  const reader = new LogReader(directory);
  expect(reader.refresh()).toBe(1000);
  const last = newest(reader, 300, 1e9);
  expect(having(last.slice(-11), ['"object":"o99'])).toMatchObject(
    Array.from({ length: 10 }, (_, i) => ({ sequence: 991 + i, object: `o${990 + i}` })),
  );
  expect(last.length).toBe(1000 - 512);
  expect(newest(reader, 1e9, 1).length).toBe(1000 - 768);
  const all = [...backwards(reader, 600)];
  expect(all.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 600 }, (_, i) => 600 - i),
  );
  reader.close();
  await log.close();
});

test("a record of the older form is left alone, and said to be there", async () => {
  const old = join(directory, "audit.jsonl");
  writeFileSync(old, "{}\n");
  const log = await opened();
  await log.append(event);
  await log.close();
  expect(readFileSync(old, "utf8")).toBe("{}\n");
  expect(told).toContain("an audit record of an older form is left as it is");
  expect(readdirSync(join(directory, "log"))).toHaveLength(1);
});
