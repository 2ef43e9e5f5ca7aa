/** Sealing by a TPM: a real software TPM, a real directory, and what can go wrong with either. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { decodeEvent } from "../../agent/audit/event.ts";
import { readEnrolments } from "../../agent/audit/seal/enrolments.ts";
import type { Seal } from "../../agent/audit/seal/seals-file.ts";
import { createSealer } from "../../agent/audit/seal/service.ts";
import type { Sealer } from "../../agent/audit/seal/types.ts";
import { LogReader } from "../../agent/audit/segments/reader.ts";
import { parseCheckpoint } from "../../agent/audit/tlog/checkpoint.ts";
import { parseNote } from "../../agent/audit/tlog/note.ts";
import { checkEnrolled, checkTpm, type Finding, type TpmSeal } from "../../agent/tpm/attest.ts";
import { commands } from "../../agent/tpm/command.ts";
import { parseAttest } from "../../agent/tpm/structures.ts";
import { createSwtpm, type SoftTpm } from "../lib/swtpm.ts";
import { startTpmProxy, type TpmProxy } from "../lib/tpm-proxy.ts";
import { WriterLog } from "../lib/writer-log.ts";

const minute = 60_000;

let tpm: SoftTpm;
let proxy: TpmProxy;
let directory: string;
const running: { stop(): Promise<void> }[] = [];

beforeEach(async () => {
  tpm = await createSwtpm({ certificates: false });
  proxy = await startTpmProxy(tpm.socket, join(tpm.directory, "proxy"));
  directory = mkdtempSync(join(tmpdir(), "dsecos-seal-"));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  vi.setSystemTime("2026-06-01T00:00:00Z");
});

afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  vi.useRealTimers();
  await proxy.stop();
  await tpm.remove();
  rmSync(directory, { recursive: true, force: true });
});

async function start(path = proxy.socket) {
  const log = new WriterLog(directory);
  const sealer = createSealer({ log, directory, node: "node1", tpm: path, journal: () => {} });
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    stopped ??= sealer.stop().then(() => log.close());
    await stopped;
  };
  running.push({ stop });
  await log.note("agent.start");
  await sealer.start();
  return { log, sealer, stop };
}

/** Waits for something that takes no timer of the test's clock. */
async function until(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 20_000; !condition(); ) {
    if (performance.now() > end) throw new Error("it did not happen");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function seals(): Seal[] {
  const folder = join(directory, "seals");
  return readdirSync(folder)
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n").slice(0, -1))
    .map((line) => JSON.parse(line));
}

const sizeOf = ({ checkpoint }: Seal) => parseCheckpoint(parseNote(checkpoint).text).size;

function tpmSeals(): TpmSeal[] {
  return seals().flatMap(({ checkpoint, tpm: seal }, line) =>
    seal === undefined
      ? []
      : [{ line: line + 1, checkpointText: parseNote(checkpoint).text, tpm: seal }],
  );
}

function counterOf({ tpm: { counter } }: TpmSeal): bigint {
  const { attested } = parseAttest(Buffer.from(counter.attest, "base64"));
  return attested.type === "nv" ? attested.contents.readBigUInt64BE() : -1n;
}

const counters = () => tpmSeals().map(counterOf);

/** Findings that make the log bad, with what the log tells of enrolments. */
async function errors(): Promise<Finding[]> {
  const enrolments = await readEnrolments(directory);
  const reader = new LogReader(directory);
  reader.refresh();
  const told = enrolments.flatMap((enrolment) => {
    const [event] = reader.payloads(enrolment.from, 1);
    return checkEnrolled(enrolment, event && decodeEvent(event.payload, event.index));
  });
  reader.close();
  return [...checkTpm(enrolments, tpmSeals(), []), ...told].filter(
    ({ severity }) => severity === "E",
  );
}

let passedAt = 0;

/** Lets the test's clock pass, while nobody waits for the TPM: deadlines are of that clock too. */
function pass(): void {
  if (!proxy.idle || performance.now() < passedAt + 50) return;
  passedAt = performance.now();
  vi.advanceTimersByTime(4_000);
}

/** Appends an event and waits until the TPM has sealed it. */
async function sealedByTpm({ log, sealer }: { log: WriterLog; sealer: Sealer }): Promise<void> {
  const before = counters().length;
  await log.note();
  const sealed = new Promise<void>((resolve) => {
    const end = sealer.onSealed(() => {
      end();
      resolve();
    });
  });
  vi.advanceTimersByTime(5_000);
  await sealed;
  await until(() => {
    pass();
    return counters().length > before;
  });
}

async function started(path?: string) {
  const before = existsSync(join(directory, "seals")) ? counters().length : 0;
  const one = await start(path);
  await until(() => {
    pass();
    return counters().length > before;
  });
  return one;
}

const alarm = (text: string) => ({
  state: "alarm",
  text: expect.stringContaining(text),
});

describe("a new TPM", () => {
  it("is enrolled on record at the first start, and seals at most once a minute", async () => {
    const one = await started();
    expect(one.log.actions()).toEqual(["agent.start", "audit.KeyCreated", "audit.TpmEnrolled"]);
    const [enrolment] = await readEnrolments(directory);
    expect(enrolment).toMatchObject({ from: 2, software: true, manufacturer: "IBM" });
    expect(one.sealer.status().tpm).toMatchObject({
      state: "warning",
      text: expect.stringContaining("It is a program"),
    });
    const increments = () => proxy.commands.filter((code) => code === commands.NV_Increment).length;
    const before = increments();
    const begin = Date.now();
    while (Date.now() < begin + 4 * minute) {
      await one.log.note();
      const size = one.log.size;
      vi.advanceTimersByTime(5_000);
      await until(() => seals().some((seal) => sizeOf(seal) === size));
      // What the TPM was asked for in these five seconds is done before they go on.
      const asked = tpmSeals().length + 1;
      await until(() => increments() - before < asked);
    }
    expect(increments() - before).toBeLessThanOrEqual(4);
    await one.stop();
    expect(counters().length).toBeGreaterThanOrEqual(4);
    expect(await errors()).toEqual([]);
  });

  it("seals the last event when the agent ends, and goes on after a restart", async () => {
    const one = await started();
    await one.log.note("agent.stop");
    await one.stop();
    const last = seals().at(-1);
    expect(last?.tpm).toBeDefined();
    expect(last && sizeOf(last)).toBe(one.log.size);
    const two = await started();
    expect(two.log.actions()).toEqual(["agent.start"]);
    await two.stop();
    expect(counters()).toEqual(counters().map((_, i) => (counters()[0] ?? 0n) + BigInt(i)));
    expect(await errors()).toEqual([]);
  });

  it("is enrolled later when that breaks off, and keeps nothing of the attempts", async () => {
    let breaks = 3;
    proxy.after = (code) => {
      const last = [commands.CreatePrimary, commands.ActivateCredential, commands.EvictControl];
      return code === last[breaks - 1] && breaks-- > 0 ? "cut" : "pass";
    };
    const one = await started();
    expect(breaks).toBe(0);
    await one.stop();
    expect(await errors()).toEqual([]);
    // The last attempt broke off behind the key was kept, which nobody could know.
    const handles = await tpm.tool("tpm2_getcap", "handles-persistent");
    expect(handles.match(/0x8100D5E/g)).toHaveLength(2);
    expect((await tpm.tool("tpm2_getcap", "handles-nv-index")).match(/0x180D5E/g)).toHaveLength(1);
  });

  it("is what an officer may enrol later", async () => {
    const one = await start(join(tpm.directory, "later"));
    expect(one.sealer.status().tpm.text).toContain("has no TPM");
    const second = await startTpmProxy(tpm.socket, join(tpm.directory, "later"));
    try {
      await one.sealer.enrolTpm();
      await sealedByTpm(one);
      await expect(one.sealer.enrolTpm()).rejects.toMatchObject({ code: "Conflict" });
      expect(await errors()).toEqual([]);
      await one.stop();
    } finally {
      await second.stop();
    }
  });
});

describe("a TPM that fails", () => {
  it("delays no plain checkpoint while it is slow, and seals later", async () => {
    const one = await started();
    proxy.after = () => "hang";
    for (let i = 0; i < 20; i++) {
      await one.log.note();
      const size = one.log.size;
      vi.advanceTimersByTime(5_000);
      await until(() => seals().some((seal) => sizeOf(seal) >= size));
    }
    await until(() => one.log.actions().includes("audit.TpmFailed"));
    expect(one.sealer.status().tpm.text).toContain("did not answer");
    proxy.after = () => "pass";
    await sealedByTpm(one);
    await until(() => one.log.actions().includes("audit.TpmBack"));
    expect(one.log.actions().filter((action) => action === "audit.TpmFailed")).toHaveLength(1);
    await one.stop();
    expect(await errors()).toEqual([]);
  });

  it("is an alarm when it is gone for long, and seals by itself when it is back", async () => {
    const one = await started();
    await tpm.stop();
    await one.log.note();
    vi.advanceTimersByTime(2 * minute);
    await until(() => {
      pass();
      return one.log.actions().includes("audit.TpmFailed");
    });
    vi.advanceTimersByTime(11 * minute);
    expect(one.sealer.status().tpm.state).toBe("alarm");
    expect(one.sealer.status().alarms).toMatchObject([{ kind: "tpm" }]);
    await tpm.start();
    await sealedByTpm(one);
    expect(one.sealer.status().alarms).toEqual([]);
    await one.stop();
    expect(await errors()).toEqual([]);
  });

  it("never uses a counter's value twice when it breaks off behind any command", async () => {
    const one = await started();
    const first = counters().at(-1) ?? 0n;
    for (const name of ["NV_Increment", "NV_Certify", "PCR_Read", "Quote"] as const) {
      let broken = false;
      proxy.after = (code) => {
        if (code !== commands[name] || broken) return "pass";
        broken = true;
        return "cut";
      };
      await sealedByTpm(one);
      expect(broken).toBe(true);
    }
    expect(counters().slice(-4)).toEqual([first + 1n, first + 2n, first + 3n, first + 4n]);
    await one.stop();
    expect(await errors()).toEqual([]);
  });
});

describe("an agent that is killed", () => {
  it.each(["NV_Increment", "Quote"] as const)("behind %s goes on", async (name) => {
    const one = await started();
    await one.stop();
    const program = join(tpm.directory, "seal-child.mjs");
    const banner = "import{createRequire}from'node:module';const require=createRequire('/');";
    await build({
      entryPoints: [join(import.meta.dirname, "../lib/seal-child.ts")],
      outfile: program,
      bundle: true,
      platform: "node",
      format: "esm",
      banner: { js: banner },
    });
    const before = counters();
    const child = spawn(process.execPath, [program, directory, proxy.socket], { stdio: "ignore" });
    const gone = once(child, "exit");
    proxy.after = (code) => {
      if (code !== commands[name]) return "pass";
      child.kill("SIGKILL");
      return "hang";
    };
    expect(await gone).toEqual([null, "SIGKILL"]);
    proxy.after = () => "pass";
    expect(counters()).toEqual(before);
    vi.setSystemTime(vi.getRealSystemTime());
    const two = await started();
    expect(two.sealer.status().alarms).toEqual([]);
    await two.stop();
    expect(counters().length).toBeGreaterThan(before.length);
    expect(new Set(counters()).size).toBe(counters().length);
    expect(await errors()).toEqual([]);
  });
});

describe("a TPM or a log that is not what it was", () => {
  /** Until two people have agreed, the TPM seals nothing; then it goes on under a new key. */
  async function blockedThenAcknowledged(text: string, trouble: string): Promise<void> {
    const before = counters();
    const one = await start();
    await until(() => one.log.actions().includes("audit.TpmAlarm"));
    expect(one.log.events.at(-1)?.details).toMatchObject({ trouble });
    expect(one.sealer.status().tpm).toEqual({ at: expect.any(String), ...alarm(text) });
    expect(one.sealer.status().alarms).toMatchObject([{ kind: "tpm" }]);
    const sealed = new Promise((resolve) => one.sealer.onSealed(resolve));
    vi.advanceTimersByTime(3 * minute);
    await sealed;
    expect(counters()).toEqual(before);
    await one.sealer.acknowledgeTpm("it was replaced by order");
    await until(() => {
      pass();
      return counters().length > before.length;
    });
    expect(one.sealer.status().alarms).toEqual([]);
    await expect(one.sealer.acknowledgeTpm("again")).rejects.toMatchObject({ code: "Conflict" });
    await one.stop();
    const enrolments = await readEnrolments(directory);
    expect(enrolments).toHaveLength(2);
    expect(await errors()).toEqual([]);
  }

  it("another TPM", async () => {
    await (await started()).stop();
    const other = await createSwtpm({ certificates: false });
    await proxy.stop();
    proxy = await startTpmProxy(other.socket, join(tpm.directory, "proxy"));
    try {
      await blockedThenAcknowledged("is another one", "replaced");
    } finally {
      await other.remove();
    }
  });

  it("a TPM that was cleared", async () => {
    await (await started()).stop();
    await tpm.tool("tpm2_clear", "-c", "p");
    await blockedThenAcknowledged("was cleared", "cleared");
  });

  it("a TPM whose counter was removed and made again", async () => {
    await (await started()).stop();
    const [enrolment] = await readEnrolments(directory);
    const index = `0x${enrolment?.counterIndex.toString(16)}`;
    await tpm.tool("tpm2_nvundefine", "-C", "o", index);
    await blockedThenAcknowledged("counter for this log is gone", "cleared");
  });

  it("a TPM whose state was set back", async () => {
    const one = await started();
    await tpm.stop();
    tpm.save("copy");
    await tpm.start();
    await sealedByTpm(one);
    await sealedByTpm(one);
    await one.stop();
    await tpm.stop();
    tpm.restore("copy");
    await tpm.start();
    await blockedThenAcknowledged("was set back", "back");
  });

  it("a log whose directory was set back", async () => {
    const one = await started();
    await one.stop();
    const copy = join(tpm.directory, "log-copy");
    cpSync(directory, copy, { recursive: true });
    const two = await started();
    await sealedByTpm(two);
    await sealedByTpm(two);
    await two.stop();
    rmSync(directory, { recursive: true });
    cpSync(copy, directory, { recursive: true });
    await blockedThenAcknowledged("the log is an older copy", "ahead");
  });

  it("a log that was set back by a single seal of an agent that had ended", async () => {
    const one = await started();
    await one.stop();
    const copy = join(tpm.directory, "log-copy");
    cpSync(directory, copy, { recursive: true });
    const count = counters().length;
    const two = await start();
    await two.stop();
    expect(counters().length).toBe(count + 1);
    rmSync(directory, { recursive: true });
    cpSync(copy, directory, { recursive: true });
    // What had happened since is gone: here the start of the agent, and its end.
    const log = new WriterLog(directory);
    const sealer = createSealer({
      log,
      directory,
      node: "node1",
      tpm: proxy.socket,
      journal: () => {},
    });
    running.push({ stop: () => sealer.stop().then(() => log.close()) });
    await sealer.start();
    await until(() => log.actions().includes("audit.TpmAlarm"));
    expect(log.events.at(-1)?.details).toMatchObject({ trouble: "ahead" });
  });

  it("a log without the file of its enrolment", async () => {
    await (await started()).stop();
    rmSync(join(directory, "tpm"), { recursive: true });
    const one = await start();
    await until(() => one.log.actions().includes("audit.TpmAlarm"));
    expect(one.sealer.status().tpm).toMatchObject(alarm("tpm/"));
  });

  it("a log without the password of its counter", async () => {
    await (await started()).stop();
    rmSync(join(directory, "key/tpm-counter"));
    await blockedThenAcknowledged("password", "password");
  });
});

it("a full disk loses neither counter nor checkpoints", async () => {
  const folder = join(directory, "seals");
  const ballast = join(folder, "ballast");
  const one = await started();
  await one.stop();
  const saved = readdirSync(folder).map(
    (name) => [name, readFileSync(join(folder, name))] as const,
  );
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
  try {
    for (const [name, bytes] of saved) writeFileSync(join(folder, name), bytes);
    const two = await started();
    const first = counters().at(-1) ?? 0n;
    expect(() => writeFileSync(ballast, Buffer.alloc(64 * 1024))).toThrow("ENOSPC");
    // What is left of the last page takes some lines.
    for (let i = 0; i < 40 && two.sealer.status().tree.state === "ok"; i++) {
      await two.log.note();
      const [size, tree] = [two.log.size, () => two.sealer.status().tree];
      vi.advanceTimersByTime(5_000);
      await until(() => tree().state === "alarm" || seals().some((seal) => sizeOf(seal) === size));
    }
    expect(two.sealer.status().alarms).toMatchObject([
      { kind: "unsealed", text: expect.stringContaining("ENOSPC") },
    ]);
    unlinkSync(ballast);
    await sealedByTpm(two);
    expect(two.sealer.status().alarms).toEqual([]);
    await two.stop();
    expect(counters().at(-1)).toBeGreaterThan(first);
    expect(await errors()).toEqual([]);
  } finally {
    execFileSync("umount", [folder]);
  }
});
