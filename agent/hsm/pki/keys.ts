/** Keys of authorities in their tokens: made when an authority is, and anew when it is rolled over. */
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { Algorithm } from "../algorithms.ts";
import { protectionOf } from "../keys/generate.ts";
import type { KeyRecord } from "../keys/record.ts";
import type { FoundKey, Token } from "../parts.ts";
import type { PkiParts } from "./parts.ts";

type Parts = Pick<PkiParts, "keys" | "maker" | "tokens" | "now">;

export class AuthorityKeys {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The key of that name; one that is there already was left by a try that broke off, or is of a ceremony. */
  async have(token: Token, name: string, algorithm: Algorithm, call: Call): Promise<FoundKey> {
    const found = await this.#look(token, name);
    if (found !== undefined) return found;
    const mechanisms = (await this.#parts.tokens.info(token))?.mechanisms ?? [];
    const protection = protectionOf(algorithm, token, mechanisms);
    const at = this.#time();
    const by = call.caller.user;
    const { tenant, region } = token;
    const facts = { tenant, name, algorithm, region, protection };
    await this.#parts.maker.create(
      token,
      facts,
      (version): KeyRecord => ({
        ...facts,
        ...{ driver: token.driver.name, purpose: "sign", state: "active", revision: 1 },
        ...{ createdAt: at, createdBy: by, versions: [version] },
        history: [{ at, by, state: "active", why: "made for a certificate authority" }],
      }),
    );
    return this.#made(token, name);
  }

  /** The key with a version behind the one that is used; where a try broke off, there is one already. */
  async next(token: Token, name: string, used: number, call: Call): Promise<FoundKey> {
    const found = await this.#made(token, name);
    if (newestOf(found) > used) return found;
    const { record } = found;
    if (record.state !== "active" || found.frozen !== "") {
      const why = found.frozen || `it is ${record.state}`;
      const what = `The authority's key ${name} gets no new version: ${why}.`;
      throw new DsecosError("Conflict", what);
    }
    const event = { at: this.#time(), by: call.caller.user, state: record.state };
    await this.#parts.maker.rotate(found, (version) => ({
      ...record,
      versions: [...record.versions, version],
      history: [...record.history, { ...event, why: "the authority was rolled over" }],
      revision: record.revision + 1,
    }));
    return this.#made(token, name);
  }

  async #look(token: Token, name: string): Promise<FoundKey | undefined> {
    const found = await this.#parts.keys.look(token.tenant, name);
    return found?.token.id === token.id ? found : undefined;
  }

  async #made(token: Token, name: string): Promise<FoundKey> {
    const found = await this.#look(token, name);
    if (found !== undefined) return found;
    const what = `The token ${token.id} does not have the key ${name}; ask again.`;
    throw new DsecosError("Unavailable", what);
  }

  #time(): string {
    return new Date(this.#parts.now?.() ?? Date.now()).toISOString();
  }
}

/** Number of its newest version. */
export function newestOf({ record }: FoundKey): number {
  return record.versions.at(-1)?.version ?? 1;
}
