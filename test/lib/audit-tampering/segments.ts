/** Tampering with the events, and with the segments and tiles that hold them. */
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { event, u } from "../audit-builder.ts";
import { change, flip, frame, rearrange } from "./change.ts";
import { closed0, closed1, open2, tile } from "./logs.ts";
import { rewrite } from "./rewrite.ts";
import type { Tampering } from "./tampering.ts";

export const ofSegments: readonly Tampering[] = [
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
    name: "who has all keys writes an event that is no canonical JSON",
    mutate: (directory, log) => {
      const payloads = log.payloads.with(960, `${event(960).slice(0, -1)} }`);
      rewrite(directory, log, { payloads });
    },
    alone: ["entry.form"],
    trusting: ["entry.form", "witness.fork"],
  },
];

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
