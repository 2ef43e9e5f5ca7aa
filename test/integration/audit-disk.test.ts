/** The audit log on a disk that is really full, and behind failing system calls. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { AuditLog } from "../../agent/audit/log.ts";
import { verifyChain } from "../../agent/audit/reader.ts";

const event = { action: "test.Act", outcome: "note", actor: "somebody", uid: 1000 } as const;

test("on a full disk the act is refused, and goes on when there is room again", async () => {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-full-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", directory]);
  try {
    const ballast = join(directory, "ballast");
    writeFileSync(ballast, Buffer.alloc(64 * 1024));
    const log = new AuditLog(directory, "n1", () => {});
    await log.open();
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
    await expect(log.append({ ...event, details: { p: "x".repeat(9000) } })).rejects.toThrow(
      "full",
    );
    unlinkSync(ballast);
    await log.append(event);
    const verdict = await verifyChain(log.path, log.size);
    expect(verdict).toMatchObject({ intact: true, entries: acknowledged + 1 });
    await log.close();
  } finally {
    execFileSync("umount", [directory]);
    rmSync(directory, { recursive: true });
  }
});

test("an outcome that was acknowledged as written outlives the next entry that does not fit", async () => {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-full-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", directory]);
  try {
    const log = new AuditLog(directory, "n1", () => {});
    await log.open();
    await log.append(event);
    writeFileSync(join(directory, "ballast"), Buffer.alloc(52 * 1024));
    const outcome = await log.append({ ...event, object: "outcome" }, "written");
    // Larger than what is left, and before the outcome had its own turn to be synced.
    const large = { ...event, details: { padding: "x".repeat(15_000) } };
    await expect(log.append(large)).rejects.toMatchObject({ code: "Unavailable" });
    unlinkSync(join(directory, "ballast"));
    await log.append(event);
    const lines = readFileSync(log.path, "utf8").split("\n").slice(0, -1);
    expect(JSON.parse(lines[1] ?? "")).toEqual(outcome);
    expect(await verifyChain(log.path, log.size)).toMatchObject({ intact: true, entries: 3 });
    await log.close();
  } finally {
    execFileSync("umount", [directory]);
    rmSync(directory, { recursive: true });
  }
});

test("a write that the kernel cuts short is finished or taken back", async () => {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-short-"));
  const log = new AuditLog(directory, "n1", () => {});
  await log.open();
  await log.append(event);
  // The limit lies in the middle of the next line: its first write is short, the second refused.
  const limit = (soft: string) =>
    execFileSync("prlimit", [`--pid=${process.pid}`, `--fsize=${soft}:`]);
  const ignore = () => {};
  process.on("SIGXFSZ", ignore);
  limit(String(log.size + 100));
  try {
    await expect(log.append(event)).rejects.toMatchObject({ code: "Unavailable" });
  } finally {
    limit("unlimited");
    process.off("SIGXFSZ", ignore);
  }
  await log.append(event);
  expect(await verifyChain(log.path, log.size)).toMatchObject({ intact: true, entries: 2 });
  await log.close();
  rmSync(directory, { recursive: true });
});

const injections = [
  "fdatasync:error=EIO:when=3",
  "pwrite64:error=ENOSPC:when=3",
  "pwrite64:signal=KILL:when=3",
  "fdatasync:signal=KILL:when=3",
];

test.each(injections)("with %s no acknowledged entry is lost or changed", async (injection) => {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-inject-"));
  const program = join(directory, "append.mjs");
  await build({
    stdin: {
      contents: `
        import { AuditLog } from "./agent/audit/log.ts";
        const log = new AuditLog(process.argv[2], "n1", () => {});
        await log.open();
        for (let i = 0; i < 10; i++) {
          try {
            const { sequence } = await log.append({ action: "a", outcome: "note", actor: "x", uid: 1, object: "o" + i });
            process.stdout.write(sequence + " o" + i + "\\n");
          } catch (error) {
            if (error.code !== "Unavailable") throw error;
          }
        }`,
      resolveDir: resolve(import.meta.dirname, "../.."),
      loader: "ts",
    },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: program,
  });
  const acknowledged: string[] = [];
  const killed = injection.includes("signal=KILL");
  try {
    const args = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64,fdatasync"];
    args.push("-e", `inject=${injection}`);
    const output = execFileSync("strace", [...args, process.execPath, program, directory], {
      encoding: "utf8",
      timeout: 30_000,
      // strace counts per thread: with one thread, the third call is the third call.
      env: { ...process.env, UV_THREADPOOL_SIZE: "1" },
    });
    acknowledged.push(...output.trim().split("\n"));
  } catch (error) {
    // Killed by the injection: what it said before stands.
    acknowledged.push(
      ...String((error as { stdout?: string }).stdout)
        .trim()
        .split("\n"),
    );
  }
  // The injection took place: a kill cut the run short, an error cost an acknowledgement.
  expect(acknowledged.length).toBe(killed ? 2 : 9);
  const log = new AuditLog(directory, "n1", () => {});
  await log.open();
  expect(await verifyChain(log.path, log.size)).toMatchObject({ intact: true });
  const onDisk = readFileSync(log.path, "utf8");
  for (const line of acknowledged.filter(Boolean)) {
    const [sequence, object] = line.split(" ");
    expect(onDisk).toMatch(new RegExp(`"object":"${object}".*"sequence":${sequence}[,}]`));
  }
  await log.close();
  rmSync(directory, { recursive: true });
});
