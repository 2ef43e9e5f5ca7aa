/** Who changed what in /etc, as git says it; etckeeper(8) keeps the repository. */
import type { System } from "../system.ts";
import type { EtcHistory } from "./answers.ts";

const mostOpen = 200;
const mostCommits = 50;
const mostPaths = 20;
const longest = 300;

/**
 * Takes no lock and changes nothing. The repository’s settings can name programs that git then runs:
 * these are switched off. One that does not belong to root is refused by git itself.
 */
const quiet = [
  ...["-C", "/etc", "--no-optional-locks"],
  ...["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false"],
  ...["-c", "log.showSignature=false"],
];
const record = "\x1e";
const field = "\x1f";

type Commit = EtcHistory["commits"][number];
type Open = EtcHistory["open"][number];

/** @throws Error where git is missing, or cannot read it */
export async function readEtc(system: System): Promise<EtcHistory> {
  const [tracked, keeper] = await Promise.all([
    system.exists("/etc/.git"),
    system.exists("/usr/bin/etckeeper"),
  ]);
  if (!tracked) return { tracked, keeper, open: [], openTotal: 0, commits: [] };
  const format = `--format=${["%x1e%H", "%aI", "%an <%ae>", "%s"].join("%x1f")}`;
  const [status, log] = await Promise.all([
    git(system, "status", "--porcelain", "--no-renames", "--untracked-files=all"),
    git(system, "log", "-n", String(mostCommits), "--no-renames", "--name-only", format),
  ]);
  const open = openIn(status);
  return {
    ...{ tracked, keeper, openTotal: open.length, open: open.slice(0, mostOpen) },
    commits: commitsIn(log),
  };
}

async function git(system: System, command: string, ...args: string[]): Promise<string> {
  const ran = await system.run("git", [...quiet, command, ...args]);
  if (ran === undefined) throw new Error("git is not installed");
  // 128 is a repository without a commit, one of somebody else, or one that is broken.
  if (ran.code !== 0) throw new Error(`git ${command} of /etc ended with ${ran.code}`);
  return ran.out;
}

/** @param text of git status --porcelain */
export function openIn(text: string): Open[] {
  return text.split("\n").flatMap((line) => {
    if (line.length < 4) return [];
    return [{ change: changeOf(line.slice(0, 2)), path: lineOf(line.slice(3)) }];
  });
}

function changeOf(state: string): Open["change"] {
  if (state === "??" || state.includes("A")) return "added";
  if (state.includes("U")) return "conflict";
  return state.includes("D") ? "deleted" : "changed";
}

/** @param text of git log with the format above */
export function commitsIn(text: string): Commit[] {
  return text
    .split(record)
    .slice(1)
    .flatMap((part): Commit[] => {
      const [head = "", ...rest] = part.split("\n");
      const [hash = "", time = "", author = "", ...subject] = head.split(field);
      const at = new Date(time);
      if (!/^[0-9a-f]{40,64}$/.test(hash) || Number.isNaN(at.getTime())) return [];
      const paths = rest.filter((path) => path !== "");
      return [
        {
          ...{
            hash,
            at: at.toISOString(),
            author: lineOf(author),
            subject: lineOf(subject.join(" ")),
          },
          ...{ paths: paths.slice(0, mostPaths).map(lineOf), pathsTotal: paths.length },
        },
      ];
    });
}

/** People and programs wrote it: no control characters, and no more than a line. */
function lineOf(text: string): string {
  const plain = text.toWellFormed().replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ");
  return plain.length > longest ? `${plain.slice(0, longest - 1).toWellFormed()}…` : plain;
}
