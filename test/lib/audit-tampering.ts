/**
 * Logs that somebody tampered with, for every verifier of the format: what was done, and what must
 * be found. The first thirteen are those of the study behind the log's design.
 */
import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import {
  type BuiltLog,
  build,
  checkpoint,
  event,
  framesOf,
  jcs,
  type LogSpec,
  type SealSpec,
  signerKey,
  timeOf,
  treeRoot,
  u,
  write,
} from "./audit-builder.ts";
import { FakeTpm, type FakeTpmState } from "./fake-tpm.ts";

export interface Tampering {
  name: string;
  /** @param directory holds the log as it was built */
  mutate(directory: string, log: BuiltLog): void;
  /** Codes of all errors when only the directory is known. */
  alone: readonly string[];
  /**
   * Codes of all errors when the person knows the log's key, the witness's key and the checkpoint
   * of 900 events, which the witness signed.
   */
  trusting: readonly string[];
}

const closed0 = "log/00000000000000000000.segz";
const closed1 = "log/00000000000000000512.segz";
const open2 = "log/00000000000000000768.seg";
const seals = "seals/2026-03-01.jsonl";
const tile = "tile/1/000.p/3";

const tpmAtFirst: FakeTpmState = { seed: "tpm", counter: 40, clock: 100_000, resetCount: 7 };
const witnessed = (index: number) => Math.floor(timeOf(index) / 1000) + 1;

const standardSeals: SealSpec[] = [
  { size: 100, witnessedAt: witnessed(100) },
  { size: 512, tpm: true },
  { size: 600, witnessedAt: witnessed(600), tpm: true },
  { size: 768 },
  { size: 900, witnessedAt: witnessed(900), tpm: true },
  { size: 950 },
];

/** Two closed segments of 512 and 256 events, and an open one of the rest. */
export function logSpec(
  payloads: readonly string[],
  sealSpecs: SealSpec[] = standardSeals,
): LogSpec {
  const part = (from: number, to: number, closed: boolean) => ({
    closed,
    frames: framesOf(payloads.slice(from, to), from),
  });
  return {
    node: "node1",
    seed: "standard",
    segments: [part(0, 512, true), part(512, 768, true), part(768, payloads.length, false)],
    seals: sealSpecs,
    tpm: tpmAtFirst,
  };
}

export function standardPayloads(count = 968): string[] {
  const details = new FakeTpm(tpmAtFirst).details(jcs);
  const enrolled = { action: "audit.TpmEnrolled", source: "log", details };
  return Array.from({ length: count }, (_, i) => event(i, i === 3 ? enrolled : {}));
}

export function standardLog(): BuiltLog {
  return build(logSpec(standardPayloads()));
}

/** A log with retention: its first segment was removed. */
export function retainedLog(change: Record<string, unknown> = {}, told = true): BuiltLog {
  const payloads = standardPayloads();
  const whole = build(logSpec(payloads));
  const tombstone = {
    first: 0,
    count: 512,
    chainBefore: (whole.chains[0] as Buffer).toString("hex"),
    chainAfter: (whole.chains[512] as Buffer).toString("hex"),
    firstTime: new Date(timeOf(1)).toISOString(),
    lastTime: new Date(timeOf(512)).toISOString(),
    days: 400,
  };
  if (told) {
    payloads[700] = event(700, { action: "audit.Retention", source: "log", details: tombstone });
  }
  const log = build(logSpec(payloads));
  log.files.delete(closed0);
  log.files.set(closed0.replace(".segz", ".gone"), Buffer.from(jcs({ ...tombstone, ...change })));
  return log;
}

// Changes of single files.

function change(directory: string, path: string, how: (bytes: Buffer) => Buffer | undefined): void {
  const file = join(directory, path);
  const bytes = readFileSync(file);
  writeFileSync(file, how(bytes) ?? bytes);
}

function flip(directory: string, path: string, offset: (bytes: Buffer) => number): void {
  change(directory, path, (bytes) => {
    const at = offset(bytes);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
  });
}

function lines(directory: string, how: (lines: string[]) => string[]): void {
  change(directory, seals, (bytes) => {
    const changed = how(bytes.toString().trimEnd().split("\n"));
    return Buffer.from(changed.map((line) => `${line}\n`).join(""));
  });
}

type SealLine = Record<"checkpoint" | "chain" | "time", string> & {
  tpm?: ReturnType<FakeTpm["certify"]>;
};

function seal(directory: string, at: number, how: (line: SealLine) => SealLine | undefined): void {
  lines(directory, (all) =>
    all.map((line, i) => {
      if (i !== at) return line;
      const value: SealLine = JSON.parse(line);
      return jcs(how(value) ?? value);
    }),
  );
}

/** Where the frames of an open segment begin and end. */
function frames(bytes: Buffer): { at: number; end: number }[] {
  const all = [];
  for (let at = 120; at < bytes.length; ) {
    const end = at + 32 + bytes.readUInt32BE(at + 4) + 64;
    all.push({ at, end });
    at = end;
  }
  return all;
}

function frame(bytes: Buffer, i: number): { at: number; end: number } {
  return frames(bytes)[i] as { at: number; end: number };
}

/** Rearranges the frames of the open segment. */
function rearrange(directory: string, how: (all: Buffer[]) => Buffer[]): void {
  change(directory, open2, (bytes) => {
    const all = frames(bytes).map(({ at, end }) => bytes.subarray(at, end));
    return Buffer.concat([bytes.subarray(0, 120), ...how(all)]);
  });
}

// Rewriting by somebody who computes all that follows again.

interface Rewrite {
  payloads?: string[];
  seals?: SealSpec[];
  tpm?: FakeTpmState;
  seed?: string;
  /** What of the old log's files is kept. */
  keep?: string[];
}

/** @returns the log as it would have been with other events. */
function rewrite(directory: string, log: BuiltLog, rewritten: Rewrite): BuiltLog {
  const { payloads = log.payloads, seals: sealSpecs = log.spec.seals } = rewritten;
  const spec = { ...logSpec(payloads, sealSpecs), tpm: rewritten.tpm ?? tpmAtFirst };
  const made = build(spec);
  const files = new Map(made.files);
  for (const [path, bytes] of log.files) {
    if (rewritten.keep?.some((prefix) => path.startsWith(prefix))) files.set(path, bytes);
  }
  write(directory, files);
  return made;
}

const without = (specs: readonly SealSpec[], ...members: (keyof SealSpec)[]): SealSpec[] =>
  specs.map((one) => {
    const copy = { ...one };
    for (const member of members) delete copy[member];
    return copy;
  });

function withEvent(log: BuiltLog, index: number, more: Record<string, unknown>): string[] {
  return log.payloads.with(index, event(index, more));
}

const forged = { actor: "nobody", object: "vm-other" };

export const tamperings: readonly Tampering[] = [
  {
    name: "one bit of an event is flipped",
    mutate: (directory) => flip(directory, open2, (bytes) => frame(bytes, 2).at + 80),
    alone: ["chain.link", "tree.root"],
    trusting: ["chain.link", "tree.root", "witness.fork"],
  },
  {
    name: "the log is cut within a frame",
    mutate: (directory) =>
      change(directory, open2, (bytes) => bytes.subarray(0, frame(bytes, 3).end - 100)),
    alone: ["checkpoint.ahead"],
    trusting: ["checkpoint.ahead", "witness.fork"],
  },
  {
    name: "the log is cut at the end of a segment",
    mutate: (directory) => rmSync(join(directory, open2)),
    alone: ["checkpoint.ahead"],
    trusting: ["checkpoint.ahead", "witness.fork"],
  },
  {
    name: "two frames change places",
    mutate: (directory) =>
      rearrange(directory, ([a, b, c, ...rest]) => [a, c, b, ...rest] as Buffer[]),
    alone: ["chain.link", "structure.frame", "tree.root"],
    trusting: ["chain.link", "structure.frame", "tree.root", "witness.fork"],
  },
  {
    name: "an event is replaced and what follows computed again",
    mutate: (directory, log) => {
      const payloads = withEvent(log, 300, forged);
      rewrite(directory, log, { payloads, keep: ["seals/", "checkpoint"] });
    },
    alone: ["checkpoint.chain", "tree.root"],
    trusting: ["checkpoint.chain", "tree.root", "witness.fork"],
  },
  {
    name: "the same, with checkpoints signed by a key that is not the log's",
    mutate: (directory, log) => {
      const payloads = withEvent(log, 300, forged);
      const made = rewrite(directory, log, { payloads });
      const other = { ...made, key: { ...signerKey(made.origin, 1, "thief"), id: made.key.id } };
      lines(directory, () =>
        log.seals.map((line, i) => {
          const old: SealLine = JSON.parse(line);
          const { size } = standardSeals[i] as SealSpec;
          const chain = (made.chains[size] as Buffer).toString("hex");
          return jcs({ ...old, chain, checkpoint: checkpoint(other, size) });
        }),
      );
      change(directory, "checkpoint", () => Buffer.from(checkpoint(other, 950)));
    },
    alone: ["checkpoint.signature", "tpm.binding"],
    trusting: ["checkpoint.signature", "tpm.binding", "witness.fork"],
  },
  {
    name: "the same, with checkpoints signed by the log's key, which was stolen",
    mutate: (directory, log) => {
      const payloads = withEvent(log, 300, forged);
      const specs = without(standardSeals, "witnessedAt", "tpm");
      rewrite(directory, log, { payloads, seals: specs, keep: ["tpm/"] });
      lines(directory, (all) =>
        all.map((line, i) => {
          const { tpm }: SealLine = JSON.parse(log.seals[i] ?? "");
          return jcs({ ...JSON.parse(line), ...(tpm === undefined ? {} : { tpm }) });
        }),
      );
    },
    alone: ["tpm.binding"],
    trusting: ["tpm.binding", "witness.fork"],
  },
  {
    name: "the same, and the TPM is made to sign too",
    mutate: (directory, log) => {
      const payloads = withEvent(log, 300, forged);
      const tpm = { ...tpmAtFirst, counter: 90, clock: 900_000 };
      rewrite(directory, log, { payloads, seals: without(standardSeals, "witnessedAt"), tpm });
    },
    alone: [],
    trusting: ["witness.fork"],
  },
  {
    name: "an older copy of the directory is put back",
    mutate: (directory, log) => {
      const payloads = log.payloads.slice(0, 800);
      rewrite(directory, log, { payloads, seals: standardSeals.slice(0, 4) });
    },
    alone: [],
    trusting: ["witness.fork"],
  },
  {
    name: "an older copy is put back with the TPM's state of then, and goes on",
    mutate: (directory, log) => {
      const payloads = log.payloads.map((text, i) => (i < 800 ? text : event(i, forged)));
      rewrite(directory, log, { payloads, seals: without(standardSeals, "witnessedAt") });
    },
    alone: [],
    trusting: ["witness.fork"],
  },
  {
    name: "a longer fork, signed by the log's key and the TPM",
    mutate: (directory, log) => {
      const longer = Array.from({ length: 1100 }, (_, i) =>
        i < 850 ? (log.payloads[i] as string) : event(i, forged),
      );
      const specs = [...without(standardSeals, "witnessedAt"), { size: 1090, tpm: true }];
      rewrite(directory, log, { payloads: longer, seals: specs });
    },
    alone: [],
    trusting: ["witness.fork"],
  },
  {
    name: "the commit time of a frame is set back",
    mutate: (directory) =>
      change(directory, open2, (bytes) => {
        u((timeOf(600) as number) * 1000, 8).copy(bytes, frame(bytes, 3).at + 24);
      }),
    alone: ["chain.link", "tree.root"],
    trusting: ["chain.link", "tree.root", "witness.fork"],
  },
  {
    name: "an event was never appended: the agent was stopped or a source silenced before",
    mutate: (directory, log) => {
      const payloads = log.payloads.map((text, i) => (i === 960 ? event(990) : text));
      rewrite(directory, log, { payloads });
    },
    alone: [],
    trusting: [],
  },
  // Of our own.
  {
    name: "a frame is taken out",
    mutate: (directory) =>
      rearrange(directory, ([a, b, _c, ...rest]) => [a, b, ...rest] as Buffer[]),
    alone: ["chain.link", "structure.frame", "tree.root"],
    trusting: ["chain.link", "structure.frame", "tree.root", "witness.fork"],
  },
  {
    name: "a frame stands there twice",
    mutate: (directory) =>
      rearrange(directory, ([a, b, ...rest]) => [a, b, b, ...rest] as Buffer[]),
    alone: ["structure.frame"],
    trusting: ["structure.frame"],
  },
  {
    name: "bytes are put between two frames",
    mutate: (directory) =>
      rearrange(
        directory,
        ([a, b, ...rest]) => [a, b, Buffer.from("DSFX and so on"), ...rest] as Buffer[],
      ),
    alone: ["structure.torn"],
    trusting: ["structure.torn"],
  },
  {
    name: "an event of a compressed segment is replaced and its block packed again",
    mutate: (directory) => change(directory, closed0, repacked),
    alone: ["chain.link", "checkpoint.chain", "tree.root", "tree.tile"],
    trusting: ["chain.link", "checkpoint.chain", "tree.root", "tree.tile", "witness.fork"],
  },
  {
    name: "a compressed block cannot be unpacked",
    mutate: (directory) =>
      change(directory, closed1, (bytes) => {
        bytes.fill(0xff, 120, 140);
      }),
    alone: ["structure.frame", "tree.root"],
    trusting: ["structure.frame", "tree.root", "witness.fork"],
  },
  {
    name: "a chain value in a segment's directory is changed",
    mutate: (directory) => flip(directory, closed0, (bytes) => bytes.length - 24 - 112 - 1),
    alone: ["chain.link"],
    trusting: ["chain.link"],
  },
  {
    name: "a root in a segment's directory is changed",
    mutate: (directory) => flip(directory, closed0, (bytes) => bytes.length - 24 - 112 + 20),
    alone: ["tree.tile"],
    trusting: ["tree.tile"],
  },
  {
    name: "the footer of a segment is changed",
    mutate: (directory) => flip(directory, closed1, (bytes) => bytes.length - 9),
    alone: ["structure.segment", "tree.root"],
    trusting: ["structure.segment", "tree.root", "witness.fork"],
  },
  {
    name: "a hash in a tile is changed",
    mutate: (directory) => flip(directory, tile, () => 40),
    alone: ["tree.tile"],
    trusting: ["tree.tile"],
  },
  {
    name: "a tile is removed",
    mutate: (directory) => rmSync(join(directory, tile)),
    alone: ["tree.tile"],
    trusting: ["tree.tile"],
  },
  {
    name: "a segment in the middle is removed",
    mutate: (directory) => rmSync(join(directory, closed1)),
    alone: ["structure.gap", "tree.root"],
    trusting: ["structure.gap", "tree.root", "witness.fork"],
  },
  {
    name: "a segment has another name",
    mutate: (directory) =>
      renameSync(join(directory, open2), join(directory, "log/00000000000000001024.seg")),
    alone: ["structure.gap", "structure.segment", "tree.root"],
    trusting: ["structure.gap", "structure.segment", "tree.root", "witness.fork"],
  },
  {
    name: "the salt key of a segment is changed",
    mutate: (directory) => flip(directory, open2, () => 30),
    alone: ["chain.link", "checkpoint.chain", "tree.root"],
    trusting: ["chain.link", "checkpoint.chain", "tree.root", "witness.fork"],
  },
  {
    name: "the chain value in a segment's header is changed",
    mutate: (directory) => flip(directory, open2, () => 60),
    alone: ["chain.link"],
    trusting: ["chain.link"],
  },
  {
    name: "the chain value behind a frame is changed",
    mutate: (directory) => flip(directory, open2, (bytes) => frame(bytes, 1).end - 5),
    alone: ["chain.link"],
    trusting: ["chain.link"],
  },
  {
    name: "the length of a frame is changed",
    mutate: (directory) => flip(directory, open2, (bytes) => frame(bytes, 1).at + 7),
    alone: ["structure.frame", "tree.root"],
    trusting: ["structure.frame", "tree.root", "witness.fork"],
  },
  {
    name: "a checkpoint is taken out of the seals",
    mutate: (directory) => lines(directory, (all) => all.toSpliced(3, 1)),
    alone: [],
    trusting: [],
  },
  {
    name: "all checkpoints are removed",
    mutate: (directory) => {
      rmSync(join(directory, "seals"), { recursive: true });
      rmSync(join(directory, "checkpoint"));
    },
    alone: [],
    trusting: [],
  },
  {
    name: "the root of a checkpoint is changed",
    mutate: (directory) =>
      seal(directory, 3, (line) => {
        const [origin, size, , ...rest] = line.checkpoint.split("\n");
        const root = treeRoot([Buffer.alloc(32)]).toString("base64");
        line.checkpoint = [origin, size, root, ...rest].join("\n");
      }),
    alone: ["checkpoint.signature"],
    trusting: ["checkpoint.signature"],
  },
  {
    name: "the chain value of a seal is changed",
    mutate: (directory) =>
      seal(directory, 3, (line) => {
        line.chain = line.chain.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
      }),
    alone: ["checkpoint.chain"],
    trusting: ["checkpoint.chain"],
  },
  {
    name: "checkpoints change places",
    mutate: (directory) =>
      lines(directory, ([a, b, c, d, ...rest]) => [a, b, d, c, ...rest] as string[]),
    alone: ["checkpoint.order"],
    trusting: ["checkpoint.order"],
  },
  {
    name: "the log's key signs a second root of the same size",
    mutate: (directory, log) => {
      const other = build(logSpec(withEvent(log, 940, forged)));
      lines(directory, (all) => [
        ...all,
        jcs({ ...JSON.parse(all[5] ?? ""), checkpoint: checkpoint(other, 950) }),
      ]);
    },
    alone: ["checkpoint.order"],
    trusting: ["checkpoint.order"],
  },
  {
    name: "a line of seals is no JSON in canonical form",
    mutate: (directory) =>
      lines(directory, (all) => all.with(3, (all[3] ?? "").replace(",", ", "))),
    alone: ["checkpoint.form"],
    trusting: ["checkpoint.form"],
  },
  {
    name: "the whole log is signed by another key, which log.json names",
    mutate: (directory, log) => {
      const made = build({ ...log.spec, seed: "other" });
      write(directory, made.files);
    },
    alone: [],
    trusting: ["checkpoint.signature", "witness.fork"],
  },
  {
    name: "what the TPM signed for one checkpoint stands at another",
    mutate: (directory, log) => {
      const { tpm }: SealLine = JSON.parse(log.seals[2] ?? "");
      seal(directory, 3, (line) => ({ ...line, ...(tpm && { tpm }) }));
    },
    alone: ["tpm.binding", "tpm.clock", "tpm.counter"],
    trusting: ["tpm.binding", "tpm.clock", "tpm.counter"],
  },
  {
    name: "the TPM's state was set back between two checkpoints",
    mutate: (directory, log) => {
      const tpm = new FakeTpm(tpmAtFirst);
      seal(directory, 4, (line) => ({ ...line, tpm: tpm.certify(textOf(log, 4)) }));
    },
    alone: ["tpm.clock", "tpm.counter"],
    trusting: ["tpm.clock", "tpm.counter"],
  },
  {
    name: "another TPM signs, which was never enrolled",
    mutate: (directory, log) => {
      const tpm = new FakeTpm({ ...tpmAtFirst, seed: "another", counter: 90, clock: 900_000 });
      seal(directory, 4, (line) => ({ ...line, tpm: tpm.certify(textOf(log, 4)) }));
    },
    alone: ["tpm.ak"],
    trusting: ["tpm.ak"],
  },
  {
    name: "the registers beside a quote are changed",
    mutate: (directory) =>
      seal(directory, 4, (line) => {
        if (line.tpm !== undefined) line.tpm.pcrs["7"] = "00".repeat(32);
      }),
    alone: ["tpm.pcr"],
    trusting: ["tpm.pcr"],
  },
  {
    name: "the TPM's signature is changed",
    mutate: (directory) =>
      seal(directory, 4, (line) => {
        if (line.tpm === undefined) return;
        const bytes = Buffer.from(line.tpm.quote.signature, "base64");
        bytes[10] = (bytes[10] ?? 0) ^ 1;
        line.tpm.quote.signature = bytes.toString("base64");
      }),
    alone: ["tpm.signature"],
    trusting: ["tpm.signature"],
  },
  {
    name: "the enrolment of the TPM is removed",
    mutate: (directory) => rmSync(join(directory, "tpm"), { recursive: true }),
    alone: ["tpm.ak"],
    trusting: ["tpm.ak"],
  },
  {
    name: "the enrolment of the TPM says that it is no program",
    mutate: (directory) => {
      const [name = ""] = readdirSync(join(directory, "tpm"));
      change(directory, `tpm/${name}`, (bytes) =>
        Buffer.from(bytes.toString().replace('"software":true', '"software":false')),
      );
    },
    alone: ["tpm.ak"],
    trusting: ["tpm.ak"],
  },
  {
    name: "the enrolment of the TPM names an event that is not there",
    mutate: (directory) => {
      const [name = ""] = readdirSync(join(directory, "tpm"));
      change(directory, `tpm/${name}`, (bytes) =>
        Buffer.from(bytes.toString().replace('"from":3', '"from":5000')),
      );
    },
    alone: ["tpm.ak"],
    trusting: ["tpm.ak"],
  },
  {
    name: "the signature of a witness is changed",
    mutate: (directory, log) =>
      seal(directory, 4, (line) => {
        const at = line.checkpoint.indexOf(log.witness.name) + log.witness.name.length + 40;
        const digit = line.checkpoint[at] === "A" ? "B" : "A";
        line.checkpoint = line.checkpoint.slice(0, at) + digit + line.checkpoint.slice(at + 1);
      }),
    alone: ["witness.signature"],
    trusting: ["witness.signature"],
  },
  {
    name: "a segment is replaced by a tombstone of which no event tells",
    mutate: (directory) => write(directory, retainedLog({}, false).files),
    alone: ["tombstone.event"],
    trusting: ["tombstone.event"],
  },
  {
    name: "a tombstone tells another number of days than its event",
    mutate: (directory) => write(directory, retainedLog({ days: 30 }).files),
    alone: ["tombstone.event"],
    trusting: ["tombstone.event", "witness.fork"],
  },
  {
    name: "a tombstone has another chain value",
    mutate: (directory) => {
      const chainAfter = "ab".repeat(64);
      write(directory, retainedLog({ chainAfter }).files);
    },
    alone: ["chain.link", "checkpoint.chain", "tombstone.event"],
    trusting: ["chain.link", "checkpoint.chain", "tombstone.event", "witness.fork"],
  },
  {
    name: "who has all keys writes an event that is no canonical JSON",
    mutate: (directory, log) => {
      const payloads = log.payloads.with(960, `${event(960).slice(0, -1)} }`);
      rewrite(directory, log, { payloads });
    },
    alone: ["entry.form"],
    trusting: ["entry.form", "witness.fork"],
  },
  {
    name: "the seals end within a line, and something stands behind it",
    mutate: (directory) => {
      const file = join(directory, seals);
      const bytes = readFileSync(file);
      truncateSync(file, bytes.length - 40);
      writeFileSync(
        join(directory, "seals/2026-03-02.jsonl"),
        `${bytes.toString().split("\n")[5]}\n`,
      );
    },
    alone: ["checkpoint.form"],
    trusting: ["checkpoint.form"],
  },
];

function textOf(log: BuiltLog, at: number): string {
  const { checkpoint: note }: SealLine = JSON.parse(log.seals[at] ?? "");
  return note.slice(0, note.indexOf("\n\n") + 1);
}

/** Replaces the actor of an event in the first block of a closed segment, and moves what follows. */
function repacked(bytes: Buffer): Buffer {
  const footer = bytes.subarray(bytes.length - 24);
  const start = Number(footer.readBigUInt64BE(0));
  const directory = Buffer.from(bytes.subarray(start, bytes.length - 24));
  const length = directory.readUInt32BE(8);
  const plain = inflateRawSync(bytes.subarray(120, 120 + length));
  const changed = Buffer.from(plain.toString("latin1").replace('"alice"', '"mallo"'), "latin1");
  const packed = deflateRawSync(changed);
  const moved = packed.length - length;
  directory.writeUInt32BE(packed.length, 8);
  for (let at = 112; at < directory.length; at += 112) {
    directory.writeBigUInt64BE(directory.readBigUInt64BE(at) + BigInt(moved), at);
  }
  return Buffer.concat([
    bytes.subarray(0, 120),
    packed,
    bytes.subarray(120 + length, start),
    directory,
    u(start + moved, 8),
    footer.subarray(8),
  ]);
}
