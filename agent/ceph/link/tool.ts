/**
 * `radosgw-admin`, which alone changes and tells much of Ceph's gateways: run with an argument list, a
 * clean environment, a deadline and a bounded answer, as whom the link itself is. What a command is
 * told is never secret: every process of the node can read arguments.
 */
import { execFile } from "node:child_process";
import { constants } from "node:os";
import * as v from "valibot";
import { DsecosError, type ErrorCode } from "../../bus/errors.ts";
import type { Ceph } from "./types.ts";
import { codes, oneLine, type Places, reasons } from "./words.ts";

const { errno } = constants;

/** Zones, zone groups and periods are here; the program makes this pool where there is none. */
const rootPool = ".rgw.root";
const ownSeconds = 20;
const mostBytes = 64 * 1024 * 1024;
/** Processes at a time: each is a client of the cluster. */
const width = 2;
const path = "/usr/bin/radosgw-admin";
/** Numbers of the gateway's own beside the system's, and their codes. */
const ownCodes: Record<number, ErrorCode> = {
  /** ERR_NO_SUCH_BUCKET */
  2002: "NotFound",
  /** ERR_USER_SUSPENDED */
  2100: "Denied",
};

const poolsSchema = v.array(v.union([v.string(), v.object({ poolname: v.string() })]));

export interface ToolOptions extends Places {
  link: Pick<Ceph, "status" | "mon">;
  /** Path of the program, Debian's unless told. */
  program?: string;
}

export interface GatewayTool {
  /**
   * @param args such as `["zone", "get"]`
   * @param seconds until it is killed, 20 unless told
   * @returns the JSON that it printed, null where it printed nothing
   * @throws DsecosError Unavailable (not installed, cluster away), Timeout, Denied, NotFound (no such
   *   thing, or a cluster without gateways), Conflict, InvalidArgument
   */
  json(args: readonly string[], seconds?: number): Promise<unknown>;
  /** The same for commands that print no JSON. */
  text(args: readonly string[], seconds?: number): Promise<string>;
}

export function openTool(options: ToolOptions): GatewayTool {
  const waiting: (() => void)[] = [];
  let running = 0;

  async function text(args: readonly string[], seconds = ownSeconds): Promise<string> {
    if (running >= width) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      await requireGateways(options.link);
      return await run(options, args, seconds);
    } finally {
      const next = waiting.shift();
      // Whoever waited has this one's place.
      if (next === undefined) running -= 1;
      else next();
    }
  }

  return {
    text,
    async json(args, seconds) {
      const said = await text(args, seconds);
      if (said.trim() === "") return null;
      try {
        return JSON.parse(said);
      } catch {
        // No cause: what it says may hold a secret.
        const what = `The answer of ${nameOf(args)} is not JSON; its version may be too old.`;
        throw new DsecosError("Unavailable", what);
      }
    },
  };
}

/** @throws DsecosError where the cluster cannot be asked, or has no gateways, which would make pools */
async function requireGateways(link: ToolOptions["link"]): Promise<void> {
  const { state, reason } = link.status();
  if (state !== "ready") throw new DsecosError("Unavailable", reason || reasons.starting);
  const pools = v.parse(poolsSchema, await link.mon("osd pool ls"));
  if (pools.some((pool) => (typeof pool === "string" ? pool : pool.poolname) === rootPool)) return;
  const what = "The cluster has no RADOS gateway yet; start one (radosgw), and ask again.";
  throw new DsecosError("NotFound", what);
}

function run(
  { config, user, keyring, program = path }: ToolOptions,
  args: readonly string[],
  seconds: number,
): Promise<string> {
  const who = ["--conf", config, "--name", user, "--keyring", keyring];
  // It speaks to the agent alone, whose sandbox has neither a log nor a socket for it.
  const quiet = ["--log-to-file=false", "--admin-socket="];
  const options = {
    timeout: seconds * 1000,
    killSignal: "SIGKILL" as const,
    maxBuffer: mostBytes,
    // None of Ceph's settings from elsewhere.
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" },
    cwd: "/",
  };
  return new Promise((resolve, reject) => {
    execFile(program, [...who, ...quiet, ...args], options, (error, out, words) => {
      if (error === null) resolve(out);
      else reject(refusal(nameOf(args), error, words, seconds));
    });
  });
}

/** What was asked, without values: `user info`. */
const nameOf = (args: readonly string[]) => {
  const first = args.findIndex((arg) => arg.startsWith("-"));
  return `radosgw-admin ${(first < 0 ? args : args.slice(0, first)).join(" ")}`;
};

function refusal(
  what: string,
  error: Error & { code?: string | number | null; killed?: boolean },
  words: string,
  seconds: number,
): DsecosError {
  const { code } = error;
  if (code === "ENOENT") {
    const remedy = "install the package ceph-common";
    return new DsecosError("Unavailable", `radosgw-admin is not on this node; ${remedy}.`);
  }
  if (code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") {
    const remedy = "ask for less at a time";
    return new DsecosError("Unavailable", `${what} answers with more than 64 MiB; ${remedy}.`);
  }
  if (error.killed === true) {
    const remedy = "see the cluster's health for what hangs, and ask again";
    return new DsecosError("Timeout", `${what} did not end within ${seconds} s; ${remedy}.`);
  }
  const said = sayingOf(words) || `it ended with ${code ?? "a signal"}`;
  const kind = kindOf(words, code);
  if (kind !== "Denied") return new DsecosError(kind, `${what} was refused: ${said}.`);
  const remedy = "give the agent's key the capabilities that its manual names for gateways";
  return new DsecosError(kind, `${what} may not be asked (${said}); ${remedy}.`);
}

/** Its last line that is not one of its log's. */
function sayingOf(words: string): string {
  const lines = words.split("\n").filter((line) => line.trim() !== "");
  const own = lines.filter((line) => !/^\d{4}-\d\d-\d\dT/.test(line));
  return oneLine(own.at(-1) ?? lines.at(-1) ?? "");
}

/** It ends with the error's number, of which a process has eight bits, and mostly prints all of it. */
function kindOf(words: string, code: string | number | null | undefined): ErrorCode {
  const printed = Number(/\((\d{1,4})\)/.exec(words)?.[1] ?? 0);
  const ended = typeof code === "number" ? code : 0;
  // So it ends with 1 where it was told nothing better, too.
  if (/handle_auth_bad_method|failed to fetch mon config/.test(words)) return "Denied";
  // Ends as if an argument were wrong.
  if (words.includes("no user info saved")) return "NotFound";
  for (const number of [printed, ended === errno.EPERM && printed === 0 ? 0 : ended]) {
    const known = ownCodes[number] ?? codes[number];
    if (known !== undefined) return known;
  }
  return "Unavailable";
}
