import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDisclosed } from "../../agent/audit/bundle/disclosed.ts";
import { type Manifest, signManifest } from "../../agent/audit/bundle/manifest.ts";
import { filesOfTar } from "../../agent/audit/bundle/tar.ts";
import { exportTiles } from "../../agent/audit/bundle/tiles.ts";
import { exportWhole } from "../../agent/audit/bundle/whole.ts";
import { openCheckpoint } from "../../agent/audit/tlog/checkpoint.ts";
import { leafHash } from "../../agent/audit/tlog/merkle.ts";
import { parseVerifierKey } from "../../agent/audit/tlog/note.ts";
import { treeRoot } from "../../agent/audit/tlog/proofs.ts";
import { tileHashes, tilePath } from "../../agent/audit/tlog/tiles.ts";
import { readWhole } from "../../agent/audit/verify/files.ts";
import type { Report } from "../../agent/audit/verify/report.ts";
import { noTrust, verifyLog } from "../../agent/audit/verify/verify.ts";
import { timeOf, write } from "../lib/audit-builder.ts";
import { standardLog } from "../lib/audit-tampering.ts";

const root = mkdtempSync(join(tmpdir(), "dsecos-bundle-"));
const directory = join(root, "log");
const log = standardLog();
const key = parseVerifierKey(log.key.vkey);
const sign = (manifest: Manifest) => signManifest(manifest, key, log.key.privateKey);
const trust = { ...noTrust, key, witnesses: [parseVerifierKey(log.witness.vkey)] };

let count = 0;
const target = () => join(root, `bundle-${count++}.tar`);

const errorsOf = ({ findings }: Report) => findings.filter(({ severity }) => severity === "E");

beforeAll(() => write(directory, log.files));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Unpacked by the tar of this machine. */
function unpacked(bundle: string): string {
  const folder = `${bundle}.d`;
  mkdirSync(folder);
  execFileSync("tar", ["-xf", bundle, "-C", folder], { timeout: 10_000 });
  return folder;
}

describe("a whole bundle", () => {
  it("is intact as an archive and unpacked, and has all that the log has", async () => {
    const progress: number[] = [];
    const bundle = target();
    const result = await exportWhole({
      directory,
      target: bundle,
      sign,
      onProgress: (part) => progress.push(part),
    });
    expect(result).toMatchObject({ first: 0, end: 968, events: 968, bytes: statSync(bundle).size });
    expect(progress.at(-1)).toBe(1);
    for (const path of [bundle, unpacked(bundle)]) {
      const report = await verifyLog(path, { trust });
      expect(errorsOf(report)).toEqual([]);
      expect(report.form).toBe("whole");
      expect(report.events).toEqual({ first: 0, end: 968 });
      expect(report.checks.map(({ state }) => state)).toEqual(Array(6).fill("ok"));
    }
  });

  it("may begin and end later: tiles and seals are those of its part", async () => {
    const bundle = target();
    const range = { from: new Date(timeOf(600)), to: new Date(timeOf(700)) };
    const result = await exportWhole({ directory, target: bundle, sign, ...range });
    expect(result).toMatchObject({ first: 512, end: 768 });
    const report = await verifyLog(bundle, { trust });
    expect(errorsOf(report)).toEqual([]);
    expect(report.events).toEqual({ first: 512, end: 768 });
    expect(report.checkpoints).toBe(4);
  });

  it("is not there after it was called off", async () => {
    const bundle = target();
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(exportWhole({ directory, target: bundle, sign, signal })).rejects.toThrow(
      "enough",
    );
    expect(() => statSync(bundle)).toThrow("ENOENT");
  });

  it("does not take the place of a file", async () => {
    const bundle = target();
    writeFileSync(bundle, "kept");
    await expect(exportWhole({ directory, target: bundle, sign })).rejects.toThrow("EEXIST");
    expect(readFileSync(bundle, "utf8")).toBe("kept");
  });
});

describe("a disclosed bundle", () => {
  it("proves the events of a tenant and a period", async () => {
    const bundle = target();
    const range = { from: new Date(timeOf(200)), to: new Date(timeOf(800)) };
    const tenant = "mod-defense";
    const result = await exportDisclosed({ directory, target: bundle, sign, tenant, ...range });
    const report = await verifyLog(bundle, { trust });
    expect(errorsOf(report)).toEqual([]);
    expect(report.checks.map(({ name, state }) => `${name} ${state}`)).toEqual([
      "manifest ok",
      "proofs ok",
      "checkpoints ok",
      "tpm ok",
      "witnesses ok",
    ]);
    const files = filesOfTar(bundle, statSync(bundle).size);
    const rows = readWhole(files.get("disclosed.jsonl") as never)
      .toString()
      .trimEnd()
      .split("\n");
    const indexes = rows.map((row) => JSON.parse(row).index);
    expect(indexes).toHaveLength(result.events);
    const committedAt = log.spec.segments
      .flatMap(({ frames }) => frames)
      .flatMap((frame) => frame.payloads.map(() => frame.committedAt / 1000));
    const expected = log.payloads.flatMap((text, index) => {
      const time = committedAt[index] as number;
      const inTime = time >= timeOf(200) && time <= timeOf(800);
      return inTime && JSON.parse(text).tenant === tenant ? [index] : [];
    });
    expect(indexes).toEqual(expected);
  });

  it("proves events in which personal data was replaced", async () => {
    const bundle = target();
    const replace = (event: Record<string, unknown>) => ({ ...event, actor: "p1", uid: 0 });
    await exportDisclosed({ directory, target: bundle, sign, replace });
    expect(readFileSync(bundle, "utf8")).not.toContain("alice");
    const report = await verifyLog(bundle, { trust });
    expect(errorsOf(report)).toEqual([]);
    expect(report.checks[1]?.text).toContain("personal data replaced on the exporter's word");
  });

  it("has no more than the checkpoint counts", async () => {
    const bundle = target();
    const result = await exportDisclosed({ directory, target: bundle, sign });
    expect(result).toMatchObject({ first: 0, end: 950, events: 950 });
  });
});

describe("an archive of tiles", () => {
  it("has the tree and the entries of the newest checkpoint", async () => {
    const bundle = target();
    await exportTiles({ directory, target: bundle });
    const folder = unpacked(bundle);
    const checkpoint = openCheckpoint(readFileSync(join(folder, "checkpoint")), key);
    const hashes = tileHashes(
      (level, n, width) => readFileSync(join(folder, tilePath(level, n, width))),
      checkpoint.size,
    );
    expect(treeRoot(hashes, checkpoint.size)).toEqual(checkpoint.root);
    const entries = readFileSync(join(folder, tilePath("entries", 3, 950 - 768)));
    const length = entries.readUInt16BE(0);
    const leaf = leafHash(Buffer.concat([Buffer.alloc(1), entries.subarray(2, 2 + length)]));
    expect(leaf).toEqual(hashes(0, 768));
  });
});
