/** The fault injector around SoftHSM, compiled and steered. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const includes = resolve(import.meta.dirname, "../../../node_modules/pkcs11js/includes/pkcs11");

export interface Faults {
  /** Library to load in place of SoftHSM. */
  readonly module: string;
  readonly environment: Record<string, string>;
  /** For example `crash`, `once crash` or `delay 2000`. */
  set(...lines: string[]): void;
  clear(): void;
  /** Calls into the module since the last time, as `C_SignInit 0x1041`. */
  calls(): string[];
  remove(): void;
}

export async function compileFaults(): Promise<Faults> {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-faults-"));
  const module = join(directory, "faults.so");
  const source = join(import.meta.dirname, "faults.c");
  await run("gcc", ["-O2", "-shared", "-fPIC", `-I${includes}`, source, "-o", module, "-ldl"], {
    timeout: 120_000,
  });
  const file = join(directory, "faults");
  const calls = join(directory, "calls");
  return {
    module,
    environment: { DSECOS_FAULTS: file, DSECOS_FAULTS_CALLS: calls },
    set: (...lines) => writeFileSync(file, `${lines.join("\n")}\n`),
    clear: () => rmSync(file, { force: true }),
    calls() {
      if (!existsSync(calls)) return [];
      const lines = readFileSync(calls, "utf8").split("\n").slice(0, -1);
      rmSync(calls);
      return lines;
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
