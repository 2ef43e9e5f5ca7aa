/**
 * Signatures with 64 calls on their way, from the agent's side of a driver to its process: CPU time of
 * all processes, against a program that calls SoftHSM itself.
 */
import type { Result } from "../case.ts";
import { compareSigning } from "../lib/hsm-signing.ts";

export function run(): Promise<Result[]> {
  return compareSigning("hsm-sign-batched", 64, 0.7, { "P-384": 2000, Ed25519: 4000 });
}
