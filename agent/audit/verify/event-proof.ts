/** The inclusion proof of one event, from what a walk through the log has kept. */
import { bundleEvents } from "../segments/format.ts";
import { hashBytes, rootOf } from "../tlog/merkle.ts";
import { type HashSource, inclusionProof, treeRoot } from "../tlog/proofs.ts";
import type { EventProof } from "./report.ts";

const bundleLevel = 8;

/** A tree of so many events: the roots of subtrees that its last bundle consists of. */
export interface Tail {
  size: number;
  parts: readonly Uint8Array[];
}

export interface Kept {
  /** Roots of all whole bundles from the beginning of the log. */
  roots: readonly Buffer[];
  /** Leaves of the event's bundle. */
  leaves: Buffer;
  /** The largest tree that is signed, and that of all events; where they are known. */
  signed: Tail | undefined;
  all: Tail | undefined;
}

/** @returns undefined when the tree cannot be computed. */
export function eventProof(index: number, kept: Kept): EventProof | undefined {
  const signed = kept.signed !== undefined && kept.signed.size > index;
  const tail = signed ? kept.signed : kept.all;
  if (tail === undefined || tail.size <= index) return undefined;
  const hashes = source(index, kept, tail);
  const leaf = hashes(0, index);
  const base64 = (bytes: Buffer) => bytes.toString("base64");
  return {
    index,
    size: tail.size,
    root: base64(treeRoot(hashes, tail.size)),
    leaf: base64(leaf),
    proof: inclusionProof(hashes, index, tail.size).map(base64),
    signed,
  };
}

function source(index: number, { roots, leaves }: Kept, tail: Tail): HashSource {
  const bundle = Math.floor(index / bundleEvents);
  const parts = partsByPlace(tail);
  return (level, at) => {
    const part = parts.get(`${level}/${at}`);
    if (part !== undefined) return part;
    if (level >= bundleLevel) {
      const span = 2 ** (level - bundleLevel);
      const some = roots.slice(at * span, (at + 1) * span);
      if (some.length < span) throw new RangeError(`no roots for level ${level}, hash ${at}`);
      return rootOf(Buffer.concat(some));
    }
    const span = 2 ** level;
    const start = (at * span - bundle * bundleEvents) * hashBytes;
    const some = leaves.subarray(start, start + span * hashBytes);
    if (start < 0 || some.length < span * hashBytes) throw new RangeError(`no leaves for ${at}`);
    return rootOf(Buffer.from(some));
  };
}

function partsByPlace({ size, parts }: Tail): Map<string, Buffer> {
  const places = new Map<string, Buffer>();
  let start = Math.floor((size - 1) / bundleEvents) * bundleEvents;
  for (const part of parts) {
    const level = Math.floor(Math.log2(size - start));
    places.set(`${level}/${start / 2 ** level}`, Buffer.from(part));
    start += 2 ** level;
  }
  return places;
}
