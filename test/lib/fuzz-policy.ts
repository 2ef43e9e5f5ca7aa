import { PolicyError } from "../../agent/selinux/policydb/error.ts";
import { parsePolicy } from "../../agent/selinux/policydb/policy.ts";
import { prove } from "../../agent/selinux/proof/prove.ts";
import { slotsOf } from "../../agent/selinux/proof/tenants.ts";
import { sharedTypes, trustedBase } from "./tenant-policy.ts";

/** Numbers below a bound, the same ones for the same seed (mulberry32). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const telling = [0, 1, 2, 63, 64, 65, 0x7fffffff, 0x80000000, 0xffff, 0x10000, 0xffffffff];

/**
 * Mutates policies and reads them. What is read is proved too, since the proof must end for every
 * policy that the reader lets through.
 *
 * @throws whatever is not a PolicyError
 */
export function fuzz(
  originals: readonly Buffer[],
  runs: number,
  seed: number,
): { read: number; refused: number } {
  const random = randomNumbers(seed);
  let read = 0;
  for (let run = 0; run < runs; run++) {
    const bytes = mutate(originals[random(originals.length)] ?? Buffer.alloc(0), random);
    try {
      const policy = parsePolicy(bytes);
      prove(policy, { tenants: slotsOf(policy), trustedBase, shared: sharedTypes });
      policy.counts();
      read++;
    } catch (error) {
      if (!(error instanceof PolicyError)) throw new Error(`run ${run}`, { cause: error });
    }
  }
  return { read, refused: runs - read };
}

function mutate(original: Buffer, random: (below: number) => number): Buffer {
  const bytes = Buffer.from(original);
  for (let times = 1 + random(4); times > 0; times--) {
    const at = random(bytes.length);
    const kind = random(6);
    if (kind === 0) bytes[at] = random(256);
    else if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    else if (kind === 2 && at + 4 <= bytes.length)
      bytes.writeUInt32LE(telling[random(telling.length)] ?? 0, at);
    else if (kind === 3) return bytes.subarray(0, at);
    else if (kind === 4) bytes.copy(bytes, at, random(bytes.length), random(bytes.length));
    else return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(bytes.length))]);
  }
  return bytes;
}
