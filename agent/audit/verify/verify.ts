/**
 * Verifies a log: a directory, in use or copied, or a bundle. Whoever runs it need trust nobody on
 * the node, if they give keys that they know.
 */
import type { X509Certificate } from "node:crypto";
import { statSync } from "node:fs";
import type { Manifest } from "../bundle/manifest.ts";
import { manifestPath } from "../bundle/manifest.ts";
import { filesOfTar, TarError } from "../bundle/tar.ts";
import { bundleEvents } from "../segments/format.ts";
import { parseCheckpoint } from "../tlog/checkpoint.ts";
import { type Note, NoteError, parseNote, type VerifierKey } from "../tlog/note.ts";
import { checksOf } from "./checks.ts";
import { checkConsistency, checkDisclosed, consistencyPath, disclosedPath } from "./disclosed.ts";
import { eventProof } from "./event-proof.ts";
import { type FileRef, filesOfDirectory, readWhole } from "./files.ts";
import { Findings } from "./findings.ts";
import { LogKeys } from "./keys.ts";
import { checkFiles, checkManifestSignature, readManifest } from "./manifest.ts";
import { checkTombstones, partsOf } from "./parts.ts";
import type { Workers } from "./pool.ts";
import type { EventProof, Report } from "./report.ts";
import { Seals, type Wanted } from "./seals.ts";
import { Tiles } from "./tiles.ts";
import { Tpms } from "./tpm.ts";
import { Walk } from "./walk.ts";
import { Witnesses } from "./witnesses.ts";

/** What the person knows from elsewhere. */
export interface Trust {
  key?: VerifierKey | undefined;
  witnesses: readonly VerifierKey[];
  tpmRoots: readonly X509Certificate[];
  /** Checkpoints that were kept elsewhere. */
  checkpoints: readonly { name: string; note: Note }[];
}

export const noTrust: Trust = { witnesses: [], tpmRoots: [], checkpoints: [] };

export interface VerifyOptions {
  trust: Trust;
  /** Index of an event whose proof is wanted. */
  event?: number | undefined;
  /** Number of events to look at, in a log that is being written. */
  end?: number | undefined;
  workers?: Workers | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((events: number) => void) | undefined;
}

const mostCheckpoint = 1 << 20;

/** @throws Error of the file system; AbortError. */
export async function verifyLog(path: string, options: VerifyOptions): Promise<Report> {
  const findings = new Findings();
  const status = statSync(path);
  let files: Map<string, FileRef>;
  try {
    files = status.isDirectory() ? filesOfDirectory(path) : filesOfTar(path, status.size);
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
    const { message: text, offset } = error;
    findings.add({ code: "manifest.form", file: "", offset, text });
    return brokenBundle(findings);
  }
  const ref = files.get(manifestPath);
  if (ref === undefined && status.isDirectory()) {
    return await new Verification(files, undefined, options, findings).whole();
  }
  const manifest = ref === undefined ? undefined : readManifest(ref, findings);
  if (ref === undefined) {
    const text = "The archive has no manifest.";
    findings.add({ code: "manifest.form", file: manifestPath, text });
  }
  if (ref === undefined || manifest === undefined) return brokenBundle(findings);
  const verification = new Verification(files, manifest, options, findings);
  verification.checkManifest(ref, manifest);
  if (manifest.form === "whole") return await verification.whole();
  return verification.disclosed(manifest);
}

/** Without a manifest nothing says what the bundle is. */
function brokenBundle(findings: Findings): Report {
  return {
    intact: findings.intact,
    form: "bundle",
    events: { first: 0, end: 0 },
    checkpoints: 0,
    findings: findings.list(),
    checks: [{ name: "manifest", state: "failed", text: "The bundle cannot be read." }],
  };
}

class Verification {
  readonly #files: ReadonlyMap<string, FileRef>;
  readonly #manifest: Manifest | undefined;
  readonly #options: VerifyOptions;
  readonly #findings: Findings;
  readonly #keys: LogKeys;
  readonly #witnesses: Witnesses;
  readonly #tpms: Tpms;
  readonly #seals: Seals;

  constructor(
    files: ReadonlyMap<string, FileRef>,
    manifest: Manifest | undefined,
    options: VerifyOptions,
    findings: Findings,
  ) {
    this.#files = files;
    this.#manifest = manifest;
    this.#options = options;
    this.#findings = findings;
    const { key, witnesses, tpmRoots } = options.trust;
    this.#keys = new LogKeys(files.get("log.json"), key, findings);
    this.#witnesses = new Witnesses(witnesses, files.get("witnesses"), findings);
    this.#tpms = new Tpms(files, tpmRoots, findings);
    this.#seals = new Seals(this.#keys, this.#witnesses, this.#tpms, findings);
  }

  checkManifest(ref: FileRef, manifest: Manifest): void {
    checkManifestSignature(ref, this.#keys, this.#findings);
    checkFiles(this.#files, manifest, this.#findings);
  }

  async whole(): Promise<Report> {
    const findings = this.#findings;
    const { end = Number.POSITIVE_INFINITY, event, workers, signal, onProgress } = this.#options;
    const tiles = new Tiles(this.#files, findings);
    const parts = partsOf(this.#files, findings);
    const first = this.#manifest?.first;
    const extra = [...this.#newest(), ...this.#outside()];
    const walk = new Walk(
      {
        parts,
        wanted: merged(this.#readSeals(), extra, end),
        tiles,
        first: this.#manifest === undefined ? undefined : first,
        end,
        torn: this.#manifest === undefined ? "W" : "E",
        bundles: event === undefined ? [] : [Math.floor(event / bundleEvents)],
        keepRoots: event !== undefined,
        workers,
        signal,
        onProgress,
      },
      findings,
    );
    await walk.run();
    const there = parts.find(({ state }) => state !== "gone")?.first ?? walk.next;
    const log = { told: walk.told, first: there, end: walk.next };
    this.#keys.checkChanges(walk.told, there, findings);
    checkTombstones(walk.tombstones, walk.told, findings);
    this.#checkRange(walk.next);
    this.#tellCheckpoints(walk.next, walk.signed?.size ?? 0);
    this.#tpms.checkEvents(log);
    const events = { first: there, end: walk.next };
    const leaves =
      event === undefined ? undefined : walk.leaves.get(Math.floor(event / bundleEvents));
    const proof =
      event === undefined || leaves === undefined
        ? undefined
        : eventProof(event, { ...walk.trees, leaves });
    return this.#report(events, { skipped: walk.skipped }, proof);
  }

  disclosed(manifest: Manifest): Report {
    const findings = this.#findings;
    const events = { first: manifest.first, end: manifest.end };
    const against = this.#newest()[0];
    if (against === undefined) {
      const text = "There is no valid checkpoint that the events could be proved against.";
      findings.add({ code: "proof.inclusion", file: "checkpoint", text });
      return this.#report(events, {}, undefined);
    }
    const { checkpoint } = against;
    const wanted = merged(this.#readSeals(), this.#outside(), Infinity);
    checkConsistency(this.#files.get(consistencyPath), wanted, checkpoint, findings);
    const counts = checkDisclosed(this.#files.get(disclosedPath), checkpoint, manifest, findings);
    this.#witnesses.tellNone("checkpoint");
    return this.#report(events, { disclosed: counts }, undefined);
  }

  #readSeals(): Generator<Wanted> {
    const files = [...this.#files.values()]
      .filter(({ path }) => /^seals\/[^/]+\.jsonl$/.test(path))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    return this.#seals.read(files, this.#manifest === undefined);
  }

  /** The file `checkpoint`, if it can be read and is signed. */
  #newest(): Wanted[] {
    const ref = this.#files.get("checkpoint");
    if (ref === undefined) return [];
    try {
      const note = parseNote(readWhole(ref, mostCheckpoint));
      const checkpoint = parseCheckpoint(note.text);
      if (!this.#seals.signed(note, ref.path, 0)) return [];
      this.#witnesses.note(note, checkpoint, ref.path, 0);
      return [wantedOf(checkpoint, ref.path, false)];
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      this.#findings.add({ code: "checkpoint.form", file: ref.path, text: error.message });
      return [];
    }
  }

  /** Checkpoints that the person kept. Of another log they are a fork, too. */
  #outside(): Wanted[] {
    return this.#options.trust.checkpoints.flatMap(({ name, note }) => {
      const checkpoint = parseCheckpoint(note.text);
      const origins = this.#keys.all.map((key) => key.name);
      if (origins.length > 0 && !origins.includes(checkpoint.origin)) {
        const text = `The checkpoint is of the log ${checkpoint.origin}, and this log is ${origins[0]}.`;
        this.#findings.add({ code: "witness.fork", file: name, text });
        return [];
      }
      this.#witnesses.note(note, checkpoint, name, 0);
      return [wantedOf(checkpoint, name, true)];
    });
  }

  #checkRange(end: number): void {
    const manifest = this.#manifest;
    if (manifest === undefined || manifest.end === end) return;
    const text = `The manifest tells of events up to ${manifest.end - 1}, and there are those up to ${end - 1}.`;
    this.#findings.add({ code: "manifest.form", file: manifestPath, text });
  }

  #tellCheckpoints(end: number, covered: number): void {
    if (this.#seals.count === 0 && covered === 0) {
      const text = "There is no valid checkpoint: nothing signed says what this log must hold.";
      this.#findings.add({ code: "checkpoint.none", file: "seals", text });
    } else if (covered < end && this.#findings.clean("tree.root")) {
      const text = `The last ${end - covered} events are under no signature yet.`;
      this.#findings.add({
        code: "checkpoint.tail",
        file: "log",
        first: covered,
        last: end - 1,
        text,
      });
    }
    if (end > 0) this.#witnesses.tellNone("seals");
  }

  #report(
    events: Report["events"],
    told: { skipped?: number; disclosed?: { whole: number; replaced: number } },
    proof: EventProof | undefined,
  ): Report {
    const form = this.#manifest?.form ?? "directory";
    const checks = checksOf({
      findings: this.#findings,
      form,
      events,
      seals: this.#seals,
      witnesses: this.#witnesses,
      trustedKey: this.#keys.isTrusted,
      tpms: this.#tpms,
      skipped: told.skipped ?? 0,
      disclosed: told.disclosed,
    });
    return {
      intact: this.#findings.intact,
      form,
      events,
      checkpoints: this.#seals.count,
      findings: this.#findings.list(),
      checks,
      ...(proof === undefined ? {} : { proof }),
    };
  }
}

function wantedOf(checkpoint: Wanted["checkpoint"], file: string, outside: boolean): Wanted {
  return { checkpoint, chain: undefined, time: "", file, offset: 0, outside };
}

/** Checkpoints from both, rising by size, up to that of so many events. */
function* merged(
  seals: Iterable<Wanted>,
  extra: readonly Wanted[],
  most: number,
): Generator<Wanted> {
  const rest = extra
    .filter(({ checkpoint }) => checkpoint.size <= most)
    .sort((a, b) => a.checkpoint.size - b.checkpoint.size);
  for (const seal of seals) {
    while (rest[0] !== undefined && rest[0].checkpoint.size <= seal.checkpoint.size) {
      yield rest.shift() as Wanted;
    }
    if (seal.checkpoint.size <= most) yield seal;
  }
  yield* rest;
}
