/**
 * How the inputs of a proof are named, so that whoever has the same files gets the same names: texts by
 * the SHA-256 of their bytes without white space before and behind them, since `ceph` prints an answer
 * between empty lines and the monitors give it without; what the agent puts together itself by that of
 * its canonical JSON (RFC 8785). All in hexadecimal.
 */
import { createHash } from "node:crypto";
import { canonical } from "../../audit/canonical.ts";

export function hashOfText(text: Uint8Array): string {
  let from = 0;
  let to = text.length;
  while (from < to && isSpace(text[from])) from++;
  while (to > from && isSpace(text[to - 1])) to--;
  return createHash("sha256").update(text.subarray(from, to)).digest("hex");
}

/** @throws TypeError for what JSON cannot hold */
export function hashOfValue(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

/** What JSON takes for white space. */
function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
