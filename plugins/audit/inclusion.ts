/**
 * Recomputes a root of the log's tree in the browser, so that the page need not believe the agent.
 * Hashes and proofs are those of RFC 6962, section 2.1; the order of the steps is that of RFC 9162,
 * section 2.1.3.2. packaging/doc/audit-format.md says what an entry is.
 */

/** Bytes of salt and of the chain value that follow an event's payload in its entry. */
const saltBytes = 16;
const chainBytes = 64;
const hashBytes = 32;

type Bytes = Uint8Array<ArrayBuffer>;

/** @throws Error for what is no base64. */
export function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export function toBase64(bytes: Bytes): string {
  return btoa(String.fromCharCode(...bytes));
}

export function toHex(bytes: Bytes): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function sha256(...parts: Bytes[]): Promise<Bytes> {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined));
}

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

export const leafOf = (entry: Bytes): Promise<Bytes> => sha256(leafPrefix, entry);

/** @throws Error when the proof has not the length that index and size ask for. */
export async function rootFrom(
  leaf: Bytes,
  index: number,
  size: number,
  hashes: readonly Bytes[],
): Promise<Bytes> {
  const sound = Number.isSafeInteger(index) && Number.isSafeInteger(size);
  if (!sound || index < 0 || index >= size) throw new Error(`no index ${index} in ${size}`);
  let node = index;
  let last = size - 1;
  let root = leaf;
  for (const hash of hashes) {
    if (last === 0 || hash.length !== hashBytes) throw new Error("the proof is too long");
    if (node % 2 === 1 || node === last) {
      root = await sha256(nodePrefix, hash, root);
      // A node without a sibling moves up as it is.
      while (node % 2 === 0 && node > 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else root = await sha256(nodePrefix, root, hash);
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  if (last !== 0) throw new Error("the proof is too short");
  return root;
}

export interface Checkpoint {
  origin: string;
  size: number;
  /** Base64. */
  root: string;
  /** Names of those who signed, in the note's order: the log, then witnesses. */
  signers: string[];
}

/** Reads a signed note; its signatures are not checked here. @throws Error when it is none. */
export function readCheckpoint(note: string): Checkpoint {
  const end = note.indexOf("\n\n");
  const [origin, size, root] = note.slice(0, Math.max(end, 0)).split("\n");
  if (!origin || !/^(0|[1-9][0-9]{0,15})$/.test(size ?? "") || !root) {
    throw new Error("this is no checkpoint");
  }
  const signers = [...note.slice(end + 2).matchAll(/^— (\S+) \S+$/gm)].map(
    ([, name]) => name ?? "",
  );
  return { origin, size: Number(size), root, signers };
}

/** The event as it stands in the tree, without salt and chain value. */
export function payloadOf(entry: Bytes): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(
    entry.slice(0, entry.length - saltBytes - chainBytes),
  );
}
