/**
 * A plain reading of the audit log's files, as the format page tells it, for tests: it shares no
 * code with the writer and the reader.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";

const sha3 = (...parts: Uint8Array[]) => {
  const sum = createHash("sha3-512");
  for (const part of parts) sum.update(part);
  return sum.digest();
};
const sha256 = (...parts: Uint8Array[]) => {
  const sum = createHash("sha256");
  for (const part of parts) sum.update(part);
  return sum.digest();
};

export interface Checked {
  entries: Record<string, unknown>[];
  /** After the last event. */
  chain: Buffer;
  leaves: Buffer[];
  /** Number of frames. */
  frames: number;
}

/** @throws Error at the first thing that is not as the format has it. */
export function checkLog(directory: string): Checked {
  const names = readdirSync(join(directory, "log")).sort();
  const checked: Checked = { entries: [], chain: Buffer.alloc(64), leaves: [], frames: 0 };
  for (const name of names) {
    const bytes = readFileSync(join(directory, "log", name));
    const first = Number(name.slice(0, 20));
    if (first !== checked.leaves.length) throw new Error(`${name} begins at the wrong place`);
    if (bytes.toString("latin1", 0, 8) !== "DSECSEG1") throw new Error(`${name} has no header`);
    if (Number(bytes.readBigUInt64BE(8)) !== first) throw new Error(`${name} has another name`);
    if (!bytes.subarray(56, 120).equals(checked.chain))
      throw new Error(`${name} has another chain`);
    checked.chain = sha3(bytes.subarray(0, 56), checked.chain);
    const saltKey = bytes.subarray(24, 56);
    if (name.endsWith(".seg")) frames(checked, bytes.subarray(120), saltKey, true);
    else closed(checked, bytes, saltKey);
  }
  return checked;
}

function closed(checked: Checked, bytes: Buffer, saltKey: Buffer): void {
  const footer = bytes.subarray(-24);
  if (footer.toString("latin1", 16) !== "DSECEND1") throw new Error("no footer");
  const start = Number(footer.readBigUInt64BE());
  const bundles = Number(footer.readBigUInt64BE(8));
  if (start + bundles * 112 + 24 !== bytes.length) throw new Error("no right directory");
  let position = 120;
  for (let i = 0; i < bundles; i++) {
    const entry = bytes.subarray(start + i * 112, start + (i + 1) * 112);
    if (Number(entry.readBigUInt64BE()) !== position) throw new Error(`block ${i} lies elsewhere`);
    const end = position + entry.readUInt32BE(8);
    const plain = inflateRawSync(bytes.subarray(position, end));
    if (plain.length !== entry.readUInt32BE(12)) throw new Error(`block ${i} has another size`);
    frames(checked, plain, saltKey, false);
    const root = treeRoot(checked.leaves.slice(-256));
    if (!entry.subarray(16, 48).equals(root)) throw new Error(`block ${i} has another root`);
    if (!entry.subarray(48).equals(checked.chain)) throw new Error(`block ${i} has another chain`);
    position = end;
  }
  if (position !== start) throw new Error("bytes that no entry of the directory has");
}

function frames(checked: Checked, bytes: Buffer, saltKey: Buffer, chained: boolean): void {
  for (let at = 0; at < bytes.length; ) {
    const where = `the frame of event ${checked.leaves.length}`;
    const header = bytes.subarray(at, at + 32);
    if (header.length < 32 || header.toString("latin1", 0, 4) !== "DSFR") throw new Error(where);
    if (Number(header.readBigUInt64BE(16)) !== checked.leaves.length) throw new Error(where);
    const count = header.readUInt32BE(8);
    checked.chain = sha3(header, checked.chain);
    checked.frames += 1;
    const bundle = Buffer.alloc(8);
    bundle.writeBigUInt64BE(BigInt(Math.floor(checked.leaves.length / 256)));
    const shake = createHash("shake256", { outputLength: 4096 });
    const salts = shake.update(saltKey).update(bundle).digest();
    at += 32;
    const end = at + header.readUInt32BE(4);
    for (let i = 0; i < count; i++) {
      const index = checked.leaves.length;
      if (i > 0 && index % 256 === 0) throw new Error(`${where} has events of two bundles`);
      const payload = bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at));
      const salt = salts.subarray((index % 256) * 16, (index % 256) * 16 + 16);
      checked.leaves.push(sha256(Buffer.alloc(1), payload, salt, checked.chain));
      checked.chain = sha3(payload, salt, checked.chain);
      checked.entries.push({ sequence: index + 1, ...JSON.parse(payload.toString("utf8")) });
      at += 4 + payload.length;
    }
    if (at !== end) throw new Error(`${where} has another length`);
    if (!chained) continue;
    if (!bytes.subarray(at, at + 64).equals(checked.chain)) throw new Error(`chain of ${where}`);
    at += 64;
  }
}

/** RFC 6962, 2.1, as it is written there. */
export function treeRoot(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const [left, right] = [treeRoot(leaves.slice(0, split)), treeRoot(leaves.slice(split))];
  return sha256(Buffer.from([1]), left, right);
}
