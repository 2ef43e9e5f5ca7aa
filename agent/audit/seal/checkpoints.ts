/** The log's checkpoints: made one after the other, never one that contradicts an earlier one. */
import { join } from "node:path";
import {
  type Checkpoint,
  checkpointText,
  parseCheckpoint,
  signCheckpoint,
} from "../tlog/checkpoint.ts";
import { NoteError, openNote, parseNote } from "../tlog/note.ts";
import { replaceFile } from "./files.ts";
import { type LogKey, openLogKey, readIfThere } from "./key.ts";
import { rootAt } from "./root-at.ts";
import { type Seal, SealsFile, type Tail } from "./seals-file.ts";
import { type Sealed, type SealedLog, self } from "./types.ts";

/** Checkpoints to which witnesses can still sign: those of an hour and more. */
const remembered = 1_000;

/** The log is not what was signed before; nothing more is signed. */
export class ForkedLog extends Error {}

export interface Opened {
  key: LogKey;
  /** Last line of seals with `tpm`. */
  lastTpm: Seal | undefined;
}

export class Checkpoints {
  readonly #log: SealedLog;
  readonly #directory: string;
  readonly #node: string;
  readonly #file: SealsFile;
  #key: LogKey | undefined;
  /** Of the last line of seals; undefined before the first. */
  #last: { size: number; root: Buffer; time: string } | undefined;
  /** False until the log was compared with what was signed before this start. */
  #compared = false;
  #newest = "";
  /** What was cut off and is not on record yet. */
  #cut: Tail["cut"];
  readonly #recent = new Map<string, Sealed>();

  constructor(log: SealedLog, directory: string, node: string) {
    this.#log = log;
    this.#directory = directory;
    this.#node = node;
    this.#file = new SealsFile(directory);
  }

  /** The newest checkpoint with its signatures; empty before the first. */
  get newest(): string {
    return this.#newest;
  }

  get last(): { size: number; time: string } | undefined {
    return this.#last;
  }

  /** Loads what there is; makes the key at the very first start. May be tried again. */
  async open(): Promise<Opened> {
    const tail = await this.#file.open();
    this.#cut ??= tail.cut;
    if (this.#cut !== undefined) {
      await this.#log.append({ ...self, action: "audit.SealsRepaired", details: this.#cut });
      this.#cut = undefined;
    }
    const key = await openLogKey(this.#directory, this.#node, this.#log);
    const published = await readIfThere(join(this.#directory, "checkpoint"));
    if (tail.last !== undefined) {
      const { size, root } = parseCheckpoint(parseNote(tail.last.checkpoint).text);
      this.#last = { size, root, time: tail.last.time };
    }
    if (published !== undefined) this.#takeUp(published, key);
    this.#key = key;
    return { key, lastTpm: tail.lastTpm };
  }

  /** The file `checkpoint` comes after the line of seals, so it is never ahead of it. */
  #takeUp(published: string, key: LogKey): void {
    let checkpoint: Checkpoint;
    try {
      const { text } = parseNote(published);
      checkpoint = parseCheckpoint(text);
      // What an earlier key signed says nothing here.
      if (checkpoint.size > key.from || key.count === 1) openNote(published, key.key);
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      return; // the next checkpoint takes its place; the lines of seals tell the story
    }
    if (checkpoint.size > (this.#last?.size ?? 0))
      throw new ForkedLog(
        `A checkpoint of ${checkpoint.size} events was published, and the newest line in seals/ has ${this.#last?.size ?? 0}.`,
      );
    this.#newest = published;
  }

  /**
   * @returns undefined when there is nothing new
   * @throws ForkedLog, or what the file system says
   */
  async seal(): Promise<Sealed | undefined> {
    const key = this.#key;
    if (key === undefined) throw new Error("the log's key is not open");
    const head = await this.#log.head();
    this.#requireContinued(head);
    if (head.size === (this.#last?.size ?? 0)) return undefined;
    const checkpoint = { origin: key.origin, size: head.size, root: head.root };
    const note = signCheckpoint(checkpoint, key.key, key.privateKey);
    const time = new Date().toISOString();
    const chain = head.chain.toString("hex");
    await this.#file.append({ checkpoint: note, time, chain });
    this.#last = { size: head.size, root: head.root, time };
    const sealed = { text: checkpointText(checkpoint), note, size: head.size, chain, time };
    this.#remember(sealed);
    await replaceFile(join(this.#directory, "checkpoint"), note);
    this.#newest = note;
    return sealed;
  }

  /** Nothing is signed that would contradict what was signed before. */
  #requireContinued(head: { size: number; root: Buffer }): void {
    const last = this.#last;
    if (last === undefined) return;
    if (head.size < last.size)
      throw new ForkedLog(
        `The log has ${head.size} events, and its last checkpoint counts ${last.size}: events are missing at its end.`,
      );
    let root: Buffer | undefined;
    if (head.size === last.size) root = head.root;
    else if (!this.#compared) root = rootAt(this.#directory, last.size);
    if (root !== undefined && !root.equals(last.root))
      throw new ForkedLog(
        `The first ${last.size} events of the log are not those that its last checkpoint signed.`,
      );
    this.#compared = true;
  }

  #remember(sealed: Sealed): void {
    this.#recent.set(sealed.text, sealed);
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > remembered && oldest !== undefined) this.#recent.delete(oldest);
  }

  /** Adds a line, for what the TPM signed. */
  async append(seal: Seal): Promise<void> {
    await this.#file.append(seal);
  }

  /** @param lines signature lines of witnesses with their newlines */
  async addCosignatures(text: string, lines: readonly string[]): Promise<void> {
    const sealed = this.#recent.get(text);
    if (sealed === undefined) throw new Error("the checkpoint that was cosigned is not known");
    const checkpoint = sealed.note + lines.join("");
    parseNote(checkpoint);
    const time = new Date().toISOString();
    await this.#file.append({ checkpoint, time, chain: sealed.chain });
    if (sealed.size !== this.#last?.size) return;
    const newest = this.#newest + lines.join("");
    await replaceFile(join(this.#directory, "checkpoint"), newest);
    this.#newest = newest;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
