/** Programs of SELinux's toolchain, started with an argument list, bounded in time and in words. */
import { execFile } from "node:child_process";

/** What to start. Elsewhere than on a node the programs lie in another tree, behind a loader. */
export interface Program {
  readonly command: string;
  /** Before those of the call. */
  readonly args?: readonly string[];
}

export interface Tools {
  readonly secilc: Program;
  /** Turns a module in Debian's form into CIL. */
  readonly pp: Program;
  readonly bzip2: Program;
}

/** Where Debian's packages secilc, policycoreutils and bzip2 put them. */
export const debianTools: Tools = {
  secilc: { command: "/usr/bin/secilc" },
  pp: { command: "/usr/libexec/selinux/hll/pp" },
  bzip2: { command: "/usr/bin/bzip2" },
};

/** A program that is missing, was killed or took too long: nothing that the policy is to blame for. */
export class ProgramError extends Error {
  override name = "ProgramError";
}

export interface Outcome {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A module of the reference policy is 6 MB of CIL at most; secilc's complaints are short. */
const mostOutput = 32 * 1024 * 1024;

/**
 * secilc goes through a table of some ten megabytes in no order for every rule that it proves, and
 * gives back each of millions of small pieces of memory right before it ends. Large pages, where the
 * kernel has them, a heap in one piece, and pieces that are not put together again save it a tenth
 * of its time. The manual of the GNU C library has them under memory allocation tunables; a library
 * that does not know them ignores them.
 */
const tunables = {
  hugetlb: 1,
  top_pad: 128 * 1024 * 1024,
  trim_threshold: 4 * 1024 * 1024 * 1024,
  tcache_count: 65_535,
  mxfast: 160,
};

export const environment = {
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C",
  GLIBC_TUNABLES: Object.entries(tunables)
    .map(([name, value]) => `glibc.malloc.${name}=${value}`)
    .join(":"),
} as const;

/** @throws ProgramError unless the program ran to its end, whatever its exit code */
export function runProgram(
  program: Program,
  args: readonly string[],
  timeoutMs: number,
): Promise<Outcome> {
  const options = {
    timeout: timeoutMs,
    killSignal: "SIGKILL" as const,
    maxBuffer: mostOutput,
    encoding: "buffer" as const,
    env: environment,
  };
  return new Promise((resolve, reject) => {
    execFile(program.command, [...(program.args ?? []), ...args], options, (error, out, err) => {
      const stderr = err.toString("utf8");
      if (error === null) return resolve({ code: 0, stdout: out, stderr });
      if (error.code === "ENOENT")
        return reject(new ProgramError(`${program.command} is missing: install its package`));
      if (typeof error.code === "number") return resolve({ code: error.code, stdout: out, stderr });
      const reason = error.killed ? `was stopped after ${timeoutMs / 1000} s` : error.message;
      reject(new ProgramError(`${program.command} ${reason}`));
    });
  });
}
