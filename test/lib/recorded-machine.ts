/** A directory that looks like a machine, with recorded answers of programs. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach } from "vitest";
import type { Facts } from "../../agent/node/checks/types.ts";
import { type Ran, System } from "../../agent/node/system.ts";

/** By path; text that begins with `-> ` is a symbolic link. */
export type Files = Record<string, string | Buffer>;
/** By program. */
export type Programs = Record<string, string | Ran | Error>;

const roots: string[] = [];

/** Removes the machines of a file's tests, after each. */
export function withMachines(): void {
  afterEach(() => {
    for (const root of roots.splice(0)) rmSync(root, { recursive: true });
  });
}

export class Recorded extends System {
  readonly programs: Programs;

  constructor(files: Files = {}, programs: Programs = {}) {
    const root = mkdtempSync(join(tmpdir(), "dsecos-machine-"));
    roots.push(root);
    super(root);
    this.programs = programs;
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      const link = typeof content === "string" && content.startsWith("-> ");
      if (link) symlinkSync(content.slice(3), join(root, path));
      else writeFileSync(join(root, path), content);
    }
  }

  /** @param at when the file was changed, in milliseconds since 1970 */
  touch(path: string, at: number): this {
    utimesSync(join(this.root, path), at / 1000, at / 1000);
    return this;
  }

  override async run(program: string, _args: readonly string[]): Promise<Ran | undefined> {
    const answer = this.programs[program];
    if (answer instanceof Error) throw answer;
    return typeof answer === "string" ? { code: 0, out: answer } : answer;
  }
}

/** A machine of hardware without HSM, TPM and version control. */
export const metal: Facts = {
  ...{ processes: new Set(), virtualization: "none" },
  drivers: async () => [],
  boot: async () => ({
    ...{ state: "no-tpm", problem: "There is no TPM at /dev/tpmrm0." },
    ...{ registers: [], events: [], gone: [], hash: "", accepted: null },
    places: { log: "/log", tpm: "/dev/tpmrm0", accepted: "/boot.json" },
    at: "2026-01-01T00:00:00.000Z",
  }),
  etc: async () => ({ tracked: false, keeper: false, open: [], openTotal: 0, commits: [] }),
  now: () => Date.parse("2026-01-10T00:00:00.000Z"),
};
