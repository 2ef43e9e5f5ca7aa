import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { parseNote, parseVerifierKey } from "../../agent/audit/tlog/note.ts";
import type { Report } from "../../agent/audit/verify/report.ts";
import { noTrust, type Trust, verifyLog } from "../../agent/audit/verify/verify.ts";
import { checkpoint, timeOf, write } from "../lib/audit-builder.ts";
import { retainedLog, standardLog, tamperings } from "../lib/audit-tampering.ts";

const root = mkdtempSync(join(tmpdir(), "dsecos-tampering-"));
const directory = join(root, "log");
const log = standardLog();

const trust: Trust = {
  key: parseVerifierKey(log.key.vkey),
  witnesses: [parseVerifierKey(log.witness.vkey)],
  tpmRoots: [],
  checkpoints: [
    { name: "kept", note: parseNote(checkpoint(log, 900, Math.floor(timeOf(900) / 1000) + 1)) },
  ],
};

function errorsOf({ findings }: Report): string[] {
  const codes = findings.filter(({ severity }) => severity === "E").map(({ code }) => code);
  return [...new Set(codes)].sort();
}

const warningsOf = ({ findings }: Report) =>
  findings
    .filter(({ severity }) => severity === "W")
    .map(({ code }) => code)
    .sort();

beforeEach(() => write(directory, log.files));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("a log that was built from the page", () => {
  it("is intact", async () => {
    const report = await verifyLog(directory, { trust });
    expect(report.findings.filter(({ severity }) => severity === "E")).toEqual([]);
    expect(report.intact).toBe(true);
    expect(report.events).toEqual({ first: 0, end: 968 });
    expect(report.checkpoints).toBe(6);
    expect(report.checks.map(({ name, state }) => `${name} ${state}`)).toEqual([
      "chain ok",
      "tree ok",
      "checkpoints ok",
      "tpm ok",
      "witnesses ok",
    ]);
    expect(warningsOf(report)).toEqual(["checkpoint.tail", "tpm.ek", "tpm.self", "tpm.software"]);
  });

  it("is intact after retention, and its tombstone is told of by an event", async () => {
    write(directory, retainedLog().files);
    const report = await verifyLog(directory, { trust: noTrust });
    expect(report.findings.filter(({ severity }) => severity === "E")).toEqual([]);
    expect(report.events).toEqual({ first: 512, end: 968 });
  });
});

describe("tampering", () => {
  it.each(tamperings)("is found: $name", async ({ mutate, alone, trusting }) => {
    mutate(directory, log);
    const plain = await verifyLog(directory, { trust: noTrust });
    expect(errorsOf(plain)).toEqual(alone);
    expect(plain.intact).toBe(alone.length === 0);
    const trusted = await verifyLog(directory, { trust });
    expect(errorsOf(trusted)).toEqual(trusting);
  });
});
