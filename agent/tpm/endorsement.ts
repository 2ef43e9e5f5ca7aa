/** Whether a manufacturer vouches for an endorsement key. */
import { X509Certificate } from "node:crypto";
import { FormError } from "./codec.ts";
import { parsePublic, publicKeyOf } from "./structures.ts";

/** Longer chains than manufacturers have. */
const longestChain = 8;

/**
 * Dates are not looked at: a certificate tells who made the chip, and that stays true.
 * @param ekPublic TPMT_PUBLIC
 * @param certificates DER, the EK's first, then others that may lead to a root
 * @param roots those that the person who verifies trusts
 * @returns what is wrong, as a sentence; undefined when the chain ends in a root
 */
export function endorsementProblem(
  ekPublic: Buffer,
  certificates: readonly Buffer[],
  roots: readonly X509Certificate[],
): string | undefined {
  let chain: X509Certificate[];
  try {
    chain = certificates.map((der) => new X509Certificate(der));
  } catch {
    return "A certificate of the endorsement key cannot be read.";
  }
  const [leaf, ...others] = chain;
  if (leaf === undefined) return "The TPM has no certificate of its endorsement key.";
  if (!holds(leaf.raw, ekPublic)) return "The certificate is of another endorsement key.";
  let current = leaf;
  for (let length = 0; length < longestChain; length++) {
    if (roots.some((root) => root.raw.equals(current.raw) || issued(root, current))) return;
    const issuer = others.find((one) => !one.raw.equals(current.raw) && issued(one, current));
    if (issuer === undefined) break;
    current = issuer;
  }
  return roots.length === 0
    ? `The endorsement key's certificate was issued by ${line(current.issuer)}; no root was given to check that against.`
    : `The endorsement key's certificate leads to ${line(current.issuer)}, which is none of the given roots.`;
}

/** True for a certificate that names a TPM which is a program. */
export function namesSoftware(certificate: Buffer): boolean {
  try {
    return /swtpm/i.test(new X509Certificate(certificate).subjectAltName ?? "");
  } catch {
    return false; // told by endorsementProblem
  }
}

/** True when it is a certificate of the key with that TPMT_PUBLIC. */
export function holds(certificate: Buffer, publicArea: Buffer): boolean {
  const spki = { type: "spki", format: "der" } as const;
  try {
    const key = publicKeyOf(parsePublic(publicArea)).export(spki);
    return new X509Certificate(certificate).publicKey.export(spki).equals(key);
  } catch (error) {
    // What OpenSSL cannot read is no certificate of a key that it knows.
    if (error instanceof FormError || (error instanceof Error && "code" in error)) return false;
    throw error;
  }
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function line(name: string): string {
  return name.replaceAll("\n", ", ");
}
