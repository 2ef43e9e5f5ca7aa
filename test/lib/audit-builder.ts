/**
 * Builds audit logs from packaging/doc/audit-format.md alone, for the tests: it shares nothing with
 * the agent's writer, so that what it builds shows that page and writer mean the same. It can also
 * build what somebody builds who has the keys and rewrites a log.
 */
import { createHash, createPrivateKey, hash, type KeyObject, sign } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { FakeTpm, type FakeTpmState } from "./fake-tpm.ts";

const zeros = Buffer.alloc(64);

export interface Frame {
  /** Microseconds since 1970. */
  committedAt: number;
  payloads: string[];
}

export interface Segment {
  closed: boolean;
  frames: Frame[];
}

export interface SealSpec {
  size: number;
  /** Whether the witness signs it, in seconds since 1970. */
  witnessedAt?: number;
  tpm?: boolean;
}

export interface LogSpec {
  node: string;
  /** Makes keys and salts. */
  seed: string;
  segments: Segment[];
  seals: SealSpec[];
  /** What the TPM was before the first seal. */
  tpm?: FakeTpmState;
}

export interface SignerKey {
  name: string;
  vkey: string;
  id: Buffer;
  privateKey: KeyObject;
}

export interface BuiltLog {
  spec: LogSpec;
  origin: string;
  key: SignerKey;
  witness: SignerKey;
  payloads: string[];
  /** Bytes that are hashed, by index. */
  entries: Buffer[];
  leaves: Buffer[];
  /** Chain value after so many events. */
  chains: Buffer[];
  /** Lines of the file of seals. */
  seals: string[];
  files: Map<string, Buffer>;
}

const sha3 = (bytes: Buffer) => hash("sha3-512", bytes, "buffer");
const sha256 = (bytes: Buffer) => hash("sha256", bytes, "buffer");

export function u(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64BE(BigInt(value));
  return buffer.subarray(8 - bytes);
}

/** RFC 8785 for what the tests use: plain keys, whole numbers. */
export function jcs(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jcs).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, inner]) => `${JSON.stringify(key)}:${jcs(inner)}`).join(",")}}`;
}

export function signerKey(name: string, type: number, seed: string): SignerKey {
  const secret = sha256(Buffer.from(`${seed} ${name} ${type}`));
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), secret]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const jwk = privateKey.export({ format: "jwk" });
  const material = Buffer.concat([Buffer.of(type), Buffer.from(jwk.x ?? "", "base64url")]);
  const id = sha256(Buffer.concat([Buffer.from(`${name}\n`), material])).subarray(0, 4);
  return {
    name,
    id,
    privateKey,
    vkey: `${name}+${id.toString("hex")}+${material.toString("base64")}`,
  };
}

/** RFC 6962, 2.1, by its recursive definition. */
export function treeRoot(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256(Buffer.alloc(0));
  if (leaves.length === 1) return only;
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  const halves = [treeRoot(leaves.slice(0, k)), treeRoot(leaves.slice(k))];
  return sha256(Buffer.concat([Buffer.of(1), ...halves]));
}

function saltsOf(saltKey: Buffer, bundle: number): Buffer {
  const outputLength = 4096;
  return createHash("shake256", { outputLength }).update(saltKey).update(u(bundle, 8)).digest();
}

export function note(text: string, lines: readonly { key: SignerKey; bytes: Buffer }[]): string {
  const signatures = lines.map(({ key, bytes }) => {
    const base64 = Buffer.concat([key.id, bytes]).toString("base64");
    return `— ${key.name} ${base64}\n`;
  });
  return `${text}\n${signatures.join("")}`;
}

export function cosignature(text: string, seconds: number, witness: SignerKey): Buffer {
  const message = Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
  return Buffer.concat([u(seconds, 8), sign(null, message, witness.privateKey)]);
}

interface BuiltFrame {
  first: number;
  bytes: Buffer;
  /** After its last event. */
  chain: Buffer;
}

class Build {
  readonly files = new Map<string, Buffer>();
  readonly entries: Buffer[] = [];
  readonly chains: Buffer[] = [zeros];
  readonly payloads: string[] = [];
  #chain: Buffer = zeros;
  readonly #spec: LogSpec;

  constructor(spec: LogSpec) {
    this.#spec = spec;
  }

  #link(bytes: Buffer): void {
    this.#chain = sha3(Buffer.concat([bytes, this.#chain]));
  }

  segment({ closed, frames }: Segment): void {
    const first = this.entries.length;
    const saltKey = sha256(Buffer.from(`${this.#spec.seed} salt ${first}`));
    const openedAt = (frames[0]?.committedAt ?? 0) - 1000;
    const hashed = Buffer.concat([Buffer.from("DSECSEG1"), u(first, 8), u(openedAt, 8), saltKey]);
    const header = Buffer.concat([hashed, this.#chain]);
    this.#link(hashed);
    const built = frames.map((frame) => this.#frame(frame, saltKey));
    const name = String(first).padStart(20, "0");
    if (closed) this.files.set(`log/${name}.segz`, this.#closed(header, first, built));
    else {
      const parts = built.flatMap(({ bytes, chain }) => [bytes, chain]);
      this.files.set(`log/${name}.seg`, Buffer.concat([header, ...parts]));
    }
  }

  #frame({ committedAt, payloads }: Frame, saltKey: Buffer): BuiltFrame {
    const first = this.entries.length;
    const records = payloads.map((text) => {
      const payload = Buffer.from(text);
      return Buffer.concat([u(payload.length, 4), payload]);
    });
    const body = Buffer.concat(records);
    const head = [
      u(body.length, 4),
      u(payloads.length, 4),
      u(0, 4),
      u(first, 8),
      u(committedAt, 8),
    ];
    const header = Buffer.concat([Buffer.from("DSFR"), ...head]);
    this.#link(header);
    const salts = saltsOf(saltKey, Math.floor(first / 256));
    for (const text of payloads) {
      const at = (this.entries.length % 256) * 16;
      const salted = Buffer.concat([Buffer.from(text), salts.subarray(at, at + 16)]);
      this.entries.push(Buffer.concat([salted, this.#chain]));
      this.#link(salted);
      this.chains.push(this.#chain);
      this.payloads.push(text);
    }
    return { first, bytes: Buffer.concat([header, body]), chain: this.#chain };
  }

  #closed(header: Buffer, first: number, frames: BuiltFrame[]): Buffer {
    const blocks: Buffer[] = [];
    const directory: Buffer[] = [];
    let offset = header.length;
    for (let bundle = first / 256; bundle * 256 < this.entries.length; bundle++) {
      const own = frames.filter((frame) => Math.floor(frame.first / 256) === bundle);
      const plain = Buffer.concat(own.map(({ bytes }) => bytes));
      const packed = deflateRawSync(plain);
      const root = treeRoot(this.leaves().slice(bundle * 256, bundle * 256 + 256));
      const chain = own.at(-1)?.chain ?? zeros;
      const sizes = [u(offset, 8), u(packed.length, 4), u(plain.length, 4)];
      directory.push(Buffer.concat([...sizes, root, chain]));
      blocks.push(packed);
      offset += packed.length;
    }
    const footer = [u(offset, 8), u(blocks.length, 8), Buffer.from("DSECEND1")];
    return Buffer.concat([header, ...blocks, ...directory, ...footer]);
  }

  leaves(): Buffer[] {
    return this.entries.map((entry) => sha256(Buffer.concat([Buffer.of(0), entry])));
  }
}

/** @returns the log; nothing is written. */
export function build(spec: LogSpec): BuiltLog {
  const made = new Build(spec);
  for (const segment of spec.segments) made.segment(segment);
  const origin = `dsecos.org/audit/${spec.node}/0badc0de`;
  const key = signerKey(origin, 1, spec.seed);
  const witness = signerKey(`witness.example/${spec.node}`, 4, spec.seed);
  const { files, entries, chains, payloads } = made;
  const leaves = made.leaves();
  const log: BuiltLog = {
    ...{ spec, origin, key, witness, payloads, entries, leaves, chains, files },
    seals: [],
  };
  addTiles(log);
  addSeals(log);
  const keys = { keys: [{ from: 0, vkey: key.vkey }], origin };
  files.set("log.json", Buffer.from(jcs(keys)));
  files.set("witnesses", Buffer.from(`${witness.vkey}\n`));
  return log;
}

/** Tiles of level 1 and higher of all closed segments; of partial ones only the last. */
function addTiles({ spec, leaves, files }: BuiltLog): void {
  const closed = spec.segments
    .filter((segment) => segment.closed)
    .reduce((sum, { frames }) => sum + frames.reduce((n, f) => n + f.payloads.length, 0), 0);
  let hashes: Buffer[] = [];
  for (let i = 0; i < closed; i += 256) hashes.push(treeRoot(leaves.slice(i, i + 256)));
  for (let level = 1; hashes.length > 0; level++) {
    const above: Buffer[] = [];
    for (let n = 0; n * 256 < hashes.length; n++) {
      const tile = hashes.slice(n * 256, n * 256 + 256);
      const partial = tile.length < 256 ? `.p/${tile.length}` : "";
      files.set(`tile/${level}/${tileNumber(n)}${partial}`, Buffer.concat(tile));
      if (tile.length === 256) above.push(treeRoot(tile));
    }
    hashes = above;
  }
}

function tileNumber(n: number): string {
  const digits = String(n).padStart(Math.ceil(String(n).length / 3) * 3, "0");
  const groups = digits.match(/.{3}/g) ?? [];
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join("/");
}

/** The signed checkpoint of the first events, with the witness's signature where it has a time. */
export function checkpoint(log: BuiltLog, size: number, witnessedAt?: number): string {
  const root = treeRoot(log.leaves.slice(0, size)).toString("base64");
  const text = `${log.origin}\n${size}\n${root}\n`;
  const own = { key: log.key, bytes: sign(null, Buffer.from(text), log.key.privateKey) };
  if (witnessedAt === undefined) return note(text, [own]);
  return note(text, [
    own,
    { key: log.witness, bytes: cosignature(text, witnessedAt, log.witness) },
  ]);
}

function addSeals(log: BuiltLog): void {
  const { spec, files } = log;
  const tpm = spec.tpm === undefined ? undefined : new FakeTpm(spec.tpm);
  for (const { size, witnessedAt, tpm: certified } of spec.seals) {
    const signed = checkpoint(log, size, witnessedAt);
    const text = signed.slice(0, signed.indexOf("\n\n") + 1);
    const seal = {
      checkpoint: signed,
      chain: (log.chains[size] ?? zeros).toString("hex"),
      time: new Date(timeOf(size)).toISOString(),
      ...(certified === true && tpm !== undefined ? { tpm: tpm.certify(text) } : {}),
    };
    log.seals.push(jcs(seal));
    files.set("checkpoint", Buffer.from(signed));
  }
  if (log.seals.length > 0) {
    files.set("seals/2026-03-01.jsonl", Buffer.from(`${log.seals.join("\n")}\n`));
  }
  const enrolled = log.payloads.findIndex((text) => text.includes('"audit.TpmEnrolled"'));
  if (tpm !== undefined && enrolled >= 0) {
    files.set(`tpm/${tpm.name}.json`, Buffer.from(jcs(tpm.enrolment(enrolled))));
  }
}

/** When an event took place, in milliseconds: ten of them in a second. */
export function timeOf(index: number): number {
  return Date.UTC(2026, 2, 1, 12) + index * 100;
}

export function event(index: number, more: Record<string, unknown> = {}): string {
  return jcs({
    action: index % 7 === 0 ? "tenants.Create" : "instances.Start",
    actor: ["alice", "bob", "carol"][index % 3],
    label: "system_u:system_r:dsecos_t:s0",
    loginuid: 1000 + (index % 3),
    node: "node1",
    object: `vm-${index % 11}`,
    outcome: "success",
    pid: 4000 + index,
    source: "agent",
    tenant: index % 2 === 0 ? "mod-defense" : "health",
    time: new Date(timeOf(index)).toISOString(),
    uid: 1000 + (index % 3),
    ...more,
  });
}

/** Frames of changing sizes that never cross a bundle. */
export function framesOf(payloads: readonly string[], first: number): Frame[] {
  const frames: Frame[] = [];
  for (let i = 0, n = 0; i < payloads.length; n++) {
    const room = 256 - ((first + i) % 256);
    const count = Math.min([1, 30, 7, 64, 100][n % 5] as number, room, payloads.length - i);
    const committedAt = timeOf(first + i + count) * 1000;
    frames.push({ committedAt, payloads: payloads.slice(i, i + count) });
    i += count;
  }
  return frames;
}

/** Replaces what is in the directory. */
export function write(directory: string, files: ReadonlyMap<string, Buffer>): void {
  rmSync(directory, { recursive: true, force: true });
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), bytes);
  }
}
