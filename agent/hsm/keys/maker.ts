/**
 * Making keys and versions so that they can be cut off anywhere: a mark with the object's id is
 * written first, then the object is made, then the mark becomes the version, then the key names it.
 * Whatever stays marked or unnamed was never used, and is taken back.
 */
import { randomBytes } from "node:crypto";
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import { DriverError } from "../driver/types.ts";
import { asking } from "../errors.ts";
import type { FoundKey, Token } from "../parts.ts";
import type { TokenRecords } from "../tokens/records.ts";
import { generate, type Making, newId } from "./generate.ts";
import type { KeyRecord, KeyVersion } from "./record.ts";
import {
  type Head,
  headLabel,
  headOf,
  type Mark,
  markOf,
  parseLabel,
  storedVersion,
  versionLabel,
} from "./stored.ts";

export interface KeyMakerParts {
  records: TokenRecords;
  node: string;
  log: Log;
}

type Facts = Omit<Making, "id" | "version">;

export class KeyMaker {
  readonly #parts: KeyMakerParts;
  /** Labels of versions that are being made right now, by token. */
  readonly #busy = new Set<string>();

  constructor(parts: KeyMakerParts) {
    this.#parts = parts;
  }

  isBusy(token: Token, label: string): boolean {
    return this.#busy.has(`${token.id} ${label}`);
  }

  /** @param recordOf what the key is once its first version is there */
  async create(
    token: Token,
    facts: Facts,
    recordOf: (version: KeyVersion) => KeyRecord,
  ): Promise<KeyRecord> {
    return this.#version(token, { ...facts, version: 1 }, recordOf);
  }

  async rotate(
    { record, token }: FoundKey,
    recordOf: (version: KeyVersion) => KeyRecord,
  ): Promise<KeyRecord> {
    const { tenant, name, algorithm, region, protection } = record;
    const version = (record.versions.at(-1)?.version ?? 0) + 1;
    const facts = { tenant, name, algorithm, region, protection, version };
    return this.#version(token, facts, recordOf);
  }

  async #version(
    token: Token,
    facts: Facts & { version: number },
    recordOf: (version: KeyVersion) => KeyRecord,
  ): Promise<KeyRecord> {
    const { records } = this.#parts;
    const label = versionLabel(facts.name, facts.version);
    const busy = `${token.id} ${label}`;
    if (this.#busy.has(busy)) throw underWay(facts.name);
    this.#busy.add(busy);
    try {
      const making: Making = facts.protection === "sealed" ? facts : { ...facts, id: newId() };
      const mark = await this.#claim(token, label, making);
      try {
        const version = await generate(token, records, making);
        // The mark stays in it, for whoever finds that no key names it.
        const stored: KeyVersion & Mark = { ...version, revision: 2, making: mark.making };
        await records.write(token, label, stored);
        const record = recordOf(version);
        await records.write(token, headLabel(facts.name), headOf(record));
        return record;
      } catch (error) {
        await this.#backOut(token, label);
        throw error;
      }
    } finally {
      this.#busy.delete(busy);
    }
  }

  /** Writes the mark and looks whether another node's took its place meanwhile. */
  async #claim(token: Token, label: string, { id, name }: Making): Promise<Mark> {
    const { records, node } = this.#parts;
    const claim = randomBytes(8).toString("hex");
    const making = {
      ...(id === undefined ? {} : { id }),
      node,
      claim,
      at: new Date().toISOString(),
    };
    const mark: Mark = { revision: 1, making };
    try {
      await records.write(token, label, mark);
    } catch (error) {
      if (error instanceof DsecosError && error.code === "Conflict") throw underWay(name);
      throw error;
    }
    const now = markOf((await records.fresh(token)).get(label));
    if (now?.making.claim !== claim) throw underWay(name);
    return mark;
  }

  async #backOut(token: Token, label: string): Promise<void> {
    try {
      await this.takeBack(token, label);
    } catch (error) {
      // It stays marked, and is taken back when the token is looked through next.
      this.#parts.log("warning", "a key that was not finished was not taken back yet", {
        ...{ token: token.id, label, error: explain(error) },
      });
    }
  }

  /** Removes a version that no key names: its object first, so that its id is known until then. */
  async takeBack(token: Token, label: string): Promise<void> {
    const { records } = this.#parts;
    const contents = await records.fresh(token);
    const value = contents.get(label);
    const of = parseLabel(label);
    if (value === undefined || of?.version === undefined) return;
    // The last write may have come about although nobody heard of it.
    const head = contents.get(headLabel(of.name)) as Partial<Head> | undefined;
    if ((head?.newest ?? 0) >= of.version) return;
    const id = markOf(value)?.making.id ?? storedVersion(value)?.id;
    if (id !== undefined) await destroyObject(token, id);
    await records.remove(token, label);
  }
}

/** Destroys an object; that it is gone already is what was wanted. */
export async function destroyObject(token: Token, id: string): Promise<void> {
  const { driver, label } = token;
  await asking({ driver: driver.name, token: token.id }, async () => {
    try {
      await driver.destroyKey(label, id);
    } catch (error) {
      if (!(error instanceof DriverError) || error.kind !== "keyMissing") throw error;
    }
  });
}

function underWay(name: string): DsecosError {
  const what = `A version of ${name} is being made already; wait until that has ended, or until what broke off is taken back within the hour.`;
  return new DsecosError("Conflict", what);
}
