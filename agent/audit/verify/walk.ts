/**
 * Goes through the parts of a log in their order: joins their chains, builds the tree, and compares
 * both with the checkpoints.
 */
import { bundleEvents, footerBytes, genesis } from "../segments/format.ts";
import { CompactRange, emptyRoot, hashBytes } from "../tlog/merkle.ts";
import { chainOf } from "./entries.ts";
import type { Tail } from "./event-proof.ts";
import type { Findings } from "./findings.ts";
import type { Mark, SegmentJob, SegmentResult, ToldEvent } from "./job.ts";
import { endOf, type Part, readTombstone, type Tombstone } from "./parts.ts";
import { verifySegments, type Workers } from "./pool.ts";
import type { Wanted } from "./seals.ts";
import { addParts } from "./state.ts";
import type { Tiles } from "./tiles.ts";

export interface WalkOptions {
  parts: readonly Part[];
  /** Checkpoints, rising by size. */
  wanted: Iterable<Wanted>;
  tiles: Tiles;
  /** First event of a bundle; undefined for a directory, which begins with 0. */
  first: number | undefined;
  /** Index behind the last event to look at. */
  end: number;
  torn: "E" | "W";
  /** Bundles whose leaves are wanted. */
  bundles: number[];
  /** Whether the roots of all bundles are kept, for a proof. */
  keepRoots: boolean;
  workers: Workers | undefined;
  signal: AbortSignal | undefined;
  onProgress: ((events: number) => void) | undefined;
}

const genesisChain = chainOf(genesis);

export class Walk {
  /** Index of the event that comes next. */
  next: number;
  readonly told: ToldEvent[] = [];
  readonly tombstones: (Tombstone & { file: string })[] = [];
  readonly leaves = new Map<number, Buffer>();
  readonly roots: Buffer[] = [];
  /** Checkpoints that were compared. */
  compared = 0;
  /** Those before the first event that is there, which nothing can be compared with. */
  skipped = 0;
  /** The largest tree whose root is the signed one, and that of all events where it is known. */
  signed: Tail | undefined;
  all: Tail | undefined;
  readonly #options: WalkOptions;
  readonly #findings: Findings;
  readonly #range = new CompactRange();
  /** False from where the tree cannot be computed on. */
  #treeKnown = true;
  /** Chain values that what comes next may say to go on from; none where anything may. */
  #chains: string[];
  #lastTime = 0;
  /** Index behind what is in closed and removed segments, whose tiles must be there. */
  #closedEnd = 0;
  readonly #wanted: Iterator<Wanted>;
  #ahead: Wanted | undefined;
  #taken: Wanted[] = [];

  constructor(options: WalkOptions, findings: Findings) {
    this.#options = options;
    this.#findings = findings;
    this.#wanted = options.wanted[Symbol.iterator]();
    this.next = options.first ?? 0;
    this.#chains = this.next === 0 ? [genesisChain] : [];
    this.#begin();
  }

  get trees(): { roots: readonly Buffer[]; signed: Tail | undefined; all: Tail | undefined } {
    return { roots: this.roots, signed: this.signed, all: this.all };
  }

  async run(): Promise<void> {
    this.#advance();
    for (const one of this.#take(0))
      this.#compare(one, { size: 0, chain: genesisChain, parts: [] });
    const { workers, signal, onProgress } = this.#options;
    const gone: Part[] = [];
    for await (const result of verifySegments(this.#jobs(gone), workers, signal)) {
      this.#buryUpTo(gone, result.first);
      this.#join(result);
      onProgress?.(this.next);
    }
    this.#buryUpTo(gone, Number.POSITIVE_INFINITY);
    // Whatever checkpoints are left count events that are not there.
    for (let one = this.#ahead; one !== undefined; one = this.#ahead) {
      this.#tellAhead(one);
      this.#advance();
    }
    this.#options.tiles.end(this.#closedEnd / bundleEvents);
  }

  /** A bundle may begin later: what is before is in the tiles. */
  #begin(): void {
    for (let bundle = 0; bundle < this.next / bundleEvents; bundle++) this.#fromTile(bundle);
  }

  *#jobs(gone: Part[]): Generator<SegmentJob> {
    const { parts, torn, end, bundles } = this.#options;
    for (const [i, part] of parts.entries()) {
      if (part.first >= end) return;
      if (part.state === "gone") {
        gone.push(part);
        continue;
      }
      const next = parts[i + 1]?.first ?? Number.POSITIVE_INFINITY;
      const before = parts[i - 1];
      const sizes = this.#takeSizes(next);
      yield {
        file: part.ref,
        closed: part.state === "closed",
        first: part.first,
        alternative: before === undefined || before.state === "gone" ? "" : seemingEnd(before),
        sizes: sizes.filter((size) => size > part.first),
        bundles,
        torn: next === Number.POSITIVE_INFINITY ? torn : "E",
        end,
      };
    }
  }

  #advance(): void {
    const { value, done } = this.#wanted.next();
    this.#ahead = done === true ? undefined : value;
  }

  /** Takes the checkpoints of at most that size from the stream. */
  #takeSizes(most: number): number[] {
    const sizes: number[] = [];
    while (this.#ahead !== undefined && this.#ahead.checkpoint.size <= most) {
      this.#taken.push(this.#ahead);
      if (sizes.at(-1) !== this.#ahead.checkpoint.size) sizes.push(this.#ahead.checkpoint.size);
      this.#advance();
    }
    return sizes;
  }

  /** @returns those that were taken and are of at most that size. */
  #take(most: number): Wanted[] {
    const end = this.#taken.findIndex(({ checkpoint }) => checkpoint.size > most);
    return this.#taken.splice(0, end < 0 ? this.#taken.length : end);
  }

  /** Takes tombstones into account that stand before an index. */
  #buryUpTo(gone: Part[], first: number): void {
    while (gone[0] !== undefined && gone[0].first < first) this.#bury(gone.shift() as Part);
  }

  #bury(part: Part): void {
    const tombstone = readTombstone(part, this.#findings);
    this.#meet(part.first, part.ref.path);
    if (tombstone === undefined) {
      this.#chains = [];
      this.#treeKnown = false;
      return;
    }
    const file = part.ref.path;
    this.tombstones.push({ ...tombstone, file });
    this.#joinChain(latin1(tombstone.chainBefore), file, undefined, part.first);
    this.#chains = [latin1(tombstone.chainAfter)];
    this.next = part.first + tombstone.count;
    for (let b = part.first / bundleEvents; b < this.next / bundleEvents; b++) this.#fromTile(b);
    this.#closedEnd = this.next;
    this.#takeSizes(this.next);
    for (const one of this.#take(this.next)) this.#compareRemoved(one, this.#chains[0] ?? "");
  }

  /** The root of a bundle whose events are not there. */
  #fromTile(bundle: number): void {
    const root = this.#options.tiles.bundleRoot(bundle);
    this.#options.tiles.put(bundle, undefined);
    if (root === undefined) this.#treeKnown = false;
    else this.#append(root);
  }

  #append(root: Buffer): void {
    if (this.#treeKnown) this.#range.append(root, 8);
    if (this.#options.keepRoots) this.roots.push(root);
  }

  /** Only at the end of a bundle is the root of what was removed known. */
  #compareRemoved(one: Wanted, chain: string): void {
    const { size } = one.checkpoint;
    if (size === this.next && this.#treeKnown) this.#compare(one, { size, chain, parts: [] });
    else this.skipped++;
  }

  /** Tells when a part does not begin where the last one ended. */
  #meet(first: number, file: string): void {
    if (first === this.next) return;
    const text =
      first > this.next
        ? `Events ${this.next} to ${first - 1} are missing.`
        : `It begins with event ${first}, inside of what was before.`;
    this.#findings.add({ code: "structure.gap", file, first: Math.min(first, this.next), text });
    this.#chains = [];
    this.#treeKnown = false;
    this.#options.tiles.put(first / bundleEvents - 1, undefined);
    this.next = first;
  }

  #joinChain(before: string, file: string, offset: number | undefined, first: number): void {
    if (this.#chains.length === 0 || before === "" || this.#chains.includes(before)) return;
    const text = "The chain does not go on from where the events before ended.";
    const at = offset === undefined ? {} : { offset };
    this.#findings.add({ code: "chain.link", file, ...at, first, text });
  }

  #join(result: SegmentResult): void {
    const at = this.#options.parts.findIndex((one) => one.first === result.first);
    const file = this.#options.parts[at]?.ref.path ?? "";
    const following = this.#options.parts[at + 1]?.first;
    this.#meet(result.first, file);
    this.#findings.take(result.findings);
    for (const one of this.#take(result.first)) this.#compareRemoved(one, result.before);
    this.#joinChain(result.before, file, 56, result.first);
    this.#chains = result.before === "" ? [] : [result.stored, result.after];
    if (this.#lastTime > 0 && result.firstTime > 0 && result.firstTime < this.#lastTime) {
      const text = "The clock was set back between this segment and the one before.";
      this.#findings.add({ code: "clock.back", file, first: result.first, text });
    }
    this.#lastTime = result.lastTime || this.#lastTime;
    this.told.push(...result.told);
    for (const { bundle, hashes } of result.leaves) this.leaves.set(bundle, Buffer.from(hashes));
    this.#grow(result, following);
    this.next = result.end;
    if (this.#options.parts[at]?.state === "closed" && result.whole) this.#closedEnd = result.end;
    // That its last events cannot be read has been told.
    if (result.whole || following === undefined || following <= result.end) return;
    this.next = following;
    this.#chains = [];
  }

  /** Adds the segment's bundles to the tree, and stops at each checkpoint on the way. */
  #grow(result: SegmentResult, following: number | undefined): void {
    const marks = new Map(result.marks.map((mark) => [mark.size, mark]));
    const roots = Buffer.from(result.roots);
    let bundle = Math.floor(result.first / bundleEvents);
    const firstBundle = bundle;
    const upTo = (most: number) => {
      while (bundle < most && (bundle - firstBundle) * hashBytes < roots.length) {
        const at = (bundle - firstBundle) * hashBytes;
        const root = roots.subarray(at, at + hashBytes);
        this.#options.tiles.put(bundle, root);
        this.#append(root);
        bundle++;
      }
    };
    for (const one of this.#take(result.end)) {
      const { size } = one.checkpoint;
      upTo(Math.ceil(size / bundleEvents) - 1);
      this.#compare(one, marks.get(size));
    }
    upTo(Number.POSITIVE_INFINITY);
    if (!result.whole) this.#treeKnown = false;
    const end = result.whole ? result.end : Math.max(result.end, following ?? 0);
    const whole = Math.floor(end / bundleEvents);
    if (whole > bundle) this.#options.tiles.put(whole - 1, undefined);
    this.next = result.end;
    this.all = this.#treeKnown ? { size: result.end, parts: result.parts } : undefined;
    // Checkpoints of what is missing at the end of the segment.
    for (const one of this.#take(following ?? Number.POSITIVE_INFINITY)) {
      if (following === undefined) this.#tellAhead(one);
      else this.#tellRoot(one, "cannot be computed, since events before it are missing");
    }
  }

  #tellAhead(one: Wanted): void {
    const { size } = one.checkpoint;
    const have = this.next;
    const told = { file: one.file, offset: one.offset, first: have, last: size - 1 };
    const text = `The checkpoint counts ${size} events, and there are ${have}: ${size - have} are missing at the end.`;
    this.#findings.once({ code: one.outside ? "witness.fork" : "checkpoint.ahead", ...told, text });
  }

  #compare(one: Wanted, mark: Mark | undefined): void {
    this.compared++;
    const { checkpoint, chain, file, offset, outside } = one;
    if (mark !== undefined && chain !== undefined && mark.chain !== chain) {
      const text = `The seal of ${checkpoint.size} events has another chain value than the events.`;
      const last = checkpoint.size - 1;
      this.#findings.once({ code: "checkpoint.chain", file, offset, last, text });
    }
    if (!this.#treeKnown || mark?.parts === undefined) {
      this.#tellRoot(one, "cannot be computed, since events before it cannot be read");
      return;
    }
    const range = this.#range.copy();
    addParts(range, mark.parts, checkpoint.size);
    const root = checkpoint.size === 0 ? emptyRoot : range.root();
    if (!root.equals(checkpoint.root)) this.#tellRoot(one, "is not the one that was signed");
    else if (!outside) this.signed = { size: checkpoint.size, parts: mark.parts };
  }

  #tellRoot(one: Wanted, why: string): void {
    const { checkpoint, file, offset, outside } = one;
    const text = outside
      ? `The tree of the first ${checkpoint.size} events ${why}: this log is not the one that the checkpoint was made of.`
      : `The root of the tree of the first ${checkpoint.size} events ${why}.`;
    const last = checkpoint.size - 1;
    const code = outside ? "witness.fork" : "tree.root";
    this.#findings.once({ code, file, offset, last, text });
  }
}

function latin1(hex: string): string {
  return Buffer.from(hex, "hex").toString("latin1");
}

function seemingEnd(part: Part): string {
  // The last bytes of a closed segment's directory are the chain value of its last bundle.
  return endOf(part, part.state === "closed" ? footerBytes : 0);
}
