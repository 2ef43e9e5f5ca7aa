/** The audit log on a disk that is really full, and behind failing system calls. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { AuditLog } from "../../agent/audit/log.ts";
import { LogReader } from "../../agent/audit/segments/reader.ts";
import { auditWriter } from "../lib/audit-writer.ts";
import { checkLog } from "../lib/check-log.ts";
import { removeTree } from "../lib/remove-tree.js";

const event = { action: "test.Act", outcome: "note", actor: "somebody", uid: 1000 } as const;
const program = pathToFileURL(auditWriter());

async function opened(directory: string): Promise<AuditLog> {
  const log = new AuditLog(directory, "n1", () => {}, { program });
  await log.open();
  return log;
}

async function onSmallDisk(size: string, work: (directory: string) => Promise<void>) {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-full-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", directory]);
  try {
    await work(directory);
  } finally {
    execFileSync("umount", [directory]);
    removeTree(directory);
  }
}

test("on a full disk the act is refused, and goes on when there is room again", () =>
  onSmallDisk("128k", async (directory) => {
    const ballast = join(directory, "ballast");
    writeFileSync(ballast, Buffer.alloc(64 * 1024));
    const log = await opened(directory);
    let acknowledged = 0;
    const filled = (async () => {
      for (;;) {
        await log.append({ ...event, details: { padding: "x".repeat(1000) } });
        acknowledged += 1;
      }
    })();
    await expect(filled).rejects.toMatchObject({
      code: "Unavailable",
      message: expect.stringContaining("disk of the audit log is full"),
    });
    const large = { ...event, details: { padding: "x".repeat(9000) } };
    await expect(log.append(large)).rejects.toThrow("full");
    const reader = new LogReader(directory);
    expect(reader.refresh()).toBe(acknowledged);
    expect(reader.read(0, acknowledged)).toHaveLength(acknowledged);
    reader.close();
    unlinkSync(ballast);
    const { sequence } = await log.append(event);
    await log.close();
    const { entries } = checkLog(directory);
    expect(entries).toHaveLength(sequence);
    // The failures are told when there is room again; a small event may find some before.
    const notes = entries.slice(acknowledged, -1);
    expect(notes.length).toBeGreaterThan(0);
    for (const note of notes) {
      expect(note).toMatchObject({ action: "audit.recovered", details: { error: "ENOSPC" } });
    }
  }));

test("an outcome that was acknowledged as written outlives the next event that does not fit", () =>
  onSmallDisk("64k", async (directory) => {
    const log = await opened(directory);
    await log.append(event);
    writeFileSync(join(directory, "ballast"), Buffer.alloc(52 * 1024));
    const outcome = await log.append({ ...event, object: "outcome" }, "written");
    // Larger than what is left, and before the outcome had its own turn to be synced.
    const large = { ...event, details: { padding: "x".repeat(15_000) } };
    await expect(log.append(large)).rejects.toMatchObject({ code: "Unavailable" });
    unlinkSync(join(directory, "ballast"));
    await log.append(event);
    await log.close();
    const { entries } = checkLog(directory);
    expect(entries[1]).toEqual(outcome);
    expect(entries.map(({ action }) => action)).toEqual([
      "test.Act",
      "test.Act",
      "audit.recovered",
      "test.Act",
    ]);
  }));

test("a write that the kernel cuts short is finished or taken back", async () => {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-short-"));
  const log = await opened(directory);
  await log.append(event);
  const { size } = statSync(join(directory, "log", "00000000000000000000.seg"));
  // The limit lies in the middle of the next frame: its first write is short, the second refused.
  const limit = (soft: string) =>
    execFileSync("prlimit", [`--pid=${process.pid}`, `--fsize=${soft}:`]);
  const ignore = () => {};
  process.on("SIGXFSZ", ignore);
  limit(String(size + 100));
  try {
    await expect(log.append(event)).rejects.toMatchObject({ code: "Unavailable" });
  } finally {
    limit("unlimited");
    process.off("SIGXFSZ", ignore);
  }
  await log.append(event);
  await log.close();
  const { entries } = checkLog(directory);
  expect(entries).toHaveLength(3);
  expect(entries[1]).toMatchObject({ details: { error: "EFBIG", bytes: 100 } });
  removeTree(directory);
});

/** @param body the program, which has a log that is open @returns the path of the bundle */
async function programOf(directory: string, body: string): Promise<string> {
  const outfile = join(directory, "append.mjs");
  const contents = `
    import { AuditLog } from "./agent/audit/log.ts";
    const program = new URL(${JSON.stringify(program.href)});
    const log = new AuditLog(process.argv[2], "n1", () => {}, { program });
    await log.open();
    ${body}
    process.exit(0);`;
  const resolveDir = resolve(import.meta.dirname, "../..");
  const stdin = { contents, resolveDir, loader: "ts" } as const;
  await build({ stdin, bundle: true, platform: "node", format: "esm", outfile });
  return outfile;
}

/** @returns what it said. @throws when it was killed. */
function traced(injection: string, args: string[]): string {
  const options = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64,fdatasync"];
  options.push("-e", `inject=${injection}`, process.execPath, ...args);
  return execFileSync("strace", options, { encoding: "utf8", timeout: 30_000 });
}

test("an outcome that was only written outlives a failed trip to the disk", async () => {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-inject-"));
  const body = `
    const event = { action: "a", outcome: "note", actor: "x", uid: 1 };
    await log.append({ ...event, object: "written" }, "written");
    await log.append({ ...event, object: "refused" }).catch(({ code }) => console.log(code));
    await log.append({ ...event, object: "later" });`;
  // The first trip is that of the opening.
  const said = traced("fdatasync:error=EIO:when=2", [await programOf(directory, body), directory]);
  expect(said).toBe("Unavailable\n");
  const log = await opened(directory);
  await log.close();
  const { entries } = checkLog(directory);
  expect(entries.map(({ object, action }) => object ?? action)).toEqual([
    "written",
    "audit.recovered",
    "later",
  ]);
  expect(entries[1]).toMatchObject({ details: { error: "EIO", failures: 1 } });
  removeTree(directory);
});

const injections = [
  "fdatasync:error=EIO:when=3",
  "pwrite64:error=ENOSPC:when=3",
  "pwrite64:retval=50:when=3",
  "pwrite64:signal=KILL:when=3",
  "fdatasync:signal=KILL:when=3",
];

test.each(injections)("with %s no acknowledged event is lost or changed", async (injection) => {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-inject-"));
  const body = `
    for (let i = 0; i < 10; i++) {
      const event = { action: "a", outcome: "note", actor: "x", uid: 1, object: "o" + i };
      try {
        const { sequence } = await log.append(event);
        process.stdout.write(sequence + " o" + i + "\\n");
      } catch (error) {
        if (error.code !== "Unavailable") throw error;
      }
    }`;
  const appender = await programOf(directory, body);
  const acknowledged: string[] = [];
  const killed = injection.includes("signal=KILL");
  try {
    const output = traced(injection, [appender, directory]);
    acknowledged.push(...output.trim().split("\n"));
  } catch (error) {
    // Killed by the injection: what it said before stands.
    if (!killed) throw error;
    acknowledged.push(
      ...String((error as { stdout?: string }).stdout)
        .trim()
        .split("\n"),
    );
  }
  // The injection took place: a kill cut the run short, an error cost an acknowledgement.
  expect(acknowledged.length).toBe(killed ? 1 : 9);
  const log = await opened(directory);
  await log.close();
  const { entries } = checkLog(directory);
  for (const line of acknowledged) {
    const [sequence, object] = line.split(" ");
    expect(entries[Number(sequence) - 1]).toMatchObject({ sequence: Number(sequence), object });
  }
  removeTree(directory);
});
