/**
 * Keys that others have: those of certificates that were revoked for that. A certificate of the same
 * key, whether it is renewed or asked for anew, would open the same doors to the same thief.
 */
import { hash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { AsnConvert } from "@peculiar/asn1-schema";
import { Certificate } from "@peculiar/asn1-x509";
import { DsecosError } from "../../bus/errors.ts";
import type { CertificateDirectory } from "./directory.ts";
import { encode } from "./x509/der.ts";

/** Certificates that are taken apart before others have their turn. */
const atOnce = 10;

export class DisclosedKeys {
  /** SHA-256 of the SubjectPublicKeyInfo, by serial number. */
  readonly #known = new WeakMap<CertificateDirectory, Map<string, string>>();

  /** @throws DsecosError Conflict for a key of which a certificate was revoked as keyCompromise */
  async refuse(directory: CertificateDirectory, spki: Uint8Array): Promise<void> {
    const known = this.#known.get(directory) ?? new Map<string, string>();
    this.#known.set(directory, known);
    const wanted = hash("sha256", spki, "hex");
    let read = 0;
    for (const [serial, { reason }] of directory.revocations) {
      if (reason !== "keyCompromise") continue;
      if (!known.has(serial)) {
        known.set(serial, await keyOf(directory, serial));
        read += 1;
        if (read % atOnce === 0) await turn();
      }
      if (known.get(serial) !== wanted) continue;
      const what = `Others have this key: the certificate ${serial} of it was revoked for that. Make a new key, and a request with it.`;
      throw new DsecosError("Conflict", what);
    }
  }
}

/** @returns an empty text where nothing but the number of the certificate is left, which is an alarm */
async function keyOf(directory: CertificateDirectory, serial: string): Promise<string> {
  const issued = directory.certificates.get(serial);
  if (issued === undefined) return "";
  try {
    const { der } = await directory.read(issued);
    const { tbsCertificate } = AsnConvert.parse(der, Certificate);
    return hash("sha256", encode(tbsCertificate.subjectPublicKeyInfo), "hex");
  } catch (error) {
    if (error instanceof DsecosError) return "";
    throw error;
  }
}
