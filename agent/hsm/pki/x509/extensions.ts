/** Extensions of certificates and lists of revoked ones (RFC 5280, section 4.2 and 5.2), as DER. */
import { id_pkix_ocsp_nocheck } from "@peculiar/asn1-ocsp";
import {
  AccessDescription,
  AuthorityInfoAccessSyntax,
  AuthorityKeyIdentifier,
  BasicConstraints,
  CRLDistributionPoints,
  DistributionPoint,
  DistributionPointName,
  ExtendedKeyUsage,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ad_caIssuers,
  id_ad_ocsp,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_cRLDistributionPoints,
  id_ce_cRLNumber,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  id_kp_OCSPSigning,
  id_kp_serverAuth,
  id_pe_authorityInfoAccess,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  NameConstraints,
} from "@peculiar/asn1-x509";
import {
  encode,
  integer,
  nest,
  objectIdentifier,
  octetString,
  sequence,
  tagged,
  tags,
} from "./der.ts";
import { type NameParts, nameOf } from "./names.ts";

const identifiers = new Map<string, Buffer>();
const isTrue = nest(tags.boolean, Buffer.of(0xff));

function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  const type = identifiers.get(id) ?? objectIdentifier(id);
  identifiers.set(id, type);
  return sequence(type, ...(critical ? [isTrue] : []), octetString(value));
}

/** @param depth how many authorities may stand below; none is no limit. */
export function authorityConstraints(depth?: number): Buffer {
  const more = depth === undefined ? {} : { pathLenConstraint: depth };
  const value = new BasicConstraints({ cA: true, ...more });
  return extension(id_ce_basicConstraints, true, encode(value));
}

/** Of certificates that are no authority. */
export const leafConstraints = extension(
  id_ce_basicConstraints,
  true,
  encode(new BasicConstraints({ cA: false })),
);

export function authorityUsage(): Buffer {
  const { keyCertSign, cRLSign, digitalSignature } = KeyUsageFlags;
  const value = new KeyUsage(keyCertSign | cRLSign | digitalSignature);
  return extension(id_ce_keyUsage, true, encode(value));
}

export const signingUsage = extension(
  id_ce_keyUsage,
  true,
  encode(new KeyUsage(KeyUsageFlags.digitalSignature)),
);

/** Shown by clients alone, and by servers too. */
export const extendedUsage = {
  client: extendedUsageOf([id_kp_clientAuth]),
  server: extendedUsageOf([id_kp_serverAuth, id_kp_clientAuth]),
} as const;

function extendedUsageOf(purposes: string[]): Buffer {
  return extension(id_ce_extKeyUsage, false, encode(new ExtendedKeyUsage(purposes)));
}

export function subjectKey(identifier: Uint8Array): Buffer {
  return extension(id_ce_subjectKeyIdentifier, false, octetString(identifier));
}

export function authorityKey(identifier: Uint8Array): Buffer {
  const value = new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(identifier) });
  return extension(id_ce_authorityKeyIdentifier, false, encode(value));
}

/** GeneralName: `[6]` is a URI, `[2]` a host name, both IA5String. */
export function alternativeNames(uri: string, dns: readonly string[]): Buffer {
  const names = [tagged(6, ascii(uri)), ...dns.map((name) => tagged(2, ascii(name)))];
  return extension(id_ce_subjectAltName, false, sequence(...names));
}

/** What must be below a name so that constraints say anything of it: RFC 2606 gives it to nobody. */
const nobodysHost = "invalid";
const everyAddress = ["0.0.0.0/0", "::/0"];

/**
 * Everything below has a subject that begins with `subject`, host names at or below the given ones,
 * none where none is given, and neither addresses nor electronic mail. Of a kind of names that
 * constraints do not speak of, every name is permitted (RFC 5280, section 4.2.1.10).
 * @param uris whether anything below may have URIs: of one only the host can be constrained, and
 *   tenants share that
 */
export function nameConstraints(subject: NameParts, dns: readonly string[], uris: boolean): Buffer {
  // That nothing is permitted is said by permitting one name and excluding it again.
  const none = [
    new GeneralName({ rfc822Name: nobodysHost }),
    ...(uris ? [] : [new GeneralName({ uniformResourceIdentifier: nobodysHost })]),
  ];
  const permitted = [
    new GeneralName({ directoryName: nameOf(subject) }),
    ...dns.map((dNSName) => new GeneralName({ dNSName })),
    ...none,
  ];
  const excluded = [
    // An empty name is the beginning of all.
    ...(dns.length === 0 ? [new GeneralName({ dNSName: "" })] : []),
    ...everyAddress.map((iPAddress) => new GeneralName({ iPAddress })),
    ...none,
  ];
  const value = new NameConstraints({
    permittedSubtrees: subtrees(permitted),
    excludedSubtrees: subtrees(excluded),
  });
  return extension(id_ce_nameConstraints, true, encode(value));
}

function subtrees(bases: readonly GeneralName[]): GeneralSubtrees {
  return new GeneralSubtrees(bases.map((base) => new GeneralSubtree({ base })));
}

/** Where lists are that say whether a certificate is revoked. */
export function listPoint(address: string): Buffer {
  const fullName = [new GeneralName({ uniformResourceIdentifier: address })];
  const point = new DistributionPoint({
    distributionPoint: new DistributionPointName({ fullName }),
  });
  return extension(id_ce_cRLDistributionPoints, false, encode(new CRLDistributionPoints([point])));
}

/** Where the issuer's certificate is, and who answers about single certificates. */
export function authorityAccess(issuer: string | undefined, status: string | undefined): Buffer {
  const at = (accessMethod: string, address: string) => {
    const accessLocation = new GeneralName({ uniformResourceIdentifier: address });
    return new AccessDescription({ accessMethod, accessLocation });
  };
  const value = new AuthorityInfoAccessSyntax([
    ...(status ? [at(id_ad_ocsp, status)] : []),
    ...(issuer ? [at(id_ad_caIssuers, issuer)] : []),
  ]);
  return extension(id_pe_authorityInfoAccess, false, encode(value));
}

/** Answers about certificates may be signed with it, and nobody asks whether it is revoked itself (RFC 6960). */
export const statusUsage = [
  extendedUsageOf([id_kp_OCSPSigning]),
  extension(id_pkix_ocsp_nocheck, false, Buffer.of(tags.null, 0)),
] as const;

export function listNumber(number: number): Buffer {
  return extension(id_ce_cRLNumber, false, integer(number.toString(16)));
}

function ascii(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
