/** A closed segment: a compressed block for each bundle, and a directory that agrees with it. */
import { inflateRawSync } from "node:zlib";
import {
  bundleEvents,
  chainBytes,
  directoryEntryBytes,
  endMagic,
  footerBytes,
  frameHeaderBytes,
  lengthBytes,
  maximumPayload,
  segmentEvents,
  segmentHeaderBytes,
} from "../segments/format.ts";
import { hashBytes } from "../tlog/merkle.ts";
import { type Chain, chainOf, workspace } from "./entries.ts";
import type { OpenFile } from "./files.ts";
import { finding } from "./findings.ts";
import type { SegmentJob } from "./job.ts";
import type { SegmentState, Unit } from "./state.ts";

/** A bundle of 256 frames with one largest event each. */
const mostPlain = bundleEvents * (frameHeaderBytes + lengthBytes + maximumPayload);

interface Block {
  offset: number;
  packed: number;
  plain: number;
  root: Buffer;
  chain: Chain;
}

export function verifyClosed(file: OpenFile, job: SegmentJob, state: SegmentState): void {
  const blocks = readDirectory(file, job.first);
  const path = job.file.path;
  if (blocks === undefined) {
    const text = "Directory or footer of the closed segment cannot be right.";
    state.findings.push(finding({ code: "structure.segment", file: path, text }));
    state.whole = false;
    return;
  }
  for (const [k, block] of blocks.entries()) {
    const first = job.first + k * bundleEvents;
    if (first >= job.end) return;
    const bytes = inWorkspace(unpack(file, block));
    const unit = bytes && framesOf(bytes, first, block.offset, state);
    if (bytes === undefined || unit === undefined) {
      const text =
        bytes === undefined
          ? "The block of these events cannot be unpacked to its size."
          : "The header of a frame, or a length in it, cannot be right.";
      const [offset, last] = [block.offset, first + bundleEvents - 1];
      state.findings.push(
        finding({ code: "structure.frame", file: path, offset, first, last, text }),
      );
      state.resume(first + bundleEvents, block.chain);
      continue;
    }
    state.unit(bytes, unit, block.chain, block.offset);
    if (state.whole && state.lastRoot?.equals(block.root) === false) {
      const text = "The segment's directory has another root for these events.";
      const [offset, last] = [block.offset, first + bundleEvents - 1];
      state.findings.push(finding({ code: "tree.tile", file: path, offset, first, last, text }));
    }
  }
}

/** @returns undefined for one that cannot be right. */
function readDirectory(file: OpenFile, first: number): Block[] | undefined {
  const footer = file.bytes(Math.max(0, file.size - footerBytes), footerBytes);
  if (footer.length < footerBytes || footer.toString("latin1", 16) !== endMagic) return undefined;
  const start = Number(footer.readBigUInt64BE(0));
  const count = Number(footer.readBigUInt64BE(8));
  const most = (segmentEvents - (first % segmentEvents)) / bundleEvents;
  if (!(count >= 1 && count <= most)) return undefined;
  if (start + count * directoryEntryBytes + footerBytes !== file.size) return undefined;
  const bytes = file.bytes(start, count * directoryEntryBytes);
  const blocks: Block[] = [];
  let offset = segmentHeaderBytes;
  for (let at = 0; at < bytes.length; at += directoryEntryBytes) {
    const block = {
      offset: Number(bytes.readBigUInt64BE(at)),
      packed: bytes.readUInt32BE(at + 8),
      plain: bytes.readUInt32BE(at + 12),
      root: bytes.subarray(at + 16, at + 16 + hashBytes),
      chain: chainOf(bytes.subarray(at + 16 + hashBytes, at + 16 + hashBytes + chainBytes)),
    };
    if (block.offset !== offset || block.plain > mostPlain) return undefined;
    offset += block.packed;
    blocks.push(block);
  }
  return offset === start ? blocks : undefined;
}

function unpack(file: OpenFile, { offset, packed, plain }: Block): Buffer | undefined {
  if (plain === 0) return undefined;
  try {
    const options = { maxOutputLength: plain, info: true };
    const unpacked = inflateRawSync(file.bytes(offset, packed), options) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    // Bytes behind the end of the compressed data would belong to nothing.
    if (unpacked.engine.bytesWritten !== packed) return undefined;
    return unpacked.buffer.length === plain ? unpacked.buffer : undefined;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code.startsWith("Z_") || code === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw error;
  }
}

function inWorkspace(bytes: Buffer | undefined): Buffer | undefined {
  if (bytes === undefined) return undefined;
  const room = workspace(bytes.length);
  bytes.copy(room);
  return room;
}

/** @returns the frames of a bundle; undefined when they are not what fills it. */
function framesOf(
  bytes: Buffer,
  first: number,
  offset: number,
  state: SegmentState,
): Unit | undefined {
  const frames: Unit["frames"] = [];
  let at = 0;
  let next = first;
  while (at < bytes.length) {
    const frame = state.frame(bytes, at, offset, next);
    if (frame === undefined) return undefined;
    frames.push(frame);
    at += frameHeaderBytes + bytes.readUInt32BE(at + 4);
    next += frame.count;
  }
  return next === first + bundleEvents ? { first, count: bundleEvents, frames } : undefined;
}
