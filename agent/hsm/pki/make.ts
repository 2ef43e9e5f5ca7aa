import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import { KeyedLock } from "../../tenants/locks.ts";
import type { Token } from "../parts.ts";
import { type AuthoritySpec, nodeOwner, type RollSpec } from "./answers.ts";
import {
  type Authority,
  type AuthorityRecord,
  authoritySubject,
  generationsOf,
  type Issuer,
  issuerOf,
  ownerOf,
  type Urls,
} from "./authority.ts";
import type { AuthorityBook } from "./book.ts";
import { Founding, type Generation, type Wanted } from "./founding.ts";
import { AuthorityKeys } from "./keys.ts";
import { authorityLabel, keyNamesOf } from "./labels.ts";
import type { PkiParts } from "./parts.ts";
import type { Signing } from "./signing.ts";
import { day, listedBehind, skew } from "./times.ts";

const defaultDays = { root: 3650, tenant: 1825 } as const;

/** Keys of before that an authority may have: what is on record must fit into a token. */
const mostFormer = 4;

export class Making {
  readonly #parts: PkiParts;
  readonly #book: AuthorityBook;
  readonly #keys: AuthorityKeys;
  readonly #founding: Founding;
  readonly #lock = new KeyedLock();

  constructor(parts: PkiParts, book: AuthorityBook, signing: Signing) {
    this.#parts = parts;
    this.#book = book;
    this.#keys = new AuthorityKeys(parts);
    this.#founding = new Founding(parts, signing);
  }

  async create(call: Call, owner: string, spec: AuthoritySpec): Promise<Authority> {
    return this.#lock.run(owner, () => this.#create(call, owner, spec));
  }

  /** @throws DsecosError where it would be refused; for those who are to approve it */
  async refuse(owner: string, spec: AuthoritySpec): Promise<void> {
    const existing = await this.#book.look(owner);
    if (existing !== undefined && Date.parse(existing.certificate.validTo) > this.#now()) {
      const what = `${owner} has an authority, which holds until ${existing.certificate.validTo}; roll it over instead, so that what it signed holds on.`;
      throw new DsecosError("Conflict", what);
    }
    if (owner === nodeOwner && spec.hosts.length > 0)
      throw new DsecosError("InvalidArgument", "The node's root has no domains; leave them out.");
    const root = await this.#rootFor(owner, spec.selfSigned);
    if (spec.postQuantum && root !== undefined && root.parallel === undefined) {
      const what =
        "The node's root has no ML-DSA-65 key that could sign the second authority; make this one without, or sign it with its own key.";
      throw new DsecosError("Conflict", what);
    }
    await this.#checkDomains(owner, spec.hosts);
  }

  async #create(call: Call, owner: string, spec: AuthoritySpec): Promise<Authority> {
    await this.refuse(owner, spec);
    const { tokens, mayLive } = this.#parts;
    const token = owner === nodeOwner ? await tokens.node() : await tokens.of(owner);
    if (token.tenant !== "") await mayLive(token.tenant, token);
    const root = await this.#rootFor(owner, spec.selfSigned);
    const wanted = { owner, hosts: spec.hosts, ...this.#span(spec.days, root) };
    const isRoot = owner === nodeOwner;
    const subject = authoritySubject(owner, this.#parts.node);
    const names = keyNamesOf(isRoot);
    const key = await this.#keys.have(token, names.main, "P-384", call);
    const parallel = spec.postQuantum
      ? await this.#keys.have(token, names.parallel, "ML-DSA-65", call)
      : undefined;
    await this.#keys.have(token, names.status, "P-384", call);
    const urls = urlsOf(spec);
    const made = await this.#founding.generation(call, wanted, {
      root,
      key,
      parallel,
      subject,
      urls,
    });
    await this.#write(call, token, { ...made, hosts: [...spec.hosts], former: [], crosses: [] });
    return this.#book.of(owner);
  }

  async roll(call: Call, owner: string, spec: RollSpec): Promise<Authority> {
    return this.#lock.run(owner, () => this.#roll(call, owner, spec));
  }

  /** @returns the authority that is to be rolled over. @throws DsecosError where that would be refused */
  async refuseRoll(owner: string, spec: RollSpec): Promise<Authority> {
    const authority = await this.#book.of(owner);
    const living = this.#living(authority);
    if (living.length > mostFormer) {
      const what = `The authority of ${owner} has ${living.length - 1} former keys whose certificates still hold; wait until the first of them ends.`;
      throw new DsecosError("Conflict", what);
    }
    this.#span(spec.days, await this.#rootFor(owner, isSelfSigned(authority)));
    return authority;
  }

  async #roll(call: Call, owner: string, spec: RollSpec): Promise<Authority> {
    const before = await this.refuseRoll(owner, spec);
    const { record, token, main } = before;
    if (token.tenant !== "") await this.#parts.mayLive(token.tenant, token);
    const selfSigned = isSelfSigned(before);
    const root = await this.#rootFor(owner, selfSigned);
    const wanted = { owner, hosts: record.hosts, ...this.#span(spec.days, root) };
    const { name, version } = record.key;
    const key = await this.#keys.next(token, name, version, call);
    const second = record.parallel?.key;
    const parallel = second && (await this.#keys.next(token, second.name, second.version, call));
    const names = keyNamesOf(owner === nodeOwner);
    await this.#keys.have(token, names.status, "P-384", call);
    const urls = { ...record.urls, ...urlsOf(spec) };
    const made = await this.#founding.generation(call, wanted, {
      ...{ root, key, parallel, urls, subject: main.subject },
    });
    const crosses = selfSigned ? await this.#crosses(call, before, made, wanted) : [];
    await this.#write(call, token, {
      ...made,
      ...{ hosts: record.hosts, crosses: [...crosses, ...record.crosses] },
      former: this.#living(before).map(({ record: own }) => ({
        ...{ key: own.key, certificate: own.certificate, urls: own.urls },
        ...(own.root && { root: own.root }),
        ...(own.parallel && { parallel: own.parallel }),
      })),
    });
    return this.#book.of(owner);
  }

  /** Whatever of it has something that still holds, or is still on a list. */
  #living(authority: Authority): Authority[] {
    const ends = ({ certificate }: Authority) => Date.parse(certificate.validTo) + listedBehind;
    return generationsOf(authority).filter((each) => ends(each) > this.#now());
  }

  /** Each key of one that signed itself vouches for the other (RFC 4210, section 4.4). */
  async #crosses(call: Call, before: Authority, made: Generation, wanted: Wanted) {
    const { owner } = before;
    const found = await this.#keys.have(before.token, made.key.name, "P-384", call);
    const next = issuerOf(found, made.key.version, before.main.subject, made.urls);
    const to = new Date(Math.min(Date.parse(before.certificate.validTo), wanted.to.getTime()));
    const sign = async (own: Issuer, by: Issuer) => {
      const span = { ...wanted, to };
      const { der, receipt } = await this.#founding.sign(own, by, span);
      await this.#parts.audit.append({
        ...{ action: "hsm.CrossCertificate", outcome: "note", actor: call.caller.user },
        ...{ uid: call.caller.uid, tenant: owner, call: call.id, details: { receipt } },
      });
      return der.toString("base64");
    };
    return [await sign(next, before.main), await sign(before.main, next)];
  }

  async #write(
    call: Call,
    token: Token,
    content: Omit<AuthorityRecord, "revision" | "createdAt" | "createdBy" | "approvers">,
  ): Promise<void> {
    const { records } = this.#parts;
    const before = await records.read(token, authorityLabel);
    const record: AuthorityRecord = {
      revision: (before?.revision ?? 0) + 1,
      createdAt: new Date(this.#now()).toISOString(),
      createdBy: call.caller.user,
      approvers: [...call.approvers],
      ...content,
    };
    await records.write(token, authorityLabel, record);
    this.#parts.changed(ownerOf(token));
  }

  async #rootFor(owner: string, selfSigned: boolean): Promise<Authority | undefined> {
    if (owner === nodeOwner || selfSigned) return undefined;
    const root = await this.#book.look(nodeOwner);
    if (root !== undefined) return root;
    const what = `The node has no root yet; create that of ${nodeOwner} first, or let this authority sign itself.`;
    throw new DsecosError("Conflict", what);
  }

  #span(days: number | undefined, root: Authority | undefined): { from: Date; to: Date } {
    const now = this.#now();
    const ends = root && Date.parse(root.certificate.validTo);
    const most = ends === undefined ? defaultDays.root : Math.floor((ends - now) / day);
    const wanted =
      days ?? Math.min(most, root === undefined ? defaultDays.root : defaultDays.tenant);
    if (ends !== undefined && wanted > most) {
      const what = `The node's root ends in ${most} days; ask for no more than that.`;
      throw new DsecosError("Conflict", what);
    }
    return { from: new Date(now - skew), to: new Date(now + wanted * day) };
  }

  /** Host names must not be those of two tenants. */
  async #checkDomains(owner: string, hosts: readonly string[]): Promise<void> {
    if (hosts.length === 0) return;
    const { authorities, unreachable } = await this.#book.all();
    if (unreachable.length > 0) {
      // Whose names these are cannot be told while one of those who could say so is away.
      const what = `Not every authority could be asked for its host names: ${unreachable[0]}`;
      throw new DsecosError("Unavailable", what);
    }
    for (const other of authorities) {
      if (other.owner === owner) continue;
      const overlap = hosts.find((host) => other.record.hosts.some((each) => overlaps(host, each)));
      if (overlap === undefined) continue;
      // Whose it is, is nothing that an officer of this tenant needs to learn.
      const what = `Host names below ${overlap} belong to another tenant's authority already; choose another domain.`;
      throw new DsecosError("Conflict", what);
    }
  }

  #now(): number {
    return this.#parts.now?.() ?? Date.now();
  }
}

function isSelfSigned({ record }: Authority): boolean {
  return record.root === undefined;
}

function urlsOf({ listUrl, issuerUrl, statusUrl }: RollSpec): Urls {
  return {
    ...(listUrl !== undefined && { list: listUrl }),
    ...(issuerUrl !== undefined && { issuer: issuerUrl }),
    ...(statusUrl !== undefined && { status: statusUrl }),
  };
}

function overlaps(a: string, b: string): boolean {
  return a === b || a.endsWith(`.${b}`) || b.endsWith(`.${a}`);
}
