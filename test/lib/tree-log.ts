/** A log in memory that has all a witness sees: leaves, a key, checkpoints and proofs. */
import { generateKeyPairSync, hash, type KeyObject } from "node:crypto";
import { signCheckpoint } from "../../agent/audit/tlog/checkpoint.ts";
import { nodeHash } from "../../agent/audit/tlog/merkle.ts";
import { formatVerifierKey, type VerifierKey, verifierKey } from "../../agent/audit/tlog/note.ts";
import { consistencyProof, treeRoot } from "../../agent/audit/tlog/proofs.ts";
import { formatAddCheckpoint } from "../../agent/audit/witness/protocol.ts";

export class TreeLog {
  readonly origin: string;
  readonly key: VerifierKey;
  readonly privateKey: KeyObject;
  readonly #leaves: Buffer[] = [];

  /** @param older a log whose key and beginning, of `size` leaves, this one takes over */
  constructor(origin: string, older?: { log: TreeLog; size: number }) {
    this.origin = origin;
    if (older === undefined) {
      const { publicKey, privateKey } = generateKeyPairSync("ed25519");
      this.privateKey = privateKey;
      this.key = verifierKey(origin, publicKey);
    } else {
      this.privateKey = older.log.privateKey;
      this.key = older.log.key;
      this.#leaves = older.log.#leaves.slice(0, older.size);
    }
  }

  get vkey(): string {
    return formatVerifierKey(this.key);
  }

  get size(): number {
    return this.#leaves.length;
  }

  /** @param kind another kind makes other leaves, as after a fork */
  append(count: number, kind = "event"): this {
    for (let i = 0; i < count; i++) {
      this.#leaves.push(hash("sha256", `${kind} ${this.#leaves.length}`, "buffer"));
    }
    return this;
  }

  /** What somebody has who holds the key and an older copy of the log. */
  copy(size: number): TreeLog {
    return new TreeLog(this.origin, { log: this, size });
  }

  readonly hashes = (level: number, index: number): Buffer => {
    if (level > 0) {
      return nodeHash(this.hashes(level - 1, 2 * index), this.hashes(level - 1, 2 * index + 1));
    }
    const leaf = this.#leaves[index];
    if (leaf === undefined) throw new RangeError(`no leaf ${index}`);
    return leaf;
  };

  checkpoint(size = this.size): string {
    const { origin } = this;
    const root = treeRoot(this.hashes, size);
    return signCheckpoint({ origin, size, root }, this.key, this.privateKey);
  }

  proof(from: number, to = this.size): Buffer[] {
    return consistencyProof(this.hashes, from, to);
  }

  /** Body of add-checkpoint. */
  request(old: number, size = this.size): string {
    return formatAddCheckpoint({ old, proof: this.proof(old, size), note: this.checkpoint(size) });
  }
}
