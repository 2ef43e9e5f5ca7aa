/** Issuing: from a request, or from a certificate that is to be renewed. */
import { hash } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import { Certificate } from "@peculiar/asn1-x509";
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import { type CertificateFiles, type CertificateRow, nodeOwner, type Profile } from "./answers.ts";
import { type Authority, generationsOf, type Issuer } from "./authority.ts";
import type { AuthorityBook } from "./book.ts";
import { type ChainPem, chainOf } from "./chain.ts";
import { DisclosedKeys } from "./disclosed.ts";
import type { Issued } from "./issued.ts";
import type { PkiParts } from "./parts.ts";
import { type Names, namesOf, purposeExtensions, subjectOf } from "./profiles.ts";
import { putOnRecord } from "./record.ts";
import { rowOf } from "./rows.ts";
import type { Signed, Signing } from "./signing.ts";
import { day, skew } from "./times.ts";
import { keyIdentifier } from "./x509/algorithms.ts";
import { certificateContent, newSerial, signed } from "./x509/certificate.ts";
import { encode } from "./x509/der.ts";
import { subjectKey } from "./x509/extensions.ts";
import { encodeName, nameText } from "./x509/names.ts";
import { toPem } from "./x509/pem.ts";
import { type CertificateRequest, readRequest } from "./x509/request.ts";

interface Wanted {
  readonly names: Names;
  readonly spki: Uint8Array;
  readonly days: number;
}

export class Issuing {
  readonly #parts: PkiParts;
  readonly #book: AuthorityBook;
  readonly #signing: Signing;
  readonly #disclosed = new DisclosedKeys();

  constructor(parts: PkiParts, book: AuthorityBook, signing: Signing) {
    this.#parts = parts;
    this.#book = book;
    this.#signing = signing;
  }

  async issue(
    call: Call,
    owner: string,
    profile: Profile,
    request: Uint8Array,
    days: number,
  ): Promise<CertificateFiles> {
    const authority = await this.#book.of(owner);
    const read = await this.read(authority, request);
    const names = namesOf(read, profile, authority.holder);
    return this.#certify(call, authority, { names, spki: read.spki, days });
  }

  /** Same names and key. The old one stays as it is, so that nobody is locked out in between. */
  async renew(call: Call, owner: string, serial: string): Promise<CertificateFiles> {
    const authority = await this.#book.of(owner);
    const { authority: by, issued: before } = known(authority, serial);
    if (by.directory.revocations.has(serial)) {
      const what = `The certificate ${serial} is revoked; issue one for a new key instead.`;
      throw new DsecosError("Conflict", what);
    }
    if (before.profile !== "person" && before.profile !== "service") {
      const what = "An authority is not renewed; make it anew, with a second person.";
      throw new DsecosError("Conflict", what);
    }
    const { der } = await by.directory.read(before);
    // By the library: the key may be of a kind that this OpenSSL does not know.
    const { tbsCertificate } = AsnConvert.parse(der, Certificate);
    const spki = encode(tbsCertificate.subjectPublicKeyInfo);
    for (const { directory } of generationsOf(authority))
      await this.#disclosed.refuse(directory, spki);
    const { profile, name, uri, hosts } = before;
    // The rules may be others by now: what would not be issued is not renewed.
    const asked: CertificateRequest = {
      ...{ spki, key: "", uris: [uri], dns: hosts, authority: false },
      subject: [["commonName", name]],
    };
    const names = namesOf(asked, profile, authority.holder);
    const days = Math.max(1, Math.round((before.notAfter - before.notBefore) / day));
    call.note({ renews: serial });
    return this.#certify(call, authority, { names, spki, days });
  }

  /** @throws DsecosError where the request may not be granted; asks nothing of the token */
  async read(authority: Authority, request: Uint8Array): Promise<CertificateRequest> {
    if (authority.owner === nodeOwner) {
      const what =
        "The node's root signs authorities of tenants and nothing else; ask one of those.";
      throw new DsecosError("Denied", what);
    }
    const { driver } = authority.token;
    const read = await readRequest(request, (pq, message, signature) =>
      driver.verify("ML-DSA-65", { pq }, message, signature),
    );
    const own = [authority.main, authority.parallel].some((each) => each?.spki.equals(read.spki));
    if (own) {
      const what = "The request has the authority's own key; make it with a key of its own.";
      throw new DsecosError("InvalidArgument", what);
    }
    for (const { directory } of generationsOf(authority))
      await this.#disclosed.refuse(directory, read.spki);
    return read;
  }

  async #certify(call: Call, authority: Authority, wanted: Wanted): Promise<CertificateFiles> {
    const { directory, owner, main, parallel } = authority;
    // First, so that nothing is signed that could not be handed out whole.
    const chain = await chainOf(authority);
    const serial = newSerial();
    const now = this.#parts.now?.() ?? Date.now();
    const ends = now + wanted.days * day;
    const authorityEnds = Date.parse(authority.certificate.validTo);
    if (ends > authorityEnds) {
      const left = Math.max(0, Math.floor((authorityEnds - now) / day));
      const what = `The authority of ${owner} ends in ${left} days; ask for no more than that, or let an officer roll it over.`;
      throw new DsecosError("Conflict", what);
    }
    const span = { serial, from: new Date(now - skew), to: new Date(ends) };
    const first = await this.#sign(authority, main, wanted, span);
    const second = parallel && (await this.#sign(authority, parallel, wanted, span));
    const pem = toPem("CERTIFICATE", first.der);
    const beside = second && toPem("CERTIFICATE", second.der);
    call.note({ receipt: first.receipt, ...(second && { parallelReceipt: second.receipt }) });
    const { names } = wanted;
    const issued: Issued = {
      ...{ ...names, serial, notBefore: wholeSeconds(span.from), notAfter: wholeSeconds(span.to) },
      subject: nameText(subjectOf(owner, names.name)),
      fingerprint: hash("sha256", first.der, "hex"),
      ...(second && { beside: hash("sha256", second.der, "hex") }),
    };
    await directory.add(issued, pem + (beside ?? ""));
    call.note({ certificate: putOnRecord(authority, issued) });
    this.#parts.changed(owner);
    return filesOf(rowOf(authority, issued, now), chain, pem, beside);
  }

  async #sign(
    authority: Authority,
    issuer: Issuer,
    { names, spki }: Wanted,
    { serial, from, to }: { serial: string; from: Date; to: Date },
  ): Promise<{ der: Buffer; receipt: Signed["receipt"] }> {
    const content = certificateContent({
      ...{ serial, algorithm: issuer.algorithm, issuer: issuer.name, spki },
      subject: encodeName(subjectOf(authority.owner, names.name)),
      notBefore: from,
      notAfter: to,
      extensions: [
        ...purposeExtensions(names, authority.holder),
        subjectKey(keyIdentifier(spki)),
        ...[issuer.authorityKey, ...issuer.pointers],
      ],
    });
    const { signature, receipt } = await this.#signing.sign(issuer.key, content, "certificate");
    return { der: signed(content, issuer.algorithm, signature), receipt };
  }
}

/** As a certificate has it. */
function wholeSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000) * 1000;
}

/**
 * @returns the certificate, and the authority with the key that signed it
 * @throws DsecosError NotFound: the same for a serial number of somebody else's
 */
export function known(
  present: Authority,
  serial: string,
): { authority: Authority; issued: Issued } {
  for (const authority of generationsOf(present)) {
    const issued = authority.directory.certificates.get(serial);
    if (issued !== undefined) return { authority, issued };
  }
  const what = `${present.owner} has no certificate ${serial}; list the certificates to see which.`;
  throw new DsecosError("NotFound", what);
}

/** @param beside PEM of the parallel certificate */
export function filesOf(
  row: CertificateRow,
  { pem: chain, parallel }: ChainPem,
  pem: string,
  beside: string | undefined,
): CertificateFiles {
  const second = beside === undefined || parallel === undefined ? undefined : parallel.pem;
  return {
    ...{ ...row, pem, chain },
    ...(beside === undefined || second === undefined
      ? {}
      : { parallel: { pem: beside, chain: second } }),
  };
}
