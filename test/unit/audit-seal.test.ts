import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSealer } from "../../agent/audit/seal/service.ts";
import type { Sealer } from "../../agent/audit/seal/types.ts";
import { parseCheckpoint } from "../../agent/audit/tlog/checkpoint.ts";
import { openNote, parseNote, parseVerifierKey } from "../../agent/audit/tlog/note.ts";
import { WriterLog } from "../lib/writer-log.ts";

interface Running {
  log: WriterLog;
  sealer: Sealer;
  stop(): Promise<void>;
}

const directories: string[] = [];
const running: Running[] = [];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});

afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  vi.useRealTimers();
  for (const path of directories.splice(0)) rmSync(path, { recursive: true });
});

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-seal-"));
  directories.push(directory);
  return directory;
}

async function start(directory: string): Promise<Running> {
  const log = new WriterLog(directory);
  const sealer = createSealer({
    log,
    directory,
    node: "node1",
    tpm: join(directory, "no-tpm"),
    journal: () => undefined,
  });
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    stopped ??= sealer.stop().then(() => log.close());
    await stopped;
  };
  running.push({ log, sealer, stop });
  await sealer.start();
  return { log, sealer, stop };
}

interface Line {
  checkpoint: string;
  chain: string;
  time: string;
}

function lines(directory: string): Line[] {
  const folder = join(directory, "seals");
  return readdirSync(folder)
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), "utf8").trimEnd().split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

const sizes = (directory: string) =>
  lines(directory).map(({ checkpoint }) => parseCheckpoint(parseNote(checkpoint).text).size);

function logJson(directory: string): { keys: { from: number; vkey: string }[]; origin: string } {
  return JSON.parse(readFileSync(join(directory, "log.json"), "utf8"));
}

/** @returns the next checkpoint once the clock has moved on by that much. */
async function sealedAfter(sealer: Sealer, milliseconds: number): Promise<string> {
  const next = new Promise<string>((resolve) => {
    const end = sealer.onSealed((note) => {
      end();
      resolve(note);
    });
  });
  vi.advanceTimersByTime(milliseconds);
  return await next;
}

describe("the log's key", () => {
  it("is made once, for its owner only, and the first checkpoint counts the event of it", async () => {
    const directory = newDirectory();
    const { log, sealer } = await start(directory);
    expect(log.actions()).toEqual(["audit.KeyCreated"]);
    const { keys, origin } = logJson(directory);
    expect(origin).toMatch(/^dsecos\.org\/audit\/node1\/[0-9a-f]{8}$/);
    expect(keys).toEqual([{ from: 0, vkey: expect.any(String) }]);
    expect(statSync(join(directory, "key")).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, "key/log.json")).mode & 0o777).toBe(0o600);
    const published = readFileSync(join(directory, "checkpoint"), "utf8");
    const { text } = openNote(published, parseVerifierKey(keys[0]?.vkey ?? ""));
    const head = await log.head();
    expect(parseCheckpoint(text)).toEqual({ origin, size: 1, root: head.root });
    expect(lines(directory)).toEqual([
      { checkpoint: published, chain: head.chain.toString("hex"), time: expect.any(String) },
    ]);
    expect(sealer.status()).toMatchObject({ origin, checkpoint: published, alarms: [] });
    expect(sealer.status().tree.state).toBe("ok");
  });

  it("stays the same after a restart", async () => {
    const directory = newDirectory();
    const first = await start(directory);
    await first.stop();
    const before = readFileSync(join(directory, "log.json"), "utf8");
    const second = await start(directory);
    expect(readFileSync(join(directory, "log.json"), "utf8")).toBe(before);
    expect(second.log.actions()).toEqual([]);
    expect(sizes(directory)).toEqual([1]);
  });

  it.each([
    ["missing", (file: string) => rmSync(file)],
    ["unreadable", (file: string) => writeFileSync(file, "{}")],
  ])("is changed on record and with an alarm when it is %s", async (_what, damage) => {
    const directory = newDirectory();
    const first = await start(directory);
    await first.log.note();
    await first.stop();
    damage(join(directory, "key/log.json"));
    const { log, sealer } = await start(directory);
    expect(log.actions()).toEqual(["audit.KeyChanged"]);
    const { keys } = logJson(directory);
    expect(keys.map(({ from }) => from)).toEqual([0, 2]);
    expect(log.events[0]?.details).toMatchObject({
      vkey: keys[1]?.vkey,
      previous: keys[0]?.vkey,
    });
    openNote(sealer.status().checkpoint, parseVerifierKey(keys[1]?.vkey ?? ""));
    expect(sealer.status().alarms).toMatchObject([{ kind: "integrity" }]);
    expect(sealer.status().tree.state).toBe("warning");
  });

  it("is changed on record when another one lies in its place", async () => {
    const [directory, other] = [newDirectory(), newDirectory()];
    for (const path of [directory, other]) await (await start(path)).stop();
    const { origin } = logJson(directory);
    const secret = JSON.parse(readFileSync(join(other, "key/log.json"), "utf8"));
    writeFileSync(join(directory, "key/log.json"), JSON.stringify({ ...secret, origin }));
    const { log } = await start(directory);
    expect(log.actions()).toEqual(["audit.KeyChanged"]);
  });

  it("signs nothing while log.json cannot be understood, and says so", async () => {
    const directory = newDirectory();
    await (await start(directory)).stop();
    writeFileSync(join(directory, "log.json"), "[]");
    const { log, sealer } = await start(directory);
    await log.note();
    expect(sealer.status().tree).toMatchObject({
      state: "alarm",
      text: expect.stringContaining("log.json cannot be understood"),
    });
    expect(sizes(directory)).toEqual([1]);
  });
});

describe("checkpoints", () => {
  it("cover all that came within five seconds, and are made only when there is something new", async () => {
    const directory = newDirectory();
    const { log, sealer } = await start(directory);
    for (let i = 0; i < 3; i++) await log.note();
    vi.advanceTimersByTime(4_999);
    expect(vi.getTimerCount()).toBe(1);
    expect(sizes(directory)).toEqual([1]);
    const note = await sealedAfter(sealer, 1);
    expect(parseCheckpoint(parseNote(note).text).size).toBe(4);
    vi.advanceTimersByTime(60_000);
    expect(sizes(directory)).toEqual([1, 4]);
    await log.note();
    await sealedAfter(sealer, 5_000);
    expect(sizes(directory)).toEqual([1, 4, 5]);
  });

  it("cover the last event when the agent ends", async () => {
    const directory = newDirectory();
    const { log, stop } = await start(directory);
    await log.note("agent.stop");
    await stop();
    expect(sizes(directory)).toEqual([1, 2]);
  });

  it("go into the file of the day, and on in the newest when the clock is set back", async () => {
    const directory = newDirectory();
    vi.setSystemTime("2030-01-01T12:00:00Z");
    const { log, sealer } = await start(directory);
    vi.setSystemTime("2030-01-02T12:00:00Z");
    await log.note();
    await sealedAfter(sealer, 5_000);
    vi.setSystemTime("2029-12-31T12:00:00Z");
    await log.note();
    await sealedAfter(sealer, 5_000);
    expect(readdirSync(join(directory, "seals")).sort()).toEqual([
      "2030-01-01.jsonl",
      "2030-01-02.jsonl",
    ]);
    expect(sizes(directory)).toEqual([1, 2, 3]);
  });

  it.each(['{"chain":"ab', "\0\0\0\0\n", '{"chain":"ab","checkpoint":"x"}'])(
    "go on behind a line that a crash tore: %j",
    async (torn) => {
      const directory = newDirectory();
      await (await start(directory)).stop();
      const [name] = readdirSync(join(directory, "seals"));
      appendFileSync(join(directory, "seals", name ?? ""), torn);
      const { log } = await start(directory);
      expect(log.events).toMatchObject([
        { action: "audit.SealsRepaired", details: { file: name, bytes: torn.length } },
      ]);
      expect(sizes(directory)).toEqual([1, 2]);
    },
  );

  it("wait with an alarm while the seals cannot be written, and are made by themselves then", async () => {
    const directory = newDirectory();
    writeFileSync(join(directory, "seals"), "");
    const { log, sealer } = await start(directory);
    expect(sealer.status().alarms).toMatchObject([{ kind: "unsealed" }]);
    expect(sealer.status().tree.state).toBe("alarm");
    rmSync(join(directory, "seals"));
    await sealedAfter(sealer, 5_000);
    expect(sealer.status().alarms).toEqual([]);
    expect(log.actions()).toEqual(["audit.KeyCreated"]);
    expect(sizes(directory)).toEqual([1]);
  });

  it("are not made for a log that is shorter than the last one", async () => {
    const directory = newDirectory();
    const first = await start(directory);
    await first.log.note();
    await first.stop();
    rmSync(join(directory, "log"), { recursive: true });
    const { log, sealer } = await start(directory);
    expect(sealer.status().alarms).toMatchObject([
      { kind: "integrity", text: expect.stringContaining("events are missing") },
    ]);
    await log.note();
    await log.note();
    expect(vi.getTimerCount()).toBe(0);
    expect(sizes(directory)).toEqual([1, 2]);
    expect(log.actions()).toContain("audit.Forked");
  });

  it("are not made for a longer log with another beginning", async () => {
    const directory = newDirectory();
    await (await start(directory)).stop();
    for (const part of ["log", "tile"]) rmSync(join(directory, part), { recursive: true });
    const other = new WriterLog(directory);
    for (let i = 0; i < 600; i++) await other.note();
    other.close();
    const { sealer } = await start(directory);
    expect(sealer.status().alarms).toMatchObject([
      { kind: "integrity", text: expect.stringContaining("are not those") },
    ]);
    expect(sizes(directory)).toEqual([1]);
  });

  it("go on over many bundles and starts", async () => {
    const directory = newDirectory();
    for (let round = 0; round < 3; round++) {
      const { log, stop } = await start(directory);
      for (let i = 0; i < 300; i++) await log.note();
      await stop();
      const after = new WriterLog(directory);
      await after.note();
      after.close();
    }
    expect(sizes(directory)).toEqual([1, 301, 302, 602, 603, 903]);
  });

  it("are not made when lines of seals were cut off", async () => {
    const directory = newDirectory();
    const first = await start(directory);
    const [name = ""] = readdirSync(join(directory, "seals"));
    cpSync(join(directory, "seals", name), join(directory, "copy"));
    await first.log.note();
    await first.stop();
    cpSync(join(directory, "copy"), join(directory, "seals", name));
    const { sealer } = await start(directory);
    expect(sealer.status().alarms).toMatchObject([
      { kind: "integrity", text: expect.stringContaining("was published") },
    ]);
  });
});

describe("signatures of witnesses", () => {
  const line = (name: string) => `— ${name} ${Buffer.alloc(76, name).toString("base64")}\n`;

  it("stand in a further line, and in the published checkpoint while it is the newest", async () => {
    const directory = newDirectory();
    const { log, sealer } = await start(directory);
    const first = readFileSync(join(directory, "checkpoint"), "utf8");
    const { text } = parseNote(first);
    await sealer.addCosignatures(text, [line("one")]);
    await sealer.addCosignatures(text, [line("two")]);
    expect(readFileSync(join(directory, "checkpoint"), "utf8")).toBe(
      first + line("one") + line("two"),
    );
    await log.note();
    await sealedAfter(sealer, 5_000);
    const second = readFileSync(join(directory, "checkpoint"), "utf8");
    await sealer.addCosignatures(text, [line("three")]);
    expect(readFileSync(join(directory, "checkpoint"), "utf8")).toBe(second);
    expect(lines(directory).map(({ checkpoint }) => checkpoint)).toEqual([
      first,
      first + line("one"),
      first + line("two"),
      second,
      first + line("three"),
    ]);
    await expect(sealer.addCosignatures("other\n", [line("one")])).rejects.toThrow("not known");
  });
});

describe("a node without a TPM", () => {
  it("is told as such, and nothing can be enrolled or acknowledged", async () => {
    const { sealer } = await start(newDirectory());
    await expect(sealer.enrolTpm()).rejects.toMatchObject({
      name: "org.dsecos.Error.Unavailable",
    });
    await expect(sealer.acknowledgeTpm("why")).rejects.toMatchObject({
      name: "org.dsecos.Error.Conflict",
    });
    expect(sealer.status().tpm).toMatchObject({
      state: "warning",
      text: expect.stringContaining("has no TPM"),
    });
  });
});
