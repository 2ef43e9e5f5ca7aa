/**
 * The verifier itself is tested here: a bit in every region of a small log is flipped, and nothing
 * may pass. What is no evidence, or only tells that something is missing, is listed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDisclosed } from "../../agent/audit/bundle/disclosed.ts";
import { type Manifest, signManifest } from "../../agent/audit/bundle/manifest.ts";
import { exportWhole } from "../../agent/audit/bundle/whole.ts";
import { parseVerifierKey } from "../../agent/audit/tlog/note.ts";
import { noTrust, verifyLog } from "../../agent/audit/verify/verify.ts";
import { type BuiltLog, build, event, framesOf, jcs, timeOf, write } from "../lib/audit-builder.ts";
import { FakeTpm, type FakeTpmState } from "../lib/fake-tpm.ts";

const root = mkdtempSync(join(tmpdir(), "dsecos-mutation-"));
const directory = join(root, "log");
const log = smallLog();
const key = parseVerifierKey(log.key.vkey);
const trust = { ...noTrust, key, witnesses: [parseVerifierKey(log.witness.vkey)] };
const sign = (manifest: Manifest) => signManifest(manifest, key, log.key.privateKey);

/** A closed segment and an open one, and two checkpoints, of which all kinds of keys signed one. */
function smallLog(): BuiltLog {
  const state: FakeTpmState = { seed: "small", counter: 1, clock: 1, resetCount: 1 };
  const details = new FakeTpm(state).details(jcs);
  const enrolled = { action: "audit.TpmEnrolled", details };
  const payloads = Array.from({ length: 264 }, (_, i) => event(i, i === 0 ? enrolled : {}));
  const witnessedAt = Math.floor(timeOf(264) / 1000);
  return build({
    node: "node1",
    seed: "small",
    segments: [
      { closed: true, frames: framesOf(payloads.slice(0, 256), 0) },
      { closed: false, frames: framesOf(payloads.slice(256), 256) },
    ],
    seals: [{ size: 256 }, { size: 264, tpm: true, witnessedAt }],
    tpm: state,
  });
}

beforeAll(() => write(directory, log.files));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Flips a bit, another one at each place, and puts it back. */
async function verdictWith(file: string, path: string, at: number): Promise<boolean> {
  const bytes = readFileSync(file);
  const flipped = Buffer.from(bytes);
  flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
  writeFileSync(file, flipped);
  try {
    return (await verifyLog(path, { trust })).intact;
  } finally {
    writeFileSync(file, bytes);
  }
}

/** Every place of what is small, and of what is large enough to meet all of its parts. */
function places(size: number, most: number): number[] {
  const step = Math.max(1, Math.floor(size / most));
  // A step that shares no factor with records, lines and hashes walks through all of them.
  const odd = step === 1 ? 1 : step | 1;
  return Array.from({ length: Math.ceil(size / odd) }, (_, i) => i * odd);
}

describe("a flipped bit in a bundle", () => {
  it.each(["whole", "disclosed"])(
    "does not pass: %s",
    async (form) => {
      const bundle = join(root, `${form}.tar`);
      if (form === "whole") await exportWhole({ directory, target: bundle, sign });
      else await exportDisclosed({ directory, target: bundle, sign, from: new Date(timeOf(250)) });
      expect((await verifyLog(bundle, { trust })).intact).toBe(true);
      const passed: number[] = [];
      for (const at of places(readFileSync(bundle).length, 400)) {
        if (await verdictWith(bundle, bundle, at)) passed.push(at);
      }
      expect(passed).toEqual([]);
    },
    120_000,
  );
});

/**
 * What may pass in a directory, where no manifest lists the files:
 *
 * - the file `witnesses`: it names those that the node was configured with, and the person who
 *   verifies gave the key of theirs;
 * - the name and the key id in the line of a witness: the signature is then that of a key which
 *   nobody knows, and is ignored as signed notes want it. When it was the only one, that is told
 *   as `witness.none`;
 * - the time of a seal: the node's clock says it, and nothing signs it. What is signed are the times
 *   of the TPM and of the witnesses.
 */
function noEvidence(bytes: Buffer): [from: number, to: number][] {
  const idCharacters = 6;
  const regions: [number, number][] = [];
  const note = (start: string, length: number) => {
    for (let at = bytes.indexOf(start); at >= 0; at = bytes.indexOf(start, at + 1)) {
      regions.push([at, at + length]);
    }
  };
  const line = `— ${log.witness.name} `;
  note(line, Buffer.byteLength(line) + idCharacters);
  note('"time":"', '"time":"2026-03-01T12:00:00.000Z'.length);
  return regions;
}

describe("a flipped bit in a directory", () => {
  const files = [...log.files.keys()].filter((path) => path !== "witnesses");

  it.each(files)(
    "does not pass: %s",
    async (path) => {
      const file = join(directory, path);
      const bytes = readFileSync(file);
      const regions = path === "checkpoint" || path.startsWith("seals/") ? noEvidence(bytes) : [];
      const passed: string[] = [];
      for (const at of places(bytes.length, 200)) {
        const isEvidence = !regions.some(([from, to]) => at >= from && at < to);
        if (isEvidence && (await verdictWith(file, directory, at))) passed.push(`${path} ${at}`);
      }
      expect(passed).toEqual([]);
    },
    120_000,
  );
});
