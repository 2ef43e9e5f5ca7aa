/**
 * Signed notes and verifier keys, as c2sp.org/signed-note describes them:
 *
 *     <text, which ends with a newline>
 *     <empty line>
 *     — <name> <base64 of key id (4 bytes) and signature>
 *
 * A verifier key is `<name>+<key id, 8 hexadecimal digits>+<base64 of type and public key>`.
 * Only Ed25519 is known: type 0x01 signs the text, type 0x04 is a witness's (cosignature.ts).
 */
import { createPublicKey, hash, type KeyObject, sign, verify } from "node:crypto";
import { fromBase64 } from "./base64.ts";

export const logKeyType = 0x01;
export const witnessKeyType = 0x04;

/** More than anybody needs; the specification asks for 16 signatures at least. */
const maximumNote = 1_000_000;
const maximumSignatures = 100;

const publicKeyBytes = 32;
const keyIdBytes = 4;
/** What DER puts before the 32 bytes of an Ed25519 public key (RFC 8410). */
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");

/** What was given is no note, checkpoint or verifier key; the message says why. */
export class NoteError extends Error {
  override name = "NoteError";
}

export interface VerifierKey {
  name: string;
  /** First four bytes of the SHA-256 over name, newline, type and public key. */
  id: number;
  type: number;
  /** 32 bytes. */
  publicKey: Buffer;
  /** The same, ready for use. */
  key: KeyObject;
}

export interface Signature {
  name: string;
  id: number;
  /** What follows the key id: for Ed25519 64 bytes, of a witness 8 bytes of time before them. */
  bytes: Buffer;
}

export interface Note {
  /** With its last newline. */
  text: string;
  signatures: Signature[];
}

function isName(name: string): boolean {
  return name !== "" && !/[\p{White_Space}+]/u.test(name) && name.isWellFormed();
}

function keyId(name: string, type: number, publicKey: Buffer): number {
  const bytes = Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([type]), publicKey]);
  return hash("sha256", bytes, "buffer").readUInt32BE(0);
}

/** @param publicKey 32 bytes, or a key object of type ed25519. */
export function verifierKey(
  name: string,
  publicKey: Buffer | KeyObject,
  type: number = logKeyType,
): VerifierKey {
  const raw = Buffer.isBuffer(publicKey)
    ? publicKey
    : publicKey.export({ format: "der", type: "spki" }).subarray(spkiPrefix.length);
  if (!isName(name)) throw new NoteError(`${JSON.stringify(name)} cannot be the name of a key.`);
  if (raw.length !== publicKeyBytes) throw new NoteError("An Ed25519 public key has 32 bytes.");
  const key = createPublicKey({
    key: Buffer.concat([spkiPrefix, raw]),
    format: "der",
    type: "spki",
  });
  return { name, type, publicKey: Buffer.from(raw), id: keyId(name, type, raw), key };
}

export function formatVerifierKey({ name, id, type, publicKey }: VerifierKey): string {
  const material = Buffer.concat([Buffer.from([type]), publicKey]).toString("base64");
  return `${name}+${id.toString(16).padStart(8, "0")}+${material}`;
}

/** @throws NoteError when it is no verifier key of a known type, or its id is not its own. */
export function parseVerifierKey(text: string): VerifierKey {
  const [, name, id, base64] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/s.exec(text) ?? [];
  const material = base64 === undefined ? undefined : fromBase64(base64);
  if (name === undefined || id === undefined || material === undefined || material.length < 1) {
    throw new NoteError("A verifier key reads NAME+ID+BASE64, with an id of 8 hexadecimal digits.");
  }
  const type = material.readUInt8(0);
  if (type !== logKeyType && type !== witnessKeyType) {
    throw new NoteError(`The verifier key of ${name} is of type ${type}; 1 and 4 are known.`);
  }
  const key = verifierKey(name, material.subarray(1), type);
  if (key.id !== Number.parseInt(id, 16)) {
    throw new NoteError(`The verifier key of ${name} has an id that is not its own.`);
  }
  return key;
}

/** @throws NoteError */
export function parseNote(note: string | Buffer): Note {
  if (note.length > maximumNote) throw new NoteError("The note is larger than 1 MB.");
  const whole = typeof note === "string" ? note : utf8(note);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not occur
  if (!whole.isWellFormed() || /[\u0000-\u0009\u000b-\u001f]/.test(whole)) {
    throw new NoteError("The note is not UTF-8 text without control characters.");
  }
  const split = whole.lastIndexOf("\n\n");
  const lines = whole.slice(split + 2);
  if (split < 0 || !lines.endsWith("\n")) {
    throw new NoteError("The note has no signatures behind an empty line.");
  }
  const signatures = lines.slice(0, -1).split("\n").map(parseSignature);
  if (signatures.length > maximumSignatures) {
    throw new NoteError(`The note has more than ${maximumSignatures} signatures.`);
  }
  return { text: whole.slice(0, split + 1), signatures };
}

function utf8(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  if (!Buffer.from(text).equals(bytes)) throw new NoteError("The note is not UTF-8 text.");
  return text;
}

/** @throws NoteError for what is no signature line; it comes without its newline. */
export function parseSignature(line: string): Signature {
  const [, name, base64] = /^— ([^ ]+) ([^ ]+)$/.exec(line) ?? [];
  const bytes = base64 === undefined ? undefined : fromBase64(base64);
  if (name === undefined || !isName(name) || bytes === undefined || bytes.length <= keyIdBytes) {
    throw new NoteError("A signature reads “— NAME BASE64”.");
  }
  return { name, id: bytes.readUInt32BE(0), bytes: bytes.subarray(keyIdBytes) };
}

/** @returns the line with its newline. */
export function formatSignature({ name, id, bytes }: Signature): string {
  const idBytes = Buffer.alloc(keyIdBytes);
  idBytes.writeUInt32BE(id);
  return `— ${name} ${Buffer.concat([idBytes, bytes]).toString("base64")}\n`;
}

export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(formatSignature).join("")}`;
}

/** Signs a text with a key of type 0x01. */
export function signText(text: string, key: VerifierKey, privateKey: KeyObject): Signature {
  return { name: key.name, id: key.id, bytes: sign(null, Buffer.from(text), privateKey) };
}

/** @returns those signatures of a note that claim to be the key's. */
export function signaturesOf(note: Note, key: VerifierKey): Signature[] {
  return note.signatures.filter(({ name, id }) => name === key.name && id === key.id);
}

/** @returns whether the bytes are the key's Ed25519 signature over the text (type 0x01). */
export function isSignature(text: string, bytes: Buffer, key: VerifierKey): boolean {
  return bytes.length === 64 && verify(null, Buffer.from(text), key.key, bytes);
}

/**
 * Opens a note that a key of type 0x01 must have signed. Signatures of other keys are ignored.
 *
 * @throws NoteError when no signature is the key's, or one that claims to be is wrong.
 */
export function openNote(note: string | Buffer, key: VerifierKey): Note {
  const parsed = parseNote(note);
  const own = signaturesOf(parsed, key);
  if (own.length === 0) throw new NoteError(`The note is not signed by ${key.name}.`);
  if (!own.every(({ bytes }) => isSignature(parsed.text, bytes, key))) {
    throw new NoteError(`The signature of ${key.name} is wrong.`);
  }
  return parsed;
}
