/** Lists of revoked certificates (RFC 5280, section 5). */
import { OctetString } from "@peculiar/asn1-schema";
import { CRLReason, Extension, id_ce_cRLReasons } from "@peculiar/asn1-x509";
import { type AuthorityAlgorithm, signatureAlgorithms } from "./algorithms.ts";
import { encodeTime } from "./certificate.ts";
import { encode, explicit, integer, sequence } from "./der.ts";

/** Reasons of RFC 5280, section 5.3.1, that are given here. */
export const reasons = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
} as const;
export type Reason = keyof typeof reasons;

/** DER of the entry's extensions; the standard wants “unspecified” to be left out. */
const reasonExtensions = new Map<string, Buffer>(
  Object.entries(reasons)
    .filter(([, code]) => code !== 0)
    .map(([name, code]) => {
      const extnValue = new OctetString(encode(new CRLReason(code)));
      const reason = new Extension({ extnID: id_ce_cRLReasons, extnValue });
      return [name, sequence(encode(reason))];
    }),
);

/** DER of an entry; made once, since a list is made of thousands. */
export function revokedEntry(serial: string, at: Date, reason: Reason): Buffer {
  const extensions = reasonExtensions.get(reason);
  const parts = [integer(serial), encodeTime(at)];
  return sequence(...parts, ...(extensions === undefined ? [] : [extensions]));
}

export interface ListContent {
  readonly algorithm: AuthorityAlgorithm;
  /** DER of the authority's name. */
  readonly issuer: Uint8Array;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly entries: readonly Uint8Array[];
  /** Each DER: number of the list, key of the authority. */
  readonly extensions: readonly Uint8Array[];
}

const version2 = integer("1");

/** TBSCertList as DER. */
export function listContent(content: ListContent): Buffer {
  return sequence(
    version2,
    signatureAlgorithms[content.algorithm],
    content.issuer,
    encodeTime(content.thisUpdate),
    encodeTime(content.nextUpdate),
    // An empty list must be left out.
    ...(content.entries.length === 0 ? [] : [sequence(...content.entries)]),
    explicit(0, sequence(...content.extensions)),
  );
}
