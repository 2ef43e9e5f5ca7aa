/** Making an authority: keys first, then certificates, then the record that makes it one. */

import { hash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../../audit/seal/files.ts";
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import { KeyedLock } from "../../tenants/locks.ts";
import type { Algorithm } from "../algorithms.ts";
import { protectionOf } from "../keys/generate.ts";
import type { KeyRecord } from "../keys/record.ts";
import type { FoundKey, Token } from "../parts.ts";
import { type AuthoritySpec, nodeOwner } from "./answers.ts";
import {
  type Authority,
  type AuthorityRecord,
  authoritySubject,
  directoryOf,
  type Issuer,
  issuerOf,
  parallelSubject,
} from "./authority.ts";
import type { AuthorityBook } from "./book.ts";
import { chainOf, parallelFile, parallelRootFile } from "./chain.ts";
import { diskFailure, readIssued } from "./issued.ts";
import { authorityLabel, keyNames } from "./labels.ts";
import type { PkiParts } from "./parts.ts";
import { authorityExtensions, rootExtensions } from "./profiles.ts";
import { putOnRecord } from "./record.ts";
import type { Signing } from "./signing.ts";
import { day, skew } from "./times.ts";
import { certificateContent, newSerial, signed } from "./x509/certificate.ts";
import { subjectKey } from "./x509/extensions.ts";
import { fromPem, toPem } from "./x509/pem.ts";

const defaultDays = { root: 3650, tenant: 1825 } as const;
/** Authorities of agencies may stand below a tenant's. */
const depthBelowTenant = 1;

interface Wanted {
  readonly owner: string;
  readonly hosts: readonly string[];
  readonly from: Date;
  readonly to: Date;
}

export class Making {
  readonly #parts: PkiParts;
  readonly #book: AuthorityBook;
  readonly #signing: Signing;
  readonly #lock = new KeyedLock();

  constructor(parts: PkiParts, book: AuthorityBook, signing: Signing) {
    this.#parts = parts;
    this.#book = book;
    this.#signing = signing;
  }

  async create(call: Call, owner: string, spec: AuthoritySpec): Promise<Authority> {
    return this.#lock.run(owner, () => this.#create(call, owner, spec));
  }

  /** @throws DsecosError where it would be refused; for those who are to approve it */
  async refuse(owner: string, spec: AuthoritySpec): Promise<void> {
    const existing = await this.#book.look(owner);
    if (existing !== undefined && Date.parse(existing.certificate.validTo) > this.#now()) {
      const what = `${owner} has an authority, which holds until ${existing.certificate.validTo}; a second one at a time would only confuse who trusts it.`;
      throw new DsecosError("Conflict", what);
    }
    if (owner === nodeOwner && spec.hosts.length > 0)
      throw new DsecosError("InvalidArgument", "The node's root has no domains; leave them out.");
    const root = await this.#rootFor(owner, spec);
    if (spec.postQuantum && root !== undefined && root.parallel === undefined) {
      const what =
        "The node's root has no ML-DSA-65 key that could sign the second authority; make this one without, or sign it with its own key.";
      throw new DsecosError("Conflict", what);
    }
    await this.#checkDomains(owner, spec.hosts);
  }

  async #create(call: Call, owner: string, spec: AuthoritySpec): Promise<Authority> {
    await this.refuse(owner, spec);
    const { tokens, records, mayLive } = this.#parts;
    const token = owner === nodeOwner ? await tokens.node() : await tokens.of(owner);
    if (token.tenant !== "") await mayLive(token.tenant, token);
    const root = await this.#rootFor(owner, spec);
    const wanted = { owner, hosts: spec.hosts, ...this.#span(spec.days, root) };
    const isRoot = owner === nodeOwner;
    const subject = authoritySubject(owner, this.#parts.node);
    const key = await this.#key(token, isRoot ? keyNames.root : keyNames.tenant, "P-384", call);
    const main = issuerOf(key, newestOf(key), subject);
    const first = await this.#certify(call, main, root?.main, wanted);
    const directory = directoryOf(this.#parts, owner, main);
    const second = spec.postQuantum
      ? await this.#parallel(call, token, root, main, wanted, directory.path)
      : undefined;
    if (root !== undefined) {
      const issued = readIssued(first, "authority");
      await root.directory.add(issued, toPem("CERTIFICATE", first));
      call.note({ certificate: putOnRecord(root, issued) });
    }
    const before = await records.read(token, authorityLabel);
    const record: AuthorityRecord = {
      revision: (before?.revision ?? 0) + 1,
      createdAt: new Date(this.#now()).toISOString(),
      createdBy: call.caller.user,
      approvers: [...call.approvers],
      key: { name: key.record.name, version: newestOf(key) },
      certificate: first.toString("base64"),
      ...(root && { root: root.record.certificate }),
      hosts: [...spec.hosts],
      ...(second && { parallel: second }),
    };
    await records.write(token, authorityLabel, record);
    call.note({ authority: main.identifier.toString("hex"), key: key.record.name });
    this.#parts.changed(owner);
    return this.#book.of(owner);
  }

  /** The second authority: its key and its certificate, which a token has no room for. */
  async #parallel(
    call: Call,
    token: Token,
    root: Authority | undefined,
    main: Issuer,
    wanted: Wanted,
    directory: string,
  ): Promise<NonNullable<AuthorityRecord["parallel"]>> {
    const name = wanted.owner === nodeOwner ? keyNames.rootParallel : keyNames.parallel;
    const key = await this.#key(token, name, "ML-DSA-65", call);
    const issuer = issuerOf(key, newestOf(key), parallelSubject(main.subject));
    const der = await this.#certify(call, issuer, root?.parallel, wanted);
    const pem = toPem("CERTIFICATE", der);
    const above = (root && (await chainOf(root)).parallel?.root) ?? pem;
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await replaceFile(join(directory, parallelFile), pem);
      await replaceFile(join(directory, parallelRootFile), above);
    } catch (error) {
      throw diskFailure(error, directory, "the authority was not made");
    }
    const sha256 = (text: string) => hash("sha256", fromPem(text, ["CERTIFICATE"]) ?? "", "hex");
    return {
      key: { name: key.record.name, version: newestOf(key) },
      ...{ fingerprint: sha256(pem), root: sha256(above) },
    };
  }

  async #certify(
    call: Call,
    own: Issuer,
    by: Issuer | undefined,
    { owner, hosts, from, to }: Wanted,
  ): Promise<Buffer> {
    const issuer = by ?? own;
    const holder = { tenant: owner, region: this.#parts.region, domains: hosts };
    const isRoot = owner === nodeOwner;
    const content = certificateContent({
      ...{ serial: newSerial(), algorithm: issuer.algorithm, issuer: issuer.name },
      ...{ subject: own.name, spki: own.spki, notBefore: from, notAfter: to },
      extensions: [
        ...(isRoot ? rootExtensions() : authorityExtensions(holder, depthBelowTenant)),
        subjectKey(own.identifier),
        issuer.authorityKey,
      ],
    });
    const { signature, receipt } = await this.#signing.sign(issuer.key, content, "authority");
    const label = own.algorithm === "P-384" ? "receipt" : "parallelReceipt";
    call.note({ [label]: receipt });
    return signed(content, issuer.algorithm, signature);
  }

  /** The key of that name; one that is there already was left by a try that broke off, or is of a ceremony. */
  async #key(token: Token, name: string, algorithm: Algorithm, call: Call): Promise<FoundKey> {
    const { keys, maker } = this.#parts;
    const found = await keys.look(token.tenant, name);
    if (found !== undefined && found.token.id === token.id) return found;
    const mechanisms = (await this.#parts.tokens.info(token))?.mechanisms ?? [];
    const protection = protectionOf(algorithm, token, mechanisms);
    const at = new Date(this.#now()).toISOString();
    const by = call.caller.user;
    const { tenant, region } = token;
    const facts = { tenant, name, algorithm, region, protection };
    await maker.create(
      token,
      facts,
      (version): KeyRecord => ({
        ...facts,
        ...{ driver: token.driver.name, purpose: "sign", state: "active", revision: 1 },
        ...{ createdAt: at, createdBy: by, versions: [version] },
        history: [{ at, by, state: "active", why: "made for a certificate authority" }],
      }),
    );
    const made = await keys.look(tenant, name);
    if (made !== undefined) return made;
    throw new DsecosError(
      "Unavailable",
      `The token ${token.id} did not keep the key ${name}; ask again.`,
    );
  }

  async #rootFor(owner: string, spec: AuthoritySpec): Promise<Authority | undefined> {
    if (owner === nodeOwner || spec.selfSigned) return undefined;
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

function newestOf({ record }: FoundKey): number {
  return record.versions.at(-1)?.version ?? 1;
}

function overlaps(a: string, b: string): boolean {
  return a === b || a.endsWith(`.${b}`) || b.endsWith(`.${a}`);
}
