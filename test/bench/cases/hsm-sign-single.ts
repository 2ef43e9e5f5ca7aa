/**
 * Signatures one after the other, each there and back between two processes: CPU time of all, against
 * a program that calls SoftHSM itself.
 */
import type { Result } from "../case.ts";
import { compareSigning } from "../lib/hsm-signing.ts";

export function run(): Promise<Result[]> {
  return compareSigning("hsm-sign-single", 1, 0.4, { "P-384": 1000, Ed25519: 2000 });
}
