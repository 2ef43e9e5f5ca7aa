/** Public keys on P-384, checked before anything is done with them. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { DriverError } from "../driver/types.ts";
import { fromSpki, toSpki } from "./spki.ts";

/** Checking a point takes as long as a fourth of verifying a signature, and keys come again. */
const mostKept = 256;
const kept = new Map<string, KeyObject>();

/** @throws DriverError refused, where this is no point of the curve. */
export function p384Key(spki: Uint8Array): KeyObject {
  const name = Buffer.from(spki).toString("latin1");
  const known = kept.get(name);
  if (known !== undefined) return known;
  const key = checked(spki);
  if (kept.size >= mostKept) kept.clear();
  kept.set(name, key);
  return key;
}

function checked(spki: Uint8Array): KeyObject {
  fromSpki("P-384", spki);
  try {
    return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DriverError("refused", `This is no public key on P-384: ${reason}`);
  }
}

/**
 * The uncompressed point of a public key that is on the curve, so that a token is never given one
 * that is not.
 */
export function p384Point(spki: Uint8Array): Uint8Array {
  p384Key(spki);
  return fromSpki("P-384", spki);
}

/**
 * For points that are used once.
 * @throws DriverError refused, where this is no uncompressed point of the curve.
 */
export function checkPoint(point: Uint8Array): void {
  checked(toSpki("P-384", point));
}
