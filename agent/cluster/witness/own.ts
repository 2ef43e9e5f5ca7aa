/** What this node publishes of its own audit log, and what others have signed of it. */
import type { KeyObject } from "node:crypto";
import { fromBase64 } from "../../audit/tlog/base64.ts";
import { checkpointText } from "../../audit/tlog/checkpoint.ts";
import { cosign, cosignatureTime } from "../../audit/tlog/cosignature.ts";
import {
  formatVerifierKey,
  NoteError,
  parseVerifierKey,
  type VerifierKey,
  verifierKey,
  witnessKeyType,
} from "../../audit/tlog/note.ts";
import type { Proofs } from "../../audit/witness/types.ts";
import { explain, type Log } from "../../log.ts";
import { readPublished } from "../facts/schema.ts";
import { ownNote, type Seen, seenOf } from "./judge.ts";
import {
  logSchema,
  maximumLog,
  mostCosigned,
  mostHashes,
  mostProofs,
  mostSeen,
  type PublishedLog,
} from "./schema.ts";

/** Sizes that were published last have a proof: who reads every ten seconds holds one of them. */
const proofsFromOwn = 3;
/** Roots that are remembered, to be compared with what others sign. */
const remembered = 50;

export interface OwnLogParts {
  /** The newest checkpoint; empty before the first. */
  newest: () => string;
  /** @throws Error while there is none */
  key: () => Promise<{ key: VerifierKey; privateKey: KeyObject }>;
  proofs: Proofs;
  log: Log;
}

/** What another node has signed of this log. */
export interface Cosigned {
  size: number;
  /** Seconds since 1970, by that node's clock. */
  time: number;
  /** False where this log had another root at that size. */
  fits: boolean;
}

export class OwnLog {
  readonly #parts: OwnLogParts;
  /** What was published by size, oldest first. */
  readonly #published = new Map<number, Buffer>();
  /** By the member's name. */
  readonly #cosigned = new Map<string, Cosigned>();
  #key: { key: VerifierKey; privateKey: KeyObject } | undefined;
  #trouble = "";
  /** Whose turn it is to be cosigned. */
  #turn = 0;

  constructor(parts: OwnLogParts) {
    this.#parts = parts;
  }

  /** @param text that this node published before its agent started */
  takeUp(text: string, vkey: string): void {
    const read = readPublished(text, maximumLog, logSchema);
    if ("trouble" in read || read.value.vkey !== vkey) return;
    const seen = seenOf(vkey, read.value.checkpoint);
    if (seen !== undefined) this.#remember(seen);
  }

  #remember({ size, root }: { size: number; root: Buffer }): void {
    this.#published.delete(size);
    this.#published.set(size, root);
    const [oldest] = this.#published.keys();
    if (this.#published.size > remembered && oldest !== undefined) this.#published.delete(oldest);
  }

  /** The newest checkpoint as it stands; empty before the first. */
  get newest(): string {
    return this.#parts.newest();
  }

  async vkey(): Promise<string> {
    this.#key ??= await this.#parts.key();
    return formatVerifierKey(this.#key.key);
  }

  /**
   * @param held sizes of this log that others say they hold
   * @param seen what was seen of the others' logs
   * @returns undefined before the first checkpoint
   */
  async make(
    held: Iterable<number>,
    seen: Iterable<[string, Seen]>,
  ): Promise<PublishedLog | undefined> {
    const newest = this.#parts.newest();
    if (newest === "") return undefined;
    const vkey = await this.vkey();
    const own = seenOf(vkey, ownNote(newest, vkey));
    if (own === undefined) throw new Error("the newest checkpoint is not signed by the log's key");
    const proofs = await this.#proofs(own.size, held);
    this.#remember(own);
    const all = [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, mostSeen);
    return {
      format: 1,
      vkey,
      checkpoint: own.note,
      proofs,
      seen: Object.fromEntries(all.map(([node, { size }]) => [node, size])),
      cosigned: this.#cosign(all),
    };
  }

  async #proofs(size: number, held: Iterable<number>): Promise<PublishedLog["proofs"]> {
    const own = [...this.#published.keys()].reverse().filter((from) => from < size);
    const counts = new Map<number, number>();
    for (const from of held) counts.set(from, (counts.get(from) ?? 0) + 1);
    const others = [...counts].sort(([, a], [, b]) => b - a).map(([from]) => from);
    const wanted = [...new Set([...own.slice(0, proofsFromOwn), ...others])]
      .filter((from) => from > 0 && from < size)
      .slice(0, mostProofs);
    const proofs: PublishedLog["proofs"] = [];
    let hashes = 0;
    for (const from of wanted) {
      const proof = await this.#proof(from, size);
      if (proof === undefined) continue;
      hashes += proof.length;
      if (hashes > mostHashes) break;
      proofs.push({ from, hashes: proof.map((hash) => hash.toString("base64")) });
    }
    return proofs;
  }

  async #proof(from: number, to: number): Promise<Buffer[] | undefined> {
    try {
      const proof = await this.#parts.proofs.consistency(from, to);
      this.#trouble = "";
      return proof;
    } catch (error) {
      const trouble = explain(error);
      if (trouble !== this.#trouble) {
        const facts = { from, to, error: trouble };
        this.#parts.log("warning", "a proof for the other nodes could not be made", facts);
      }
      this.#trouble = trouble;
      return undefined;
    }
  }

  /**
   * Signed with the log's key under a type of its own (0x04), as a witness's: such a signature is over
   * a text that no checkpoint can have.
   */
  #cosign(seen: readonly [string, Seen][]): PublishedLog["cosigned"] {
    const own = this.#key;
    if (own === undefined) return [];
    const witness = asWitness(own.key);
    const seconds = Math.floor(Date.now() / 1000);
    const start = seen.length <= mostCosigned ? 0 : this.#turn % seen.length;
    this.#turn = start + mostCosigned;
    const chosen = [...seen.slice(start), ...seen.slice(0, start)].slice(0, mostCosigned);
    return chosen.map(([node, { vkey, size, root }]) => {
      const text = checkpointText({ origin: parseVerifierKey(vkey).name, size, root });
      const { bytes } = cosign(text, seconds, witness, own.privateKey);
      return {
        node,
        size,
        root: root.toString("base64"),
        signature: bytes.toString("base64"),
      };
    });
  }

  /** Takes what another node has signed of this log. @param vkey of that node's log */
  hear(node: string, cosigned: PublishedLog["cosigned"][number], vkey: string): void {
    const own = this.#key;
    const [root, bytes] = [fromBase64(cosigned.root), fromBase64(cosigned.signature)];
    if (own === undefined || root === undefined || bytes === undefined) return;
    const { size } = cosigned;
    const text = checkpointText({ origin: own.key.name, size, root });
    const time = timeOf(text, bytes, vkey);
    if (time === undefined) return;
    const known = this.#published.get(size);
    const fits = known === undefined || known.equals(root);
    this.#cosigned.set(node, { size, time, fits });
  }

  /** @returns what the members that are there have signed, by their names */
  cosigned(members: ReadonlySet<string>): Map<string, Cosigned> {
    return new Map([...this.#cosigned].filter(([node]) => members.has(node)));
  }
}

export function asWitness({ name, publicKey }: VerifierKey): VerifierKey {
  return verifierKey(name, publicKey, witnessKeyType);
}

function timeOf(text: string, bytes: Buffer, vkey: string): number | undefined {
  try {
    return cosignatureTime(text, bytes, asWitness(parseVerifierKey(vkey)));
  } catch (error) {
    if (error instanceof NoteError) return undefined;
    throw error;
  }
}
