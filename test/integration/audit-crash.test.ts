/**
 * Every system call by which the log appends, begins a segment, closes one, removes one, makes a
 * checkpoint or recovers fails once: with EIO, with ENOSPC, by a kill. Afterwards the log verifies
 * and has every event and every checkpoint that was acknowledged.
 */
import { execFile, execFileSync } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LogReader } from "../../agent/audit/segments/reader.ts";
import { noTrust, verifyLog } from "../../agent/audit/verify/verify.ts";

const root = mkdtempSync(join(tmpdir(), "dsecos-crash-"));
const program = join(root, "program.mjs");
const run = promisify(execFile);
/** strace counts per thread: with one thread for files, the third call is the third call. */
const env = { ...process.env, UV_THREADPOOL_SIZE: "1" };
const limits = { timeout: 60_000, maxBuffer: 16 * 1024 * 1024, env };

beforeAll(async () => {
  const source = resolve(import.meta.dirname, "audit-crash-program.ts");
  await build({
    entryPoints: [source],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: program,
  });
});
afterAll(() => rmSync(root, { recursive: true }));

/** Which ways of failing make sense for which call. */
const faults: Record<string, readonly string[]> = {
  openat: ["error=EIO", "error=ENOSPC", "signal=KILL"],
  read: ["error=EIO"],
  pread64: ["error=EIO"],
  write: ["error=EIO", "error=ENOSPC", "signal=KILL"],
  pwrite64: ["error=EIO", "error=ENOSPC", "signal=KILL"],
  fdatasync: ["error=EIO", "error=ENOSPC", "signal=KILL"],
  fsync: ["error=EIO", "error=ENOSPC", "signal=KILL"],
  ftruncate: ["error=EIO", "signal=KILL"],
  rename: ["error=EIO", "error=ENOSPC", "signal=KILL"],
  unlink: ["error=EIO", "signal=KILL"],
  mkdir: ["error=ENOSPC", "signal=KILL"],
};
const traced = Object.keys(faults).join(",");

/** What each stretch begins with: the stretches that ran before it. */
const histories: Record<string, readonly string[]> = {
  append: [],
  rotate: ["append"],
  close: ["append", "rotate"],
  retain: ["append", "rotate", "close"],
  checkpoint: ["append"],
};

/** Files that a stretch has for itself; the others belong to one before. */
const own: Record<string, RegExp> = {
  append: /./,
  rotate: /./,
  close: /\.segz|\/tile/,
  retain: /\.segz|\.gone|\/tile/,
  checkpoint: /\/(seals|key|checkpoint|log\.json)/,
};

interface Call {
  name: string;
  /** Which of its name, from 1. */
  when: number;
}

/** Runs a stretch and gives the calls, counted for each thread as strace does, on files of the log, and the paths of those files. */
function calls(
  directory: string,
  stretch: string,
  round: string,
): { calls: Call[]; paths: string[] } {
  const output = join(root, "trace");
  const args = ["-f", "-qq", "-y", "-o", output, "-e", `trace=${traced}`];
  execFileSync("strace", [...args, process.execPath, program, directory, stretch, round], limits);
  const lines = readFileSync(output, "utf8").split("\n");
  const paths = new Set<string>();
  const ours = new Map<string, Call>();
  const counts = new Map<string, number>();
  for (const line of lines) {
    const [, thread = "", name] = line.match(/^(\d+) +([a-z0-9]+)\(/) ?? [];
    const named = [...line.matchAll(/["<](\/[^">]*)[">]/g)].map(([, path = ""]) => path);
    const inside = named.filter((path) => path.startsWith(directory));
    if (name === undefined || inside.length === 0) continue;
    for (const path of inside) paths.add(path);
    const when = (counts.get(`${thread} ${name}`) ?? 0) + 1;
    counts.set(`${thread} ${name}`, when);
    if (inside.some((path) => own[stretch]?.test(path.slice(directory.length)))) {
      ours.set(`${name} ${when}`, { name, when });
    }
  }
  return { calls: [...ours.values()], paths: [...paths] };
}

async function outputOf(program: string, args: string[]): Promise<string> {
  try {
    return (await run(program, args, limits)).stdout;
  } catch (error) {
    const { stdout, signal, code, stderr } = error as Record<string, unknown>;
    // Killed by the injection, or the start failed as it should: what was said before stands.
    const meant = signal === "SIGKILL" || code === 137 || /EIO|ENOSPC/.test(String(stderr));
    if (!meant) throw error;
    return String(stdout);
  }
}

async function requireWhole(directory: string, acknowledged: readonly string[]): Promise<void> {
  const report = await verifyLog(directory, { trust: noTrust });
  const errors = report.findings.filter(({ severity }) => severity === "E");
  expect(errors).toEqual([]);
  const reader = new LogReader(directory);
  try {
    const size = reader.refresh();
    const objects = new Set<unknown>();
    for (let at = reader.first; at < size; ) {
      const events = reader.read(at, 1000);
      for (const { payload } of events) objects.add(JSON.parse(payload.toString()).object);
      at += events.length;
    }
    const gone = readdirSync(join(directory, "log")).some((name) => name.endsWith(".gone"));
    const lost = acknowledged.filter(
      (name) => !name.startsWith("checkpoint ") && !objects.has(name),
    );
    // What retention removed is no loss.
    const expected = gone ? lost.filter((name) => !/^(single|written|last|fill)/.test(name)) : lost;
    expect(expected).toEqual([]);
    const seals = acknowledged.some((name) => name.startsWith("checkpoint "))
      ? readdirSync(join(directory, "seals")).map((name) =>
          readFileSync(join(directory, "seals", name), "utf8"),
        )
      : [];
    for (const name of acknowledged.filter((line) => line.startsWith("checkpoint "))) {
      expect(seals.join("")).toContain(name.slice("checkpoint ".length));
    }
  } finally {
    reader.close();
  }
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

/** @param work two at a time, for as many cores */
async function inPairs<T>(items: readonly T[], work: (item: T, lane: number) => Promise<void>) {
  const queue = [...items];
  const lanes = [0, 1].map(async (lane) => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item, lane);
  });
  await Promise.all(lanes);
}

async function matrix(stretch: string, before: string, round: string): Promise<number> {
  const measured = join(root, "measured");
  cpSync(before, measured, { recursive: true });
  const { calls: all, paths } = calls(measured, stretch, round);
  rmSync(measured, { recursive: true });
  const cases = all.flatMap(({ name, when }) =>
    (faults[name] ?? []).map((fault) => ({ name, when, fault })),
  );
  const known = readNames(before);
  await inPairs(cases, async ({ name, when, fault }, lane) => {
    const directory = join(root, `lane${lane}`);
    const at = (path: string) => directory + path.slice(measured.length);
    rmSync(directory, { recursive: true, force: true });
    cpSync(before, directory, { recursive: true });
    const watched = paths.flatMap((path) => ["-P", at(path)]);
    const inject = `inject=${name}:${fault}:when=${when}`;
    const args = ["-f", "-qq", "-o", join(root, `trace${lane}`), ...watched];
    args.push("-e", `trace=${traced}`, "-e", inject);
    const told = lines(
      await outputOf("strace", [...args, process.execPath, program, directory, stretch, round]),
    );
    const happened = readFileSync(join(root, `trace${lane}`), "utf8");
    expect(happened, `${inject} took place`).toMatch(/INJECTED|killed by SIGKILL/);
    // The next start: it takes up what is there, and goes on.
    const after = lines(
      await outputOf(process.execPath, [program, directory, "append", String(Number(round) + 1)]),
    );
    expect(after.length, `the next start after ${inject}`).toBe(8);
    try {
      await requireWhole(directory, [...known, ...told, ...after]);
    } catch (cause) {
      throw new Error(`${stretch} with ${inject}`, { cause });
    }
  });
  return cases.length;
}

/** Names of the events that a prepared log has. */
function readNames(directory: string): string[] {
  const reader = new LogReader(directory);
  try {
    const size = reader.refresh();
    const events = reader.read(reader.first, size - reader.first);
    return events.flatMap(({ payload }) => JSON.parse(payload.toString()).object ?? []);
  } finally {
    reader.close();
  }
}

async function prepared(stretch: string): Promise<{ directory: string; round: string }> {
  const directory = join(root, `before-${stretch}`);
  rmSync(directory, { recursive: true, force: true });
  cpSync(mkdtempSync(join(root, "empty-")), directory, { recursive: true });
  let round = 0;
  for (const past of histories[stretch] ?? []) {
    await run(process.execPath, [program, directory, past, String(round)], limits);
    round += 1;
  }
  return { directory, round: String(round) };
}

test.each(Object.keys(histories))(
  "%s: each of its calls fails once",
  async (stretch) => {
    const { directory, round } = await prepared(stretch);
    expect(await matrix(stretch, directory, round)).toBeGreaterThan(20);
  },
  600_000,
);

test("recovering a torn end: each of its calls fails once", async () => {
  const { directory, round } = await prepared("rotate");
  const [newest = ""] = readdirSync(join(directory, "log")).filter((n) => n.endsWith(".seg"));
  appendFileSync(join(directory, "log", newest), Buffer.from("DSFR torn by a crash"));
  expect(await matrix("append", directory, round)).toBeGreaterThan(20);
}, 600_000);
