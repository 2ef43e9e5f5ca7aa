/** A bundle's files against its signed manifest. */
import { createHash } from "node:crypto";
import { type Manifest, manifestPath, parseManifest } from "../bundle/manifest.ts";
import { isSignature, NoteError, parseNote, signaturesOf } from "../tlog/note.ts";
import { type FileRef, OpenFile, readWhole } from "./files.ts";
import type { Findings } from "./findings.ts";
import type { LogKeys } from "./keys.ts";

const mostBytes = 16 << 20;
const chunkBytes = 1 << 20;

/** @returns undefined for one that cannot be read; that is told. */
export function readManifest(ref: FileRef, findings: Findings): Manifest | undefined {
  try {
    return parseManifest(readWhole(ref, mostBytes)).manifest;
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    findings.add({ code: "manifest.form", file: ref.path, text: error.message });
    return undefined;
  }
}

/** Any of the log's keys may have signed: a bundle can be made long after what it holds. */
export function checkManifestSignature(ref: FileRef, keys: LogKeys, findings: Findings): void {
  const note = parseNote(readWhole(ref, mostBytes));
  const own = keys.all.flatMap((key) =>
    signaturesOf(note, key).map(({ bytes }) => isSignature(note.text, bytes, key)),
  );
  if (own.length > 0 && own.every(Boolean)) return;
  const text = "The manifest is not signed by the log's key.";
  findings.add({ code: "manifest.signature", file: manifestPath, text });
}

export function checkFiles(
  files: ReadonlyMap<string, FileRef>,
  manifest: Manifest,
  findings: Findings,
): void {
  for (const [path, digest] of Object.entries(manifest.files)) {
    const ref = files.get(path);
    if (ref !== undefined && digestOf(ref) === digest) continue;
    const text =
      ref === undefined
        ? "The file is in the manifest and not in the bundle."
        : "The file is not the one of which the manifest has the hash.";
    findings.add({ code: "manifest.file", file: path, text });
  }
  for (const path of files.keys()) {
    if (path === manifestPath || Object.hasOwn(manifest.files, path)) continue;
    const text = "The file is in the bundle and not in its manifest.";
    findings.add({ code: "manifest.file", file: path, text });
  }
}

function digestOf(ref: FileRef): string {
  const digest = createHash("sha256");
  const file = new OpenFile(ref);
  try {
    for (let position = 0; position < ref.size; position += chunkBytes) {
      digest.update(file.bytes(position, chunkBytes));
    }
  } finally {
    file.close();
  }
  return digest.digest("hex");
}
