/**
 * Who signs answers about certificates: a key in the token that an authority certified for that alone
 * (RFC 6960, section 4.2.2.2), so that the authority's own key signs once a fortnight and not for
 * each question. An authority that was made before it had such a key answers with its own.
 */
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../../audit/seal/files.ts";
import { explain } from "../../log.ts";
import { KeyedLock } from "../../tenants/locks.ts";
import { nodeOwner } from "./answers.ts";
import type { Authority } from "./authority.ts";
import { issuerOf } from "./authority.ts";
import { newestOf } from "./keys.ts";
import { keyNamesOf } from "./labels.ts";
import type { PkiParts } from "./parts.ts";
import { subjectOf } from "./profiles.ts";
import { identityOf } from "./record.ts";
import type { Signing, SigningKey } from "./signing.ts";
import { day, skew } from "./times.ts";
import { keyIdentifier } from "./x509/algorithms.ts";
import { certificateContent, newSerial, signed } from "./x509/certificate.ts";
import { leafConstraints, signingUsage, statusUsage, subjectKey } from "./x509/extensions.ts";
import { encodeName } from "./x509/names.ts";
import { fromPem, toPem } from "./x509/pem.ts";

/** Nobody asks whether it is revoked, so that it holds no longer than a few weeks. */
const holds = 28 * day;
const renewedBefore = 14 * day;

export interface AnsweringKey {
  readonly key: SigningKey;
  readonly spki: Buffer;
  /** DER of its certificate, which goes with each answer; none where the authority itself answers. */
  readonly certificate?: Buffer;
}

interface Kept {
  readonly spki: Buffer;
  readonly der: Buffer;
  readonly begins: number;
  readonly ends: number;
}

export class Responders {
  readonly #parts: PkiParts;
  readonly #signing: Signing;
  readonly #kept = new Map<string, Kept>();
  readonly #lock = new KeyedLock();

  constructor(parts: PkiParts, signing: Signing) {
    this.#parts = parts;
    this.#signing = signing;
  }

  async of(authority: Authority): Promise<AnsweringKey> {
    const { owner, token, main } = authority;
    const { status } = keyNamesOf(owner === nodeOwner);
    const found = await this.#parts.keys.look(token.tenant, status);
    if (found?.token.id !== token.id || found.record.state !== "active" || found.frozen !== "")
      return { key: main.key, spki: main.spki };
    const { key, spki } = issuerOf(found, newestOf(found), main.subject, {});
    const kept = await this.#lock.run(identityOf(authority), () => this.#have(authority, spki));
    return { key, spki, certificate: kept.der };
  }

  async #have(authority: Authority, spki: Buffer): Promise<Kept> {
    const now = this.#parts.now?.() ?? Date.now();
    // A clock that was ahead leaves one behind that nobody believes yet.
    const lasts = ({ begins, ends, spki: own }: Kept) =>
      own.equals(spki) &&
      begins <= now &&
      ends > now &&
      (ends - now > renewedBefore || ends >= Date.parse(authority.certificate.validTo) - 1000);
    const known = this.#kept.get(identityOf(authority)) ?? (await this.#read(authority));
    if (known !== undefined && lasts(known)) {
      this.#kept.set(identityOf(authority), known);
      return known;
    }
    const made = await this.#make(authority, spki, now);
    this.#kept.set(identityOf(authority), made);
    return made;
  }

  /** The one of before the agent started; one that the authority did not sign is none. */
  async #read({ directory, certificate }: Authority): Promise<Kept | undefined> {
    try {
      const der = fromPem(await readFile(join(directory.path, "ocsp.pem"), "latin1"), [
        "CERTIFICATE",
      ]);
      if (der === undefined) return undefined;
      const read = new X509Certificate(der);
      if (!read.verify(certificate.publicKey)) return undefined;
      const spki = read.publicKey.export({ format: "der", type: "spki" });
      return { spki, der, begins: Date.parse(read.validFrom), ends: Date.parse(read.validTo) };
    } catch {
      return undefined; // Not there, or nothing of ours: a new one takes its place.
    }
  }

  async #make(authority: Authority, spki: Buffer, now: number): Promise<Kept> {
    const { owner, main, certificate, directory } = authority;
    const ends = Math.min(now + holds, Date.parse(certificate.validTo));
    const serial = newSerial();
    const organization = main.subject.find(([attribute]) => attribute === "organization");
    const content = certificateContent({
      ...{ serial, algorithm: main.algorithm, issuer: main.name, spki },
      subject: encodeName(subjectOf(organization?.[1] ?? owner, "certificate-status")),
      notBefore: new Date(now - skew),
      notAfter: new Date(ends),
      extensions: [
        ...[leafConstraints, signingUsage, ...statusUsage],
        ...[subjectKey(keyIdentifier(spki)), main.authorityKey],
      ],
    });
    const { signature, receipt } = await this.#signing.sign(main.key, content, "responder");
    const der = signed(content, main.algorithm, signature);
    await this.#parts.audit.append({
      ...{ action: "hsm.StatusResponder", outcome: "note", actor: "agent" },
      ...{ uid: process.getuid?.() ?? 0, tenant: owner, object: serial },
      details: { authority: identityOf(authority), receipt },
    });
    try {
      await replaceFile(join(directory.path, "ocsp.pem"), toPem("CERTIFICATE", der));
    } catch (error) {
      // It answers all the same; the next start makes another.
      const facts = { owner, error: explain(error) };
      this.#parts.log(
        "warning",
        "the certificate that answers are signed with was not kept",
        facts,
      );
    }
    return { spki, der, begins: now - skew, ends };
  }
}
