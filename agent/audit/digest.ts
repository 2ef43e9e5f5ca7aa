import { hash } from "node:crypto";

/** @returns SHA3-512 in hexadecimal. */
export function sha3Hex(bytes: string | Buffer): string {
  return hash("sha3-512", bytes, "hex");
}
