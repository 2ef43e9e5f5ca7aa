/** Keys by tenant and name, as the tokens have them. */
import { DsecosError } from "../../bus/errors.ts";
import type { FoundKey, Keys, Records, Revised, Token, Tokens } from "../parts.ts";
import type { KeyAct } from "./lifecycle.ts";
import type { KeyRecord } from "./record.ts";
import { assemble, headLabel, headOf, namesIn } from "./stored.ts";
import { transition, type Who } from "./transition.ts";

type Contents = ReadonlyMap<string, Revised>;

export interface KeyStoreParts {
  tokens: Pick<Tokens, "all" | "of">;
  records: Records;
  /** Why a key of a token must not be used, as reconciliation found it; empty else. */
  frozen: (token: string, key: string) => string;
  /** Told that a key is another than before. */
  changed: (tenant: string) => void;
  now?: () => Date;
}

export class KeyStore implements Keys {
  readonly #parts: KeyStoreParts;

  constructor(parts: KeyStoreParts) {
    this.#parts = parts;
  }

  async find(tenant: string, name: string): Promise<FoundKey> {
    const found = await this.look(tenant, name);
    if (found !== undefined) return found;
    const what = `There is no key ${name} of ${tenant}; list the keys to see which.`;
    throw new DsecosError("NotFound", what);
  }

  /** @throws what kept a token from being read, where no other has the key. */
  async look(tenant: string, name: string): Promise<FoundKey | undefined> {
    const failures: unknown[] = [];
    for (const token of await this.#parts.tokens.all(tenant)) {
      try {
        const found = await this.#in(token, name);
        if (found !== undefined) return found;
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return undefined;
  }

  async list(tenant: string): Promise<FoundKey[]> {
    const tokens = await this.#parts.tokens.all(tenant);
    return (await Promise.all(tokens.map((token) => this.listIn(token)))).flat();
  }

  async listIn(token: Token): Promise<FoundKey[]> {
    return this.foundIn(token, await this.#parts.records.list(token));
  }

  /** Keys in what was read of a token. */
  foundIn(token: Token, contents: Contents): FoundKey[] {
    return namesIn(contents).flatMap((name) => this.#found(token, contents, name) ?? []);
  }

  /** Names of keys in what was read of a token that are not destroyed, whosever they are. */
  livingIn(contents: Contents): string[] {
    // What cannot be read may well be a key.
    return namesIn(contents).filter(
      (name) => assemble(contents, name)?.record.state !== "destroyed",
    );
  }

  /** How many of them are not destroyed. */
  countIn(contents: Contents): number {
    return namesIn(contents).filter((name) => {
      const state = assemble(contents, name)?.record.state;
      return state !== undefined && state !== "destroyed";
    }).length;
  }

  /**
   * Writes the key as an act leaves it, with the act in its history.
   * @param edit what else the act changes, given the key as the act leaves it and as it was before;
   *   it may refuse by throwing
   * @throws Conflict with the state where the act is not allowed in it
   */
  async act(
    tenant: string,
    name: string,
    act: KeyAct,
    who: Who,
    edit: (record: KeyRecord, before: KeyRecord) => KeyRecord = (record) => record,
  ): Promise<FoundKey> {
    for (let round = 1; ; round += 1) {
      const found = await this.find(tenant, name);
      const at = this.#parts.now?.() ?? new Date();
      const next = edit(transition(found.record, act, who, at), found.record);
      try {
        await this.#parts.records.write(found.token, headLabel(name), headOf(next));
      } catch (error) {
        // What was known was older than what the token has; now it is not.
        const isOlder = error instanceof DsecosError && error.code === "Conflict" && round === 1;
        if (!isOlder) throw error;
        continue;
      }
      this.#parts.changed(tenant);
      return (await this.#in(found.token, name)) ?? found;
    }
  }

  async #in(token: Token, name: string): Promise<FoundKey | undefined> {
    return this.#found(token, await this.#parts.records.list(token), name);
  }

  #found(token: Token, contents: Contents, name: string): FoundKey | undefined {
    const assembled = assemble(contents, name);
    if (assembled === undefined) return undefined;
    const { record, damage } = assembled;
    // A record that was copied from another tenant's token is none of this one's.
    if (record.tenant !== token.tenant || record.name !== name) return undefined;
    return { record, token, frozen: damage || this.#parts.frozen(token.id, name) };
  }
}
