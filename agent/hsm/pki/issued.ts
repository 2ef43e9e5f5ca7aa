/** What is known of a certificate that was issued: read from its file, and told to the audit log. */
import { hash, X509Certificate } from "node:crypto";
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import { type Profile, profiles, serialSchema } from "./answers.ts";
import { fromPem, toPem } from "./x509/pem.ts";
import type { Reason } from "./x509/revocations.ts";

export interface Revocation {
  /** Milliseconds since 1970, as all times here. */
  readonly at: number;
  readonly reason: Reason;
}

export interface Issued {
  readonly serial: string;
  readonly profile: Profile;
  readonly name: string;
  readonly subject: string;
  readonly uri: string;
  readonly hosts: readonly string[];
  readonly notBefore: number;
  readonly notAfter: number;
  /** SHA-256 of its DER, hexadecimal. */
  readonly fingerprint: string;
  /** The same of the second certificate beside it, which ML-DSA-65 signed. */
  readonly beside?: string | undefined;
}

/** As it stands in the audit log. */
export const issuedSchema = v.object({
  serial: serialSchema,
  profile: v.picklist(profiles),
  name: v.string(),
  subject: v.string(),
  uri: v.string(),
  hosts: v.array(v.string()),
  notBefore: v.number(),
  notAfter: v.number(),
  fingerprint: v.string(),
  beside: v.optional(v.string()),
});

const serverAuthentication = "1.3.6.1.5.5.7.3.1";

/**
 * @param authorities what a certificate of an authority is for
 * @throws where the bytes are no certificate
 */
export function readIssued(der: Uint8Array, authorities: "agency" | "authority"): Issued {
  const certificate = new X509Certificate(der);
  const isServer = certificate.keyUsage?.includes(serverAuthentication) === true;
  const alternative = (certificate.subjectAltName ?? "").split(", ");
  const having = (kind: string) =>
    alternative.filter((each) => each.startsWith(kind)).map((each) => each.slice(kind.length));
  const subject = certificate.subject.split("\n");
  return {
    serial: certificate.serialNumber.toLowerCase(),
    profile: certificate.ca ? authorities : isServer ? "service" : "person",
    name: (subject.find((each) => each.startsWith("CN=")) ?? "").slice(3),
    subject: subject.join(", "),
    uri: having("URI:")[0] ?? "",
    hosts: having("DNS:"),
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
    fingerprint: hash("sha256", der, "hex"),
  };
}

/** What a file of an issued certificate has: the certificate, and its second one behind it. */
export interface IssuedFile {
  readonly pem: string;
  readonly beside: string | undefined;
}

/** @returns the parts of a file, and SHA-256 of each; undefined where it has no certificate */
export function readIssuedFile(text: string) {
  const der = fromPem(text, ["CERTIFICATE"]);
  if (der === undefined) return undefined;
  const pem = toPem("CERTIFICATE", der);
  const rest = text.slice(pem.length);
  const beside = rest === "" ? undefined : rest;
  return {
    ...{ der, pem, beside, fingerprint: hash("sha256", der, "hex") },
    besideFingerprint: beside && hash("sha256", fromPem(beside, ["CERTIFICATE"]) ?? "", "hex"),
  };
}

/** Whether a file is the one that is known of. */
export function isSame(known: Issued, { fingerprint, beside }: Issued): boolean {
  return known.fingerprint === fingerprint && known.beside === beside;
}

/** What a failing disk means to who asked. */
export function diskFailure(error: unknown, directory: string, what: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") {
    const sentence = `The disk of ${directory} is full, so ${what}; free space there and ask again.`;
    return new DsecosError("Unavailable", sentence, { cause: error });
  }
  if (code === "EROFS" || code === "EIO" || code === "EACCES") {
    const sentence = `${directory} cannot be written (${code}), so ${what}; put its disk right and ask again.`;
    return new DsecosError("Unavailable", sentence, { cause: error });
  }
  return error;
}
