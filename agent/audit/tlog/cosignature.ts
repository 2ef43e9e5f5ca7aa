/**
 * What a witness adds to a checkpoint (c2sp.org/tlog-cosignature, Ed25519, key type 0x04): the
 * time and a signature over that time and the checkpoint's text. It says that at that time this
 * was the largest tree of the log that the witness had seen, and that all it saw before are
 * beginnings of it.
 */
import { type KeyObject, sign, verify } from "node:crypto";
import { type Note, type Signature, signaturesOf, type VerifierKey } from "./note.ts";

const timeBytes = 8;
const signatureBytes = 64;

function cosignedMessage(text: string, seconds: bigint): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
}

/**
 * @param text of the checkpoint, with its last newline
 * @param seconds since 1970
 */
export function cosign(
  text: string,
  seconds: number,
  key: VerifierKey,
  privateKey: KeyObject,
): Signature {
  const time = Buffer.alloc(timeBytes);
  time.writeBigUInt64BE(BigInt(seconds));
  const signature = sign(null, cosignedMessage(text, BigInt(seconds)), privateKey);
  return { name: key.name, id: key.id, bytes: Buffer.concat([time, signature]) };
}

/** @returns the time in seconds since 1970; undefined when it is no valid cosignature. */
export function cosignatureTime(text: string, bytes: Buffer, key: VerifierKey): number | undefined {
  if (bytes.length !== timeBytes + signatureBytes) return undefined;
  const seconds = bytes.readBigUInt64BE(0);
  if (!Number.isSafeInteger(Number(seconds))) return undefined;
  const message = cosignedMessage(text, seconds);
  if (!verify(null, message, key.key, bytes.subarray(timeBytes))) return undefined;
  return Number(seconds);
}

export interface Cosignatures {
  /** Times of the valid ones, in seconds since 1970, oldest first. */
  times: number[];
  /** How many claim to be the witness's and are not. */
  wrong: number;
}

export function cosignaturesOf(note: Note, key: VerifierKey): Cosignatures {
  const times = signaturesOf(note, key).map(({ bytes }) => cosignatureTime(note.text, bytes, key));
  const valid = times.filter((time) => time !== undefined).sort((a, b) => a - b);
  return { times: valid, wrong: times.length - valid.length };
}
