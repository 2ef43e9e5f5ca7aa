/** The thread that reads the log, its proofs, and the state of the parts. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { watchClock } from "../../agent/audit/clock.ts";
import { ReaderClient } from "../../agent/audit/queries/client.ts";
import { sealOf } from "../../agent/audit/queries/seals.ts";
import { show } from "../../agent/audit/queries/show.ts";
import { treeHashes } from "../../agent/audit/queries/tree.ts";
import { LogReader } from "../../agent/audit/segments/reader.ts";
import { type AuditParts, statusOf } from "../../agent/audit/status.ts";
import { parseCheckpoint } from "../../agent/audit/tlog/checkpoint.ts";
import { parseNote } from "../../agent/audit/tlog/note.ts";
import { consistencyProof, isConsistent, isIncluded } from "../../agent/audit/tlog/proofs.ts";
import { neverVerified } from "../../agent/audit/verification.ts";
import { type BuiltLog, build, event, framesOf, treeRoot, write } from "../lib/audit-builder.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { removeTree } from "../lib/remove-tree.js";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-queries-"));
});
afterEach(() => removeTree(directory));

const closedEvents = 768;
const events = 900;
const seals = [
  { size: 100 },
  { size: 100, witnessedAt: 1_772_366_411 },
  { size: 300 },
  { size: 600 },
  { size: 600, witnessedAt: 1_772_366_461 },
  { size: 850, witnessedAt: 1_772_366_490 },
];

function built(): BuiltLog {
  const payloads = Array.from({ length: events }, (_, i) => event(i));
  const closed = payloads.slice(0, closedEvents);
  const log = build({
    node: "node1",
    seed: "queries",
    segments: [
      { closed: true, frames: framesOf(closed, 0) },
      { closed: false, frames: framesOf(payloads.slice(closedEvents), closedEvents) },
    ],
    seals,
  });
  write(directory, log.files);
  return log;
}

function opened(): LogReader {
  const reader = new LogReader(directory);
  reader.refresh();
  return reader;
}

test("every event is shown with a proof that leads to the newest checkpoint", () => {
  const log = built();
  const reader = opened();
  for (const index of [0, 1, 255, 256, 500, 767, 768, 849]) {
    const shown = show(directory, reader, events, index);
    expect(shown.entry.sequence).toBe(index + 1);
    expect(Buffer.from(shown.raw, "base64")).toEqual(log.entries[index]);
    const { size, root } = parseCheckpoint(parseNote(shown.proof.checkpoint).text);
    expect(size).toBe(850);
    const hashes = shown.proof.hashes.map((hash) => Buffer.from(hash, "base64"));
    const leaf = Buffer.from(shown.proof.leaf, "base64");
    expect(isIncluded(leaf, index, size, hashes, root)).toBe(true);
    const around = shown.neighbours.map(({ sequence }) => sequence);
    const near = Array.from({ length: 11 }, (_, i) => index - 4 + i);
    expect(around).toEqual(near.filter((n) => n >= 1 && n !== index + 1));
  }
  reader.close();
});

test("what no checkpoint counts yet is proved in the tree as it is, under no signature", () => {
  const log = built();
  const reader = opened();
  const { proof, sealed } = show(directory, reader, events, 880);
  expect(proof).toMatchObject({ size: events, checkpoint: "" });
  const hashes = proof.hashes.map((hash) => Buffer.from(hash, "base64"));
  const root = treeRoot(log.leaves);
  expect(isIncluded(Buffer.from(proof.leaf, "base64"), 880, events, hashes, root)).toBe(true);
  expect(sealed).toBeNull();
  expect(() => show(directory, reader, events, events)).toThrow("there is no 901");
  reader.close();
});

test("consistency of any two sizes is proved out of tiles and segments", () => {
  const log = built();
  const reader = opened();
  for (const [from, to] of [
    [1, 900],
    [256, 768],
    [300, 850],
    [768, 769],
    [899, 900],
  ] as const) {
    const proof = consistencyProof(treeHashes(directory, reader, to), from, to);
    const at = (size: number) => ({ size, root: treeRoot(log.leaves.slice(0, size)) });
    expect(isConsistent(at(from), at(to), proof)).toBe(true);
  }
  reader.close();
});

test("the checkpoint that counts an event first is found, over days, with who signed soon after", () => {
  const { seals: lines } = built();
  const day = (name: string, some: readonly string[]) =>
    writeFileSync(
      join(directory, "seals", `${name}.jsonl`),
      some.map((one) => `${one}\n`).join(""),
    );
  day("2026-03-01", lines.slice(0, 3));
  day("2026-03-02", lines.slice(3));
  const sizes = seals.map(({ size }) => size);
  for (let index = 0; index < events; index += index < 110 ? 9 : 50) {
    const place = sizes.findIndex((size) => size > index);
    const sealed = sealOf(directory, index);
    if (place < 0) {
      expect(sealed).toBeNull();
      continue;
    }
    expect(sealed?.time).toBe(JSON.parse(lines[place] ?? "").time);
    // The third seal has no witness, and none that comes after it on its day.
    expect(sealed).toMatchObject({ tpm: false, witnesses: place === 2 ? 0 : 1 });
  }
});

describe("the thread that reads", () => {
  const program = (text: string) => {
    const file = join(directory, "program.mjs");
    writeFileSync(file, `import { parentPort } from "node:worker_threads";\n${text}`);
    return pathToFileURL(file);
  };
  const client = (text: string) =>
    new ReaderClient({
      directory,
      reads: [],
      size: () => 7,
      log: () => {},
      program: program(text),
    });

  test("that breaks off fails what waits, and the next question starts another", async () => {
    const reader = client(`
      parentPort.on("message", ({ id, kind, ask }) => {
        if (kind === "show") process.exit(1);
        if (ask.from !== undefined) throw new Error("broken");
        parentPort.postMessage({ kind: "answer", id, answer: [kind] });
      });`);
    expect(await reader.ask("index", {})).toEqual(["index"]);
    const both = [reader.ask("show", { index: 1 }), reader.ask("index", {})];
    for (const result of await Promise.allSettled(both)) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "Unavailable" } });
    }
    expect(await reader.ask("index", {})).toEqual(["index"]);
    await expect(reader.consistency(1, 2)).rejects.toMatchObject({ code: "Unavailable" });
    expect(await reader.ask("index", {})).toEqual(["index"]);
    await reader.close();
  });

  test("tells what it refuses in its own words", async () => {
    const reader = client(`
      parentPort.on("message", ({ id }) =>
        parentPort.postMessage({ kind: "refused", id, code: "NotFound", message: "No such." }));`);
    await expect(reader.ask("show", { index: 1 })).rejects.toMatchObject({
      code: "NotFound",
      message: "No such.",
    });
    await reader.close();
  });
});

describe("the state of the log", () => {
  const status = (parts: AuditParts = {}, verified = neverVerified) => {
    built();
    return statusOf({ size: events, node: "node1", directory, verified, parts });
  };

  test("is never good for what is not there or was not checked", async () => {
    const { chain, tree, tpm, witnesses, offload, first, verified } = await status();
    for (const part of [chain, tree, tpm]) {
      expect(part).toMatchObject({ state: "unknown", at: "" });
    }
    for (const part of [witnesses, offload]) expect(part.state).toBe("warning");
    for (const part of [chain, tree, tpm, witnesses, offload]) expect(part.text).toMatch(/\.$/);
    expect(first).toBe(1);
    expect(verified.state).toBe("never");
  });

  test("tells what the last verification found, and how old it is", async () => {
    const at = new Date().toISOString();
    const intact = { ...neverVerified, state: "intact" as const, at, size: 800 };
    expect((await status({}, intact)).chain).toEqual({
      state: "ok",
      at,
      text: "800 events were verified and are intact; 100 came since.",
    });
    const old = new Date(Date.now() - 8 * 86_400_000).toISOString();
    expect((await status({}, { ...intact, at: old })).chain.state).toBe("warning");
    const findings = [
      {
        code: "chain.link",
        evidence: "chain",
        severity: "error" as const,
        where: "x",
        text: "No.",
      },
    ];
    const damaged = { ...intact, state: "damaged" as const, errors: 1, findings };
    const { chain, alarms } = await status({}, damaged);
    expect(chain.state).toBe("alarm");
    expect(alarms).toMatchObject([{ kind: "integrity", text: "The log is not intact: No." }]);
  });

  test("counts gaps and suppressed events of sources as alarms", async () => {
    const auditd = { name: "auditd" as const, at: "", received: 5, text: "Lost some." };
    const { sources, alarms } = await status({
      sources: { status: () => [{ ...auditd, state: "alarm", gaps: 3, suppressed: 2 }] },
    });
    expect(sources).toMatchObject([{ name: "auditd", state: "alarm", gaps: 3 }]);
    expect(alarms.map(({ kind }) => kind)).toEqual(["gap", "suppressed"]);
  });

  test("takes the worst of the witnesses, and the newest of their signatures", async () => {
    const witness = { size: 1, text: "Fine.", alarms: [] };
    const old = "2026-03-01T00:00:00.000Z";
    const late = "2026-03-02T00:00:00.000Z";
    const { witnesses } = await status({
      witnesses: {
        status: () => [
          { ...witness, name: "a", state: "ok", at: late },
          { ...witness, name: "b", state: "warning", at: old },
        ],
      },
    });
    expect(witnesses).toEqual({ state: "warning", at: late, text: "a: Fine. b: Fine." });
  });
});

test("a step of the clock is an alarm and on record", () => {
  vi.useFakeTimers();
  try {
    const audit = new RecordingAudit();
    let now = Date.parse("2026-03-01T12:00:00Z");
    let steady = 0;
    const clock = watchClock(
      audit,
      () => {},
      () => now,
      () => steady,
    );
    const pass = (ms: number, stepMs = 0) => {
      now += ms + stepMs;
      steady += ms;
      vi.advanceTimersByTime(10_000);
    };
    pass(10_000, 900);
    expect(clock.alarms()).toEqual([]);
    pass(10_000, -3_600_000);
    expect(clock.alarms()).toMatchObject([
      { kind: "clock", text: "The clock of the node was set back by 3599 seconds." },
    ]);
    expect(audit.entries).toMatchObject([
      { action: "audit.ClockSet", details: { seconds: -3599 } },
    ]);
    pass(10_000);
    expect(audit.entries).toHaveLength(1);
    pass(86_400_000);
    expect(clock.alarms()).toEqual([]);
    clock.stop();
  } finally {
    vi.useRealTimers();
  }
});
