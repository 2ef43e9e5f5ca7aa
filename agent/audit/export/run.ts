/** Writes one export, in a thread of its own. */
import { type FileHandle, open } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import { exportDisclosed } from "../bundle/disclosed.ts";
import { type Manifest, signManifest } from "../bundle/manifest.ts";
import type { BundleRequest, BundleResult } from "../bundle/request.ts";
import { exportTiles } from "../bundle/tiles.ts";
import { exportWhole } from "../bundle/whole.ts";
import { canonical } from "../canonical.ts";
import { sha3Hex } from "../digest.ts";
import type { AuditEntry } from "../entry.ts";
import { decodeEvent } from "../event.ts";
import { readLogKey } from "../seal/key.ts";
import { bundleEvents } from "../segments/format.ts";
import { LogReader } from "../segments/reader.ts";
import { ecsDocument } from "./ecs.ts";
import { Pseudonyms } from "./pseudonyms.ts";
import type { ExportSpec } from "./spec.ts";

export interface ExportSettings {
  task: "export";
  directory: string;
  /** File to be written; it must not be there. */
  target: string;
  spec: ExportSpec;
}

export type ExportMessage =
  | { kind: "progress"; part: number }
  | { kind: "done"; result: BundleResult }
  /** `known`: the sentence is for the person who asked. */
  | { kind: "failed"; error: string; known: boolean; code: string };

export async function runExport(settings: ExportSettings): Promise<void> {
  const say = (message: ExportMessage) => parentPort?.postMessage(message);
  try {
    const result = await write(settings, (part) => say({ kind: "progress", part }));
    say({ kind: "done", result });
  } catch (error) {
    const known = error instanceof RangeError;
    const text = error instanceof Error ? (known ? error.message : `${error.stack}`) : `${error}`;
    const code = String((error as NodeJS.ErrnoException).code ?? "");
    say({ kind: "failed", error: text, known, code });
  }
}

async function write(
  { directory, target, spec }: ExportSettings,
  onProgress: (part: number) => void,
): Promise<BundleResult> {
  const { form, tenant } = spec;
  const pseudonyms = spec.pseudonyms ? Pseudonyms.ofLog(directory) : undefined;
  const from = spec.from === undefined ? undefined : new Date(spec.from);
  const to = spec.to === undefined ? undefined : new Date(spec.to);
  if (form === "ecs") return writeDocuments({ directory, target, spec, onProgress }, pseudonyms);
  const { key, privateKey } = await readLogKey(directory);
  const sign = (manifest: Manifest) => signManifest(manifest, key, privateKey);
  const request: BundleRequest = { directory, target, sign, from, to, onProgress };
  if (form === "tiles") return exportTiles(request);
  if (form === "whole") return exportWhole(request);
  const replace = pseudonyms && ((event: Record<string, unknown>) => replaced(event, pseudonyms));
  return exportDisclosed({ ...request, tenant, replace });
}

function replaced(event: Record<string, unknown>, pseudonyms: Pseudonyms) {
  const { sequence, ...rest } = pseudonyms.entry({ sequence: 0, ...event } as AuditEntry);
  return rest;
}

interface DocumentsRequest {
  directory: string;
  target: string;
  spec: ExportSpec;
  onProgress: (part: number) => void;
}

/** One document of the Elastic Common Schema a line. */
async function writeDocuments(
  { directory, target, spec, onProgress }: DocumentsRequest,
  pseudonyms: Pseudonyms | undefined,
): Promise<BundleResult> {
  const reader = new LogReader(directory);
  const result: BundleResult = { bytes: 0, first: 0, end: 0, events: 0 };
  let file: FileHandle | undefined;
  try {
    const size = reader.refresh();
    const { first } = reader;
    file = await open(target, "wx", 0o600);
    for (let at = first; at < size; at += bundleEvents) {
      const lines: string[] = [];
      for (const raw of reader.read(at, Math.min(bundleEvents, size - at))) {
        const original = decodeEvent(raw.payload, raw.index);
        if (!chosen(original, spec)) continue;
        const entry = pseudonyms?.entry(original) ?? original;
        const { sequence, ...event } = entry;
        const payload = pseudonyms === undefined ? raw.payload.toString("utf8") : canonical(event);
        const hash = sha3Hex(Buffer.concat([raw.payload, raw.salt, raw.previous]));
        lines.push(`${JSON.stringify(ecsDocument({ entry, payload, hash }))}\n`);
        if (result.events === 0) result.first = raw.index;
        result.end = raw.index + 1;
        result.events += 1;
      }
      const text = lines.join("");
      if (text !== "") await file.writeFile(text);
      result.bytes += Buffer.byteLength(text);
      onProgress(Math.min(1, (at + bundleEvents - first) / (size - first)));
      await turn();
    }
    await file.sync();
    return result;
  } finally {
    await file?.close();
    reader.close();
  }
}

function chosen({ time, tenant }: AuditEntry, { from = "", to, tenant: wanted }: ExportSpec) {
  return (
    time >= from && (to === undefined || time <= to) && (wanted === undefined || tenant === wanted)
  );
}
