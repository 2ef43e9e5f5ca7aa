/**
 * Which labels files have. Asked of stat(1), which every Debian has: it prints the label and the
 * kind in one go, does not follow links, and ends each answer with a zero byte.
 */
import { execFile } from "node:child_process";
import { type FileKind, LabelsError } from "./entries.ts";

export interface ActualLabel {
  readonly path: string;
  readonly kind: FileKind;
  /** Undefined where the file has no label. */
  readonly context: string | undefined;
}

export interface ActualLabels {
  readonly found: ActualLabel[];
  /** Paths that gave no answer: they are gone, or may not be looked at. */
  readonly missing: string[];
}

const mostPaths = 500;
/** Linux allows 128 KiB for one argument and 2 MiB for all. */
const mostArgumentBytes = 256 * 1024;
const mostOutputBytes = 8 * 1024 * 1024;
const timeoutMs = 20_000;
const environment = { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8" };

/** stat(2): the kind is in the upper bits of the mode. */
const kinds: ReadonlyMap<number, FileKind> = new Map([
  [0o040000, "dir"],
  [0o020000, "chr"],
  [0o060000, "blk"],
  [0o140000, "sock"],
  [0o010000, "fifo"],
  [0o120000, "lnk"],
  [0o100000, "reg"],
]);

/**
 * @param directory that paths are relative to; the agent's own unless told
 * @throws when stat cannot be run, takes longer than 20 s or answers something else
 */
export async function readLabels(
  paths: readonly string[],
  directory?: string,
): Promise<ActualLabels> {
  const found: ActualLabel[] = [];
  for (const some of portions(paths)) found.push(...(await ask(some, directory)));
  const answered = new Set(found.map(({ path }) => path));
  return { found, missing: paths.filter((path) => !answered.has(path)) };
}

function* portions(paths: readonly string[]): Generator<string[]> {
  let some: string[] = [];
  let bytes = 0;
  for (const path of paths) {
    const length = Buffer.byteLength(path) + 1;
    if (some.length >= mostPaths || (some.length > 0 && bytes + length > mostArgumentBytes)) {
      yield some;
      some = [];
      bytes = 0;
    }
    some.push(path);
    bytes += length;
  }
  if (some.length > 0) yield some;
}

function ask(paths: readonly string[], cwd: string | undefined): Promise<ActualLabel[]> {
  const args = ["--printf", "%f %C %n\\0", "--", ...paths];
  const options = { timeout: timeoutMs, maxBuffer: mostOutputBytes, env: environment, cwd };
  return new Promise((resolve, reject) => {
    execFile("stat", args, options, (error, out) => {
      // 1: one of the files is gone or has no label; the others were told.
      if (error !== null && error.code !== 1) {
        const reason = error.killed ? `no answer within ${timeoutMs} ms` : error.message;
        return reject(new Error(`stat: ${reason}`, { cause: error }));
      }
      try {
        resolve(out.split("\0").slice(0, -1).map(parse));
      } catch (problem) {
        reject(problem);
      }
    });
  });
}

function parse(answer: string): ActualLabel {
  const [, mode = "", context = "", path = ""] = /^([0-9a-f]+) (\S+) (.*)$/s.exec(answer) ?? [];
  const kind = kinds.get(Number.parseInt(mode, 16) & 0o170000);
  if (kind === undefined) throw new LabelsError(`stat's answer cannot be read: ${answer}`);
  return { path, kind, context: context === "?" ? undefined : context };
}
