/**
 * The second verifier, in Python and written from the text of the format alone, against the first:
 * on logs that are intact and on every tampered one both come to the same verdict, by errors of the
 * same kinds.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { parseNote, parseVerifierKey } from "../../agent/audit/tlog/note.ts";
import { noTrust, type Trust, verifyLog } from "../../agent/audit/verify/verify.ts";
import { checkpoint, timeOf, write } from "../lib/audit-builder.ts";
import { retainedLog, standardLog, tamperings } from "../lib/audit-tampering.ts";

interface Verdict {
  intact: boolean;
  findings: { code: string; severity: "E" | "W" }[];
}

const second = resolve(import.meta.dirname, "../verifier/verify.py");
const root = mkdtempSync(join(tmpdir(), "dsecos-second-"));
const directory = join(root, "log");
const log = standardLog();

/** What a person may know from elsewhere, for either verifier. */
const kept = checkpoint(log, 900, Math.floor(timeOf(900) / 1000) + 1);
const keptFile = join(root, "kept");
writeFileSync(keptFile, kept);
const trust: Trust = {
  key: parseVerifierKey(log.key.vkey),
  witnesses: [parseVerifierKey(log.witness.vkey)],
  tpmRoots: [],
  checkpoints: [{ name: "kept", note: parseNote(kept) }],
};
const words = ["--key", log.key.vkey, "--witness", log.witness.vkey, "--checkpoint", keptFile];

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** @returns what the second verifier says; one that breaks off is an error. */
async function python(options: string[]): Promise<Verdict> {
  const asked = promisify(execFile)("python3", ["-B", second, directory, "--json", ...options], {
    timeout: 60_000,
    maxBuffer: 16 * 1024 * 1024,
  });
  const { stdout } = await asked.catch((error) => {
    if (error.code === 1 && error.stdout !== "") return error as { stdout: string };
    throw error;
  });
  return JSON.parse(stdout);
}

function summary({ intact, findings }: Verdict): { intact: boolean; errors: string[] } {
  const codes = findings.filter(({ severity }) => severity === "E").map(({ code }) => code);
  return { intact, errors: [...new Set(codes)].sort() };
}

async function compare(): Promise<void> {
  const [alone, trusting, aloneSecond, trustingSecond] = await Promise.all([
    verifyLog(directory, { trust: noTrust }),
    verifyLog(directory, { trust }),
    python([]),
    python(words),
  ]);
  expect(summary(aloneSecond), "knowing nothing").toEqual(summary(alone));
  expect(summary(trustingSecond), "knowing the keys").toEqual(summary(trusting));
}

test("both find an intact log intact, with the same warnings", async () => {
  write(directory, log.files);
  await compare();
  const warnings = ({ findings }: Verdict) => findings.map(({ code }) => code).sort();
  const [first, other] = [await verifyLog(directory, { trust }), await python(words)];
  expect(first.intact).toBe(true);
  expect(warnings(other)).toEqual(warnings(first));
});

test("both find a log intact from which old events were removed", async () => {
  write(directory, retainedLog().files);
  await compare();
  expect((await python([])).intact).toBe(true);
});

test.each(tamperings)("both see the same where $name", async ({ mutate }) => {
  write(directory, log.files);
  mutate(directory, log);
  await compare();
});
