/** All authorities of this node, each with its directory read once. */
import { readdir } from "node:fs/promises";
import { DsecosError } from "../../bus/errors.ts";
import { explain } from "../../log.ts";
import type { Token } from "../parts.ts";
import {
  type Authority,
  type AuthorityRecord,
  generationsOf,
  openAuthority,
  ownerOf,
  parseRecord,
} from "./authority.ts";
import type { CertificateDirectory } from "./directory.ts";
import { authorityLabel } from "./labels.ts";
import type { PkiParts } from "./parts.ts";

/** Tokens whose records are read for a list; of more, only those that issued something. */
const mostRead = 64;

interface Kept {
  readonly revision: number;
  readonly authority: Promise<Authority>;
}

/** What was found, and sentences about tokens that could not be asked. */
export interface Found {
  readonly authorities: Authority[];
  readonly unreachable: string[];
}

export class AuthorityBook {
  readonly #parts: PkiParts;
  readonly #opened: (authority: Authority) => Promise<void>;
  /** By token. Directories live as long as this does: what is issued goes through them. */
  readonly #kept = new Map<string, Kept>();
  readonly #directories = new Map<string, CertificateDirectory>();
  /** Paths of directories that were read and compared. */
  readonly #checked = new Set<string>();

  /** @param opened told of an authority whose directory was just read, before anybody uses it */
  constructor(parts: PkiParts, opened: (authority: Authority) => Promise<void>) {
    this.#parts = parts;
    this.#opened = opened;
  }

  async all(): Promise<Found> {
    const authorities: Authority[] = [];
    const unreachable: string[] = [];
    const tokens = await this.#parts.tokens.every();
    const unread = tokens.filter(({ id }) => this.#parts.records.peek(id) === undefined);
    const owners = await this.#owners();
    for (const token of tokens) {
      // Logging in to very many tokens takes minutes; what issued something is not left out.
      const isLate = unread.length > mostRead && unread.includes(token);
      if (isLate && !owners.has(ownerOf(token))) continue;
      try {
        const authority = await this.#in(token);
        if (authority !== undefined) authorities.push(authority);
      } catch (error) {
        if (!(error instanceof DsecosError)) throw error;
        this.#parts.log("warning", "an authority was not read", { error: explain(error) });
        unreachable.push(`${ownerOf(token)}: ${error.message}`);
      }
    }
    return { authorities, unreachable };
  }

  /** Owners of directories of issued certificates. */
  async #owners(): Promise<Set<string>> {
    try {
      return new Set(await readdir(this.#parts.directory));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Set();
      throw error;
    }
  }

  /** @throws DsecosError NotFound where the owner has none */
  async of(owner: string): Promise<Authority> {
    const found = await this.look(owner);
    if (found !== undefined) return found;
    const what = `${owner} has no certificate authority; let an officer create one.`;
    throw new DsecosError("NotFound", what);
  }

  /** @throws what kept a token of the owner from being read */
  async look(owner: string): Promise<Authority | undefined> {
    for (const token of await this.#parts.tokens.every()) {
      if (ownerOf(token) !== owner) continue;
      const authority = await this.#in(token);
      if (authority !== undefined) return authority;
    }
    return undefined;
  }

  async #in(token: Token): Promise<Authority | undefined> {
    const record = parseRecord(await this.#parts.records.read(token, authorityLabel));
    return record === undefined ? undefined : this.#open(token, record);
  }

  async #open(token: Token, record: AuthorityRecord): Promise<Authority> {
    const kept = this.#kept.get(token.id);
    if (kept?.revision === record.revision) return this.#current(token, record, kept);
    const opening = openAuthority(this.#parts, token, record, this.#directories).then(
      async (authority) => {
        for (const generation of generationsOf(authority)) await this.#openedOnce(generation);
        return authority;
      },
    );
    this.#kept.set(token.id, { revision: record.revision, authority: opening });
    // One that failed is tried again at the next question.
    opening.catch(() => this.#kept.delete(token.id));
    return opening;
  }

  /** What it issued goes on through the same directory when it is rolled over. */
  async #openedOnce(generation: Authority): Promise<void> {
    const { path } = generation.directory;
    if (this.#checked.has(path)) return;
    await this.#opened(generation);
    this.#checked.add(path);
  }

  /** The same with its keys as they are now: one may have been suspended since. */
  async #current(token: Token, record: AuthorityRecord, kept: Kept): Promise<Authority> {
    const authority = await kept.authority;
    const issuers = generationsOf(authority).flatMap(({ main, parallel }) =>
      parallel === undefined ? [main] : [main, parallel],
    );
    for (const { key } of issuers) {
      const before = key.found;
      const now = await this.#parts.keys.look(token.tenant, before.record.name);
      if (now?.record === before.record && now.frozen === before.frozen) continue;
      const changed = await openAuthority(this.#parts, token, record, this.#directories);
      this.#kept.set(token.id, { ...kept, authority: Promise.resolve(changed) });
      return changed;
    }
    return authority;
  }
}
