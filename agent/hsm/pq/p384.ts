/** Public keys on P-384, checked before anything is done with them. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { DriverError } from "../driver/types.ts";
import { fromSpki, toSpki } from "./spki.ts";

/** @throws DriverError refused, where this is no point of the curve. */
export function p384Key(spki: Uint8Array): KeyObject {
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

/** @throws DriverError refused, where this is no uncompressed point of the curve. */
export function checkPoint(point: Uint8Array): void {
  p384Key(toSpki("P-384", point));
}
