/** A disclosed bundle: single events, each with its proof that it stands in the tree. */
import type { Manifest } from "../bundle/manifest.ts";
import { canonical } from "../canonical.ts";
import { chainBytes, saltBytes } from "../segments/format.ts";
import { fromBase64 } from "../tlog/base64.ts";
import type { Checkpoint } from "../tlog/checkpoint.ts";
import { leafHash } from "../tlog/merkle.ts";
import { isConsistent, isIncluded } from "../tlog/proofs.ts";
import { type FileRef, linesOf } from "./files.ts";
import type { Findings } from "./findings.ts";
import { isEvent } from "./payload.ts";
import type { Wanted } from "./seals.ts";

const longestLine = 1 << 20;
export const disclosedPath = "disclosed.jsonl";
export const consistencyPath = "consistency.jsonl";

export interface Disclosed {
  /** Events with their own bytes. */
  whole: number;
  /** Events in which personal data was replaced. */
  replaced: number;
}

interface Row {
  index: number;
  proof: Buffer[];
  entry: Buffer | undefined;
  leaf: Buffer | undefined;
  event: unknown;
}

export function checkDisclosed(
  ref: FileRef | undefined,
  checkpoint: Checkpoint,
  manifest: Manifest,
  findings: Findings,
): Disclosed {
  const counts = { whole: 0, replaced: 0 };
  if (ref === undefined) return counts;
  let previous: { index: number; entry: Buffer | undefined } = { index: -1, entry: undefined };
  for (const { line, offset, ended } of linesOf(ref, longestLine)) {
    const row = ended ? parseRow(line) : undefined;
    const file = ref.path;
    const { index = previous.index } = row ?? {};
    const place = { file, offset, first: index, last: index };
    if (row === undefined || index <= previous.index) {
      const text = "This line is no event with a proof, or not in its order.";
      findings.add({ code: "manifest.form", file, offset, text });
      continue;
    }
    if (index < manifest.first || index >= manifest.end) {
      const text = "The event is outside of the range that the manifest tells.";
      findings.add({ code: "manifest.form", ...place, text });
    }
    const leaf = row.entry === undefined ? row.leaf : leafOf(row.entry);
    const proved =
      leaf !== undefined && isIncluded(leaf, index, checkpoint.size, row.proof, checkpoint.root);
    if (!proved) {
      const text = `The proof of event ${index} does not lead to the root of the checkpoint.`;
      findings.add({ code: "proof.inclusion", ...place, text });
    } else if (row.entry !== undefined) {
      const payload = row.entry.subarray(0, row.entry.length - saltBytes - chainBytes);
      if (!isEvent(payload, 0, payload.length)) {
        const text = "The event is not a JSON object in canonical form with a time.";
        findings.add({ code: "entry.form", ...place, text });
      }
    }
    if (row.entry === undefined) counts.replaced++;
    else counts.whole++;
    previous = { index, entry: row.entry };
  }
  return counts;
}

function leafOf(entry: Buffer): Buffer {
  return leafHash(Buffer.concat([Buffer.alloc(1), entry]));
}

/** @returns undefined for what is no line of the form. */
function parseRow(line: Buffer): Row | undefined {
  const value = parsedLine(line);
  const { index, proof, entry, leaf, event, ...others } = value ?? {};
  const hashes = proofOf(proof);
  if (hashes === undefined || !isIndex(index) || Object.keys(others).length > 0) return undefined;
  const entryBytes = typeof entry === "string" ? fromBase64(entry) : undefined;
  const leafBytes = typeof leaf === "string" ? fromBase64(leaf) : undefined;
  const isWhole = entryBytes !== undefined && leaf === undefined && event === undefined;
  const isReplaced = leafBytes !== undefined && entry === undefined && event !== undefined;
  if (isWhole && entryBytes.length < saltBytes + chainBytes + 2) return undefined;
  if (isReplaced && leafBytes.length !== 32) return undefined;
  if (!isWhole && !isReplaced) return undefined;
  return { index, proof: hashes, entry: entryBytes, leaf: leafBytes, event };
}

function parsedLine(line: Buffer): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(line.toString("utf8"));
    if (typeof value !== "object" || value === null) return undefined;
    return Buffer.from(canonical(value)).equals(line) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function proofOf(value: unknown): Buffer[] | undefined {
  if (!Array.isArray(value) || value.length > 64) return undefined;
  const hashes = value.map((text) => (typeof text === "string" ? fromBase64(text) : undefined));
  return hashes.every((hash) => hash?.length === 32) ? (hashes as Buffer[]) : undefined;
}

/** Each checkpoint is the beginning of the one that everything is proved against. */
export function checkConsistency(
  ref: FileRef | undefined,
  seals: Iterable<Wanted>,
  checkpoint: Checkpoint,
  findings: Findings,
): number {
  const proofs = ref === undefined ? new Map<number, Buffer[]>() : readProofs(ref, findings);
  let compared = 0;
  for (const { checkpoint: older, file, offset } of seals) {
    const { size } = older;
    const place = { file, offset, last: size - 1 };
    if (size > checkpoint.size) {
      const text = `This checkpoint counts ${size} events, more than the one that the bundle is proved against.`;
      findings.add({ code: "checkpoint.ahead", ...place, text });
      continue;
    }
    compared++;
    const known = size === 0 || size === checkpoint.size ? [] : proofs.get(size);
    if (known !== undefined && isConsistent(older, checkpoint, known)) continue;
    const text = `It is not proved that the checkpoint of ${size} events is the beginning of that of ${checkpoint.size}.`;
    findings.add({ code: "proof.consistency", ...place, text });
  }
  return compared;
}

function readProofs(ref: FileRef, findings: Findings): Map<number, Buffer[]> {
  const proofs = new Map<number, Buffer[]>();
  for (const { line, offset, ended } of linesOf(ref, longestLine)) {
    const { from, proof, ...others } = (ended ? parsedLine(line) : undefined) ?? {};
    const hashes = proofOf(proof);
    if (hashes !== undefined && isIndex(from) && Object.keys(others).length === 0) {
      proofs.set(from, hashes);
      continue;
    }
    const text = "This line is no proof of consistency.";
    findings.add({ code: "manifest.form", file: ref.path, offset, text });
  }
  return proofs;
}
