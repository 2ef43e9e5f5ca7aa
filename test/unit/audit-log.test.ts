import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AuditLog, genesis, hashLine } from "../../agent/audit/log.ts";
import { readBack, verifyChain } from "../../agent/audit/reader.ts";

let directory: string;
const quiet = () => {};
const event = { action: "test.Act", outcome: "note", actor: "somebody", uid: 1000 } as const;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "dsecos-audit-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function opened(): Promise<AuditLog> {
  const log = new AuditLog(directory, "node1", quiet);
  await log.open();
  return log;
}

async function lines(log: AuditLog): Promise<string[]> {
  return (await readFile(log.path, "utf8")).split("\n").slice(0, -1);
}

test("every entry holds the SHA3-512 of the line before", async () => {
  const log = await opened();
  for (let i = 0; i < 5; i++) await log.append({ ...event, object: `o${i}` });
  await log.close();
  let previous = genesis;
  for (const line of await lines(log)) {
    expect(JSON.parse(line).previous).toBe(previous);
    previous = hashLine(line);
  }
  expect(await verifyChain(log.path, log.size)).toMatchObject({ intact: true, entries: 5 });
});

test("callers that wait together are written together, in order", async () => {
  const log = await opened();
  const entries = await Promise.all(Array.from({ length: 500 }, () => log.append(event)));
  expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_, i) => i + 1));
  expect(await verifyChain(log.path, log.size)).toMatchObject({ intact: true, entries: 500 });
  await log.close();
});

test("what is only written comes in order, before what is asked for later", async () => {
  const log = await opened();
  const both = [log.append(event, "written"), log.append(event)];
  expect((await Promise.all(both)).map(({ sequence }) => sequence)).toEqual([1, 2]);
  expect(await verifyChain(log.path, log.size)).toMatchObject({ intact: true, entries: 2 });
  await log.close();
});

test("an entry that comes while the last ones are being finished is not forgotten", async () => {
  const log = await opened();
  // Each of these hung once: appended between the end of a flush and the note that it ended.
  for (let i = 0; i < 50; i++) await (async () => await log.append(event))();
  for (let i = 0; i < 50; i++) await Promise.all([log.append(event), log.append(event, "written")]);
  expect(await verifyChain(log.path, log.size)).toMatchObject({ intact: true, entries: 150 });
  await log.close();
});

test("the chain goes on after a restart", async () => {
  const first = await opened();
  await first.append(event);
  await first.close();
  const second = await opened();
  const entry = await second.append(event);
  expect(entry.sequence).toBe(2);
  expect(await verifyChain(second.path, second.size)).toMatchObject({ intact: true, entries: 2 });
  await second.close();
});

test("a torn last line is cut off and put on record", async () => {
  const first = await opened();
  await first.append(event);
  await first.close();
  await appendFile(first.path, '{"action":"half');
  const second = await opened();
  await second.append(event);
  const [, note] = (await lines(second)).map((line) => JSON.parse(line));
  expect(note).toMatchObject({ action: "audit.recovered", details: { bytes: 15 } });
  expect(await verifyChain(second.path, second.size)).toMatchObject({ intact: true, entries: 3 });
  await second.close();
});

test.each([
  ["a changed byte", (text: string) => text.replace("o2", "x2")],
  ["a removed line", (text: string) => text.split("\n").toSpliced(2, 1).join("\n")],
  [
    "swapped lines",
    (text: string) => {
      const all = text.split("\n");
      return [all[0], all[2], all[1], ...all.slice(3)].join("\n");
    },
  ],
  ["a line that is not JSON", (text: string) => text.replace('{"action"', '["action"')],
])("%s is found", async (_what, tamper) => {
  const log = await opened();
  for (let i = 0; i < 5; i++) await log.append({ ...event, object: `o${i}` });
  await log.close();
  await writeFile(log.path, tamper(await readFile(log.path, "utf8")));
  expect((await verifyChain(log.path, log.size)).intact).toBe(false);
});

test("a missing end is found while the agent runs", async () => {
  const log = await opened();
  for (let i = 0; i < 5; i++) await log.append(event);
  await truncate(log.path, log.size - 100);
  const verdict = await verifyChain(log.path, log.size);
  expect(verdict).toMatchObject({ intact: false, problem: "100 bytes of the end are missing" });
  await log.close();
});

test("reading back gives the newest first and goes on from its cursor", async () => {
  const log = await opened();
  for (let i = 0; i < 2500; i++) {
    log.append({ ...event, object: `o${i}`, details: { padding: "p".repeat(300) } });
  }
  await log.append(event);
  const odd = (object: string | undefined) => Number(object?.slice(1)) % 2 === 1;
  const first = await readBack(log.path, log.size, 10, (entry) => odd(entry.object));
  expect(first.rows.map(({ object }) => object)).toEqual(
    Array.from({ length: 10 }, (_, i) => `o${2499 - 2 * i}`),
  );
  const rest = await readBack(log.path, first.next, 5000, (entry) => odd(entry.object));
  expect(rest.rows).toHaveLength(1240);
  expect(rest.next).toBe(0);
  await log.close();
});

test("details that are too large are represented by their hash", async () => {
  const log = await opened();
  const entry = await log.append({ ...event, details: { text: "x".repeat(20_000) } });
  expect(entry.details).toMatchObject({ size: 20_011 });
  await log.close();
});
