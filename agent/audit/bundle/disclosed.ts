/** A disclosed bundle: chosen events, each with the proof that it stands in the log. */
import { open, rm } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import { canonical } from "../canonical.ts";
import { bundleEvents } from "../segments/format.ts";
import { LogReader, type RawEvent } from "../segments/reader.ts";
import { leafHash } from "../tlog/merkle.ts";
import { consistencyProof, type HashSource, inclusionProof } from "../tlog/proofs.ts";
import { consistencyPath, disclosedPath } from "../verify/disclosed.ts";
import { addKeys, addManifest, microseconds } from "./common.ts";
import { cachedHashes } from "./hashes.ts";
import type { BundleRequest, BundleResult } from "./request.ts";
import { linesATurn, newestCheckpoint, type SealLine, sealFiles, sealsOf } from "./seals.ts";
import { type Source, writeTar } from "./writer.ts";

export interface DisclosedRequest extends BundleRequest {
  /** Only events that concern this tenant. */
  tenant?: string | undefined;
  /** Replaces personal data in an event; without it events are shown as they are. */
  replace?: ((event: Record<string, unknown>) => Record<string, unknown>) | undefined;
}

/** @throws RangeError when there is no checkpoint yet, or nothing of that time under it. */
export async function exportDisclosed(request: DisclosedRequest): Promise<BundleResult> {
  const { directory, target, signal, sign, tenant } = request;
  const checkpoint = await newestCheckpoint(directory);
  if (checkpoint === undefined) throw new RangeError("The log has no checkpoint yet.");
  const reader = new LogReader(directory);
  const scratch = `${target}.events`;
  try {
    if (reader.refresh() < checkpoint.size) {
      throw new RangeError("The log is shorter than its checkpoint says; verify it.");
    }
    const hashes = cachedHashes(directory, reader, checkpoint.size);
    const events = await writeEvents(request, reader, hashes, checkpoint.size, scratch);
    const seals = await chosenSeals(directory, request, reader.first, checkpoint.size);
    const consistency = await proofsOf(seals, hashes, checkpoint.size);
    const mtime = Math.floor(Date.now() / 1000);
    const bytes = await writeTar(target, { mtime, signal }, async (writer) => {
      await addKeys(directory, writer);
      await writer.add("checkpoint", Buffer.from(checkpoint.note));
      const lines = seals.map(({ text }) => `${text}\n`).join("");
      if (lines !== "") await writer.add("seals/seals.jsonl", Buffer.from(lines));
      await writer.add(consistencyPath, Buffer.from(consistency));
      await writer.add(disclosedPath, events.source);
      const { first, end } = events;
      const chosen = tenant === undefined ? {} : { tenant };
      await addManifest({ form: "disclosed", first, end, ...chosen }, sign, writer);
    });
    return { bytes, first: events.first, end: events.end, events: events.count };
  } finally {
    reader.close();
    await rm(scratch, { force: true });
  }
}

interface Written {
  source: Source;
  first: number;
  end: number;
  count: number;
}

/** Writes the lines to a file beside the target, since an archive tells sizes first. */
async function writeEvents(
  request: DisclosedRequest,
  reader: LogReader,
  hashes: HashSource,
  size: number,
  scratch: string,
): Promise<Written> {
  const { signal, onProgress, tenant } = request;
  const since = microseconds(request.from, 0);
  const until = microseconds(request.to, Number.POSITIVE_INFINITY);
  const file = await open(scratch, "wx", 0o600);
  const written = { first: reader.first, end: reader.first, count: 0, bytes: 0 };
  try {
    const [start, stop] = segmentsOf(reader, since, until);
    for (let from = start; from < Math.min(size, stop); from += bundleEvents) {
      signal?.throwIfAborted();
      const some = reader.payloads(from, Math.min(bundleEvents, size - from));
      const inTime = some.filter(({ committedAt }) => {
        const time = Number(committedAt);
        return time >= since && time <= until;
      });
      const [head] = inTime;
      if (head !== undefined) {
        if (written.end === reader.first) written.first = head.index;
        written.end = (inTime.at(-1)?.index ?? head.index) + 1;
        const wanted = new Set(
          inTime.filter(({ payload }) => concerns(payload, tenant)).map(({ index }) => index),
        );
        const lines =
          wanted.size === 0 ? [] : linesFor(request, reader, hashes, size, from, wanted);
        for (const line of lines) {
          await file.writeFile(line);
          written.bytes += Buffer.byteLength(line);
          written.count++;
        }
      }
      onProgress?.(Math.min(1, (from + bundleEvents - start) / (Math.min(size, stop) - start)));
      await turn();
    }
  } finally {
    await file.close();
  }
  if (written.end === reader.first) throw new RangeError("The log holds no events of that time.");
  const { first, end, count, bytes } = written;
  return { source: { file: scratch, size: bytes }, first, end, count };
}

/** @returns where the segments begin and end that can hold events of that time. */
function segmentsOf(reader: LogReader, since: number, until: number): [number, number] {
  let [start, stop] = [reader.first, reader.size];
  for (const { first, state, count } of reader.segments()) {
    const [event] = state === "gone" || count === 0 ? [] : reader.payloads(first, 1);
    if (event === undefined) continue;
    if (Number(event.committedAt) <= since) start = first;
    if (Number(event.committedAt) > until) stop = Math.min(stop, first);
  }
  return [start, stop];
}

function concerns(payload: Buffer, tenant: string | undefined): boolean {
  return tenant === undefined || JSON.parse(payload.toString("utf8")).tenant === tenant;
}

function linesFor(
  request: DisclosedRequest,
  reader: LogReader,
  hashes: HashSource,
  size: number,
  from: number,
  wanted: ReadonlySet<number>,
): string[] {
  return reader
    .read(from, bundleEvents)
    .filter(({ index }) => wanted.has(index))
    .map((raw) => lineFor(raw, inclusionProof(hashes, raw.index, size), request.replace));
}

function lineFor(
  { index, payload, salt, previous }: RawEvent,
  hashes: readonly Buffer[],
  replace: DisclosedRequest["replace"],
): string {
  const entry = Buffer.concat([payload, salt, previous]);
  const proof = hashes.map((hash) => hash.toString("base64"));
  if (replace === undefined) {
    return `${canonical({ entry: entry.toString("base64"), index, proof })}\n`;
  }
  const event = replace(JSON.parse(payload.toString("utf8")));
  const leaf = leafHash(Buffer.concat([Buffer.alloc(1), entry])).toString("base64");
  return `${canonical({ event, index, leaf, proof })}\n`;
}

/**
 * Checkpoints of that time that a witness or the TPM signed too: the others say no more than the
 * one that everything is proved against. Those of removed events cannot be proved any more.
 */
async function chosenSeals(
  directory: string,
  { from, to }: DisclosedRequest,
  first: number,
  size: number,
): Promise<SealLine[]> {
  const chosen: SealLine[] = [];
  const [since, until] = [from?.toISOString() ?? "", to?.toISOString() ?? "9"];
  for (const name of await sealFiles(directory)) {
    let looked = 0;
    for (const seal of sealsOf(directory, name)) {
      if (++looked % linesATurn === 0) await turn();
      if (!seal.certified || seal.size > size || seal.size <= first) continue;
      if (seal.time >= since && seal.time <= until) chosen.push(seal);
    }
  }
  return chosen;
}

async function proofsOf(
  seals: readonly SealLine[],
  hashes: HashSource,
  size: number,
): Promise<string> {
  const lines: string[] = [];
  for (const from of new Set(seals.map((seal) => seal.size))) {
    if (from === size) continue;
    const proof = consistencyProof(hashes, from, size).map((hash) => hash.toString("base64"));
    lines.push(`${canonical({ from, proof })}\n`);
    await turn();
  }
  return lines.join("");
}
