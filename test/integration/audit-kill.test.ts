/** The log is killed at random moments, again and again: every acknowledged event is there. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { LogReader } from "../../agent/audit/segments/reader.ts";
import { noTrust, verifyLog } from "../../agent/audit/verify/verify.ts";
import { auditWriter } from "../lib/audit-writer.ts";
import { removeTree } from "../lib/remove-tree.js";

const kills = Number(process.env.DSECOS_TEST_KILLS ?? 1000);
/** A process lives this long after its log was opened, in milliseconds, at most. */
const longest = 40;

test(`no acknowledged event is lost in ${kills} kills`, async () => {
  const root = mkdtempSync(join(tmpdir(), "dsecos-kill-"));
  try {
    const program = join(root, "program.mjs");
    await build({
      entryPoints: [resolve(import.meta.dirname, "audit-kill-program.ts")],
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: program,
    });
    const writer = auditWriter();
    // One log for each core.
    await Promise.all([0, 1].map((lane) => killAgain(join(root, `log${lane}`), program, writer)));
  } finally {
    await removeTree(root);
  }
}, 1_200_000);

async function killAgain(directory: string, program: string, writer: string): Promise<void> {
  const acknowledged = new Map<number, string>();
  for (let life = 0; life < kills / 2; life++) {
    const args = [program, directory, String(life), writer];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    const told = await killedLater(child);
    for (const line of told) {
      const [sequence = "", object = ""] = line.split(" ");
      if (object !== "") acknowledged.set(Number(sequence), object);
    }
  }
  expect(acknowledged.size).toBeGreaterThan(kills);
  const report = await verifyLog(directory, { trust: noTrust });
  expect(report.findings.filter(({ severity }) => severity === "E")).toEqual([]);
  const reader = new LogReader(directory);
  const size = reader.refresh();
  for (let at = 0; at < size; at += 1000) {
    for (const { index, payload } of reader.read(at, 1000)) {
      const expected = acknowledged.get(index + 1);
      if (expected === undefined) continue;
      expect(JSON.parse(payload.toString("utf8")).object).toBe(expected);
      acknowledged.delete(index + 1);
    }
  }
  reader.close();
  expect([...acknowledged.values()]).toEqual([]);
}

/** @returns whole lines that it printed before. */
async function killedLater(child: ChildProcess): Promise<string[]> {
  let output = "";
  let errors = "";
  const closed = once(child, "close");
  const opened = new Promise<void>((resolve) => {
    child.stdout?.on("data", (data) => {
      output += data;
      if (output.includes("open\n")) resolve();
    });
  });
  child.stderr?.on("data", (data) => {
    errors += data;
  });
  await Promise.race([opened, closed]);
  expect(errors).toBe("");
  await Promise.race([sleep(Math.random() * longest), closed]);
  child.kill("SIGKILL");
  await closed;
  return output.split("\n").slice(0, -1);
}
