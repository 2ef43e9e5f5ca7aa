/**
 * Named records in tokens, each canonical JSON with a revision. What was read is kept for a while:
 * a token is shared by nodes at most, and a change that another made is seen within half a minute,
 * or at once by whoever writes, since a write compares with what the token has.
 *
 * PKCS#11 has no compare and swap: between the comparison and the write of one node another could
 * write. Who claims something exclusively writes, reads again and looks whose record is there.
 */
import { canonical } from "../../audit/canonical.ts";
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import { KeyedLock } from "../../tenants/locks.ts";
import { asking } from "../errors.ts";
import type { Records, Revised, Token } from "../parts.ts";

/** From this age on, what is kept is read again behind the answer; in milliseconds. */
const agesMs = 10_000;
/** Older than this it is not answered with. */
const oldestMs = 30_000;

type Contents = Map<string, Revised>;

interface Kept {
  at: number;
  contents: Contents;
  /** Labels of records that could not be read. */
  unreadable: readonly string[];
}

export interface TokenRecordsParts {
  log: Log;
  /** Told that records of a token are others than before. */
  changed: (token: Token) => void;
  now?: () => number;
}

export class TokenRecords implements Records {
  readonly #parts: TokenRecordsParts;
  readonly #kept = new Map<string, Kept>();
  readonly #reading = new Map<string, Promise<Kept>>();
  /** Counts writes of each token, so that a reading that began before one is not kept. */
  readonly #writes = new Map<string, number>();
  readonly #writing = new KeyedLock();
  readonly #now: () => number;

  constructor(parts: TokenRecordsParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => performance.now());
  }

  /** As it was read last; undefined where nothing was read yet. */
  peek(id: string): { contents: ReadonlyMap<string, Revised> } | undefined {
    return this.#kept.get(id);
  }

  /** Forgets what was read of tokens that are none of these. */
  retain(ids: ReadonlySet<string>): void {
    for (const kept of [this.#kept, this.#writes]) {
      for (const id of kept.keys()) if (!ids.has(id) && !this.#reading.has(id)) kept.delete(id);
    }
  }

  unreadable(id: string): readonly string[] {
    return this.#kept.get(id)?.unreadable ?? [];
  }

  async list(token: Token, prefix = ""): Promise<ReadonlyMap<string, Revised>> {
    const { contents } = await this.#current(token);
    if (prefix === "") return contents;
    return new Map([...contents].filter(([label]) => label.startsWith(prefix)));
  }

  async read(token: Token, label: string): Promise<Revised | undefined> {
    return (await this.#current(token)).contents.get(label);
  }

  /** What the token has now, and not what is kept. */
  async fresh(token: Token): Promise<ReadonlyMap<string, Revised>> {
    return (await this.#read(token)).contents;
  }

  async write(token: Token, label: string, value: Revised): Promise<void> {
    await this.#writing.run(token.id, async () => {
      const { contents } = await this.#readNow(token);
      const before = contents.get(label)?.revision ?? 0;
      if (before !== value.revision - 1) {
        const what = `${label} was changed by somebody else meanwhile; look at it again and repeat what you want.`;
        throw new DsecosError("Conflict", what);
      }
      const bytes = Buffer.from(canonical(value));
      const { id, driver, label: name } = token;
      await asking({ driver: driver.name, token: id }, () =>
        driver.writeRecord(name, label, bytes),
      );
      this.#wrote(id);
      contents.set(label, JSON.parse(bytes.toString("utf8")) as Revised);
    });
    this.#parts.changed(token);
  }

  async remove(token: Token, label: string): Promise<void> {
    await this.#writing.run(token.id, async () => {
      const { id, driver, label: name } = token;
      await asking({ driver: driver.name, token: id }, () => driver.deleteRecord(name, label));
      this.#wrote(id);
      this.#kept.get(id)?.contents.delete(label);
    });
    this.#parts.changed(token);
  }

  async #current(token: Token): Promise<Kept> {
    const kept = this.#kept.get(token.id);
    const age = kept === undefined ? Number.POSITIVE_INFINITY : this.#now() - kept.at;
    if (kept === undefined || age > oldestMs) return this.#read(token);
    if (age > agesMs && !this.#reading.has(token.id)) {
      this.#read(token).catch((error) => {
        this.#parts.log("warning", "a token's records were not read again", {
          token: token.id,
          error: explain(error),
        });
      });
    }
    return kept;
  }

  #read(token: Token): Promise<Kept> {
    const under = this.#reading.get(token.id);
    if (under !== undefined) return under;
    const reading = this.#readNow(token).finally(() => this.#reading.delete(token.id));
    this.#reading.set(token.id, reading);
    return reading;
  }

  #wrote(id: string): void {
    this.#writes.set(id, (this.#writes.get(id) ?? 0) + 1);
  }

  async #readNow(token: Token): Promise<Kept> {
    const { id, driver, label } = token;
    const writes = this.#writes.get(id);
    const objects = await asking({ driver: driver.name, token: id }, () => driver.records(label));
    const contents: Contents = new Map();
    const unreadable: string[] = [];
    for (const object of objects) {
      const value = parse(object.value);
      if (value === undefined) {
        unreadable.push(object.label);
        continue;
      }
      // Two of one label are what a crash between writing and removing leaves: the newer is meant.
      const other = contents.get(object.label);
      if (other === undefined || other.revision < value.revision) contents.set(object.label, value);
    }
    if (this.#writes.get(id) !== writes) return this.#readNow(token);
    const before = this.#kept.get(id);
    const kept = { at: this.#now(), contents, unreadable };
    this.#kept.set(id, kept);
    if (before !== undefined && revisions(before.contents) !== revisions(contents)) {
      this.#parts.changed(token);
    }
    return kept;
  }
}

function parse(bytes: Uint8Array): Revised | undefined {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString("utf8")) as Revised | null;
    return typeof value?.revision === "number" ? value : undefined;
  } catch {
    return undefined; // The label is told as unreadable.
  }
}

const revisions = (contents: Contents) =>
  [...contents].map(([label, { revision }]) => `${label} ${revision}`).join("\n");
