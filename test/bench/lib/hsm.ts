/** Drivers with SoftHSM for the benchmark, a program that calls SoftHSM directly, and CPU time. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Driver } from "../../../agent/hsm/driver/types.ts";
import { createHsmBed, type HsmBed, type HsmBedOptions, newId } from "../../lib/hsm-driver.ts";

const root = resolve(import.meta.dirname, "../../..");
export const signers = ["P-384", "Ed25519"] as const;
export type Signer = (typeof signers)[number];
export const token = "bench";

export interface SigningBed {
  bed: HsmBed;
  driver: Driver;
  ids: Record<Signer, string>;
}

/** Starts a driver with a token and a key of each kind, does the work, and takes it away again. */
export async function withSigners<T>(
  options: HsmBedOptions,
  work: (bed: SigningBed) => Promise<T>,
): Promise<T> {
  const bed = await createHsmBed(options);
  try {
    const ids = { "P-384": newId(), Ed25519: newId() };
    await bed.driver.createToken(token);
    for (const algorithm of signers) {
      await bed.driver.generateKey(token, ids[algorithm], algorithm);
    }
    return await work({ bed, driver: bed.driver, ids });
  } finally {
    await bed.remove();
  }
}

/** Signs `count` times with so many calls on their way. */
export async function signMany(
  { driver, ids }: SigningBed,
  algorithm: Signer,
  count: number,
  depth: number,
): Promise<void> {
  let left = count;
  const data = Buffer.alloc(48, 1);
  const one = async () => {
    while (left > 0) {
      left -= 1;
      await driver.sign(token, algorithm, { id: ids[algorithm] }, data);
    }
  };
  await Promise.all(Array.from({ length: depth }, one));
}

/** @returns CPU seconds so far of this process and of all of the driver's. */
export function cpuOfAll({ bed }: Pick<SigningBed, "bed">): number {
  const keeper = bed.keeper.pid ?? 0;
  const children = readFileSync(`/proc/${keeper}/task/${keeper}/children`, "utf8");
  const processes = [process.pid, keeper, ...children.trim().split(" ").map(Number)];
  return processes.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
}

function cpuSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1");
    nanoseconds += Number.parseInt(text, 10);
  }
  return nanoseconds / 1e9;
}

export interface DirectSigner {
  /** @returns CPU seconds of so many signatures. */
  sign(algorithm: Signer, count: number): Promise<number>;
  end(): void;
}

/** Compiles and starts the program that calls SoftHSM itself, with tokens of its own. */
export async function startDirectSigner(directory: string): Promise<DirectSigner> {
  const tokens = join(directory, "direct-tokens");
  mkdirSync(tokens);
  const conf = join(directory, "direct.conf");
  writeFileSync(conf, `directories.tokendir = ${tokens}\nobjectstore.backend = file\n`);
  const program = join(directory, "softhsm-sign");
  const source = join(import.meta.dirname, "../programs/softhsm-sign.c");
  const includes = `-I${join(root, "node_modules/pkcs11js/includes/pkcs11")}`;
  execFileSync("gcc", ["-O2", includes, source, "-o", program, "-ldl"], { timeout: 120_000 });
  const child = spawn(program, [], {
    env: { SOFTHSM2_CONF: conf },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  return {
    async sign(algorithm, count) {
      const answer = once(lines, "line");
      child.stdin.write(`${algorithm} ${count}\n`);
      const [line] = await answer;
      return Number(line);
    },
    end: () => child.stdin.end(),
  };
}
