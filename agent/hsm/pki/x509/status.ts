/** Answers about the state of certificates (OCSP, RFC 6960), signed by the authority or by whom it certified for that. */
import { hash } from "node:crypto";
import {
  BasicOCSPResponse,
  type CertID,
  CertStatus,
  id_pkix_ocsp_basic,
  id_pkix_ocsp_nonce,
  KeyHash,
  OCSPRequest,
  OCSPResponse,
  OCSPResponseStatus,
  ResponderID,
  ResponseBytes,
  ResponseData,
  RevokedInfo,
  SingleResponse,
} from "@peculiar/asn1-ocsp";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import { Certificate, CRLReason, type Extension, SubjectPublicKeyInfo } from "@peculiar/asn1-x509";
import { type AuthorityAlgorithm, identifierOf } from "./algorithms.ts";
import { encode } from "./der.ts";
import { type Reason, reasons } from "./revocations.ts";

/** Certificates that one request may ask about. */
const mostAsked = 100;
/** Largest nonce that is answered with (RFC 9654), in bytes. */
const mostNonce = 128;

/** Digests that name the authority in a request: SHA-1, which OpenSSL uses unless told, and SHA-2. */
const digests: Record<string, string> = {
  "1.3.14.3.2.26": "sha1",
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

export type CertificateStatus =
  | { readonly state: "good" }
  | { readonly state: "unknown" }
  | { readonly state: "revoked"; readonly at: Date; readonly reason: Reason };

/** An authority: DER of its name and of its public key. */
export interface NamedKey {
  readonly name: Uint8Array;
  readonly spki: Uint8Array;
}

export interface StatusQuestion {
  readonly request: OCSPRequest;
  readonly nonce: Extension | undefined;
  /** Serial numbers that it asks about, hexadecimal. */
  readonly serials: readonly string[];
}

/** @returns undefined for what is no request, or asks too much */
export function readQuestion(der: Uint8Array): StatusQuestion | undefined {
  let request: OCSPRequest;
  try {
    request = AsnConvert.parse(der, OCSPRequest);
  } catch {
    // Whatever is wrong with it: the answer of the protocol to it is “malformed request”.
    return undefined;
  }
  const { requestList, requestExtensions } = request.tbsRequest;
  if (requestList.length === 0 || requestList.length > mostAsked) return undefined;
  const nonce = requestExtensions?.find(({ extnID }) => extnID === id_pkix_ocsp_nonce);
  if (nonce !== undefined && nonce.extnValue.byteLength > mostNonce) return undefined;
  const serials = requestList.map(({ reqCert }) =>
    Buffer.from(reqCert.serialNumber).toString("hex"),
  );
  return { request, nonce, serials };
}

export interface StatusAnswer {
  /** The authority that is asked about. */
  readonly issuer: NamedKey;
  /** DER of the key that signs the answer. */
  readonly spki: Uint8Array;
  readonly statusOf: (serial: string) => CertificateStatus;
  readonly from: Date;
  readonly until: Date;
}

/** What is signed: the state of each certificate that was asked about and that the authority issued. */
export function answerContent(question: StatusQuestion, made: StatusAnswer): ResponseData {
  const { from, until } = made;
  const responses = question.request.tbsRequest.requestList.map(({ reqCert }, at) => {
    const ours = isAbout(reqCert, made.issuer);
    const serial = question.serials[at] ?? "";
    return new SingleResponse({
      certID: reqCert,
      certStatus: certStatus(ours ? made.statusOf(serial) : { state: "unknown" }),
      thisUpdate: from,
      nextUpdate: until,
    });
  });
  return new ResponseData({
    responderID: new ResponderID({
      byKey: new KeyHash(hash("sha1", keyBits(made.spki), "buffer")),
    }),
    producedAt: from,
    responses,
    ...(question.nonce === undefined ? {} : { responseExtensions: [question.nonce] }),
  });
}

/** Whether the first certificate that is asked about is one of the authority's. */
export function asksAbout({ request }: StatusQuestion, issuer: NamedKey): boolean {
  const [first] = request.tbsRequest.requestList;
  return first !== undefined && isAbout(first.reqCert, issuer);
}

function isAbout(
  { hashAlgorithm, issuerNameHash, issuerKeyHash }: CertID,
  { name, spki }: NamedKey,
): boolean {
  const digest = digests[hashAlgorithm.algorithm];
  return (
    digest !== undefined &&
    hash(digest, name, "buffer").equals(Buffer.from(issuerNameHash.buffer)) &&
    hash(digest, keyBits(spki), "buffer").equals(Buffer.from(issuerKeyHash.buffer))
  );
}

function keyBits(spki: Uint8Array): Uint8Array {
  return new Uint8Array(AsnConvert.parse(spki, SubjectPublicKeyInfo).subjectPublicKey);
}

function certStatus(status: CertificateStatus): CertStatus {
  if (status.state === "good") return new CertStatus({ good: null });
  if (status.state === "unknown") return new CertStatus({ unknown: null });
  const code = reasons[status.reason];
  const reason = code === 0 ? {} : { revocationReason: new CRLReason(code) };
  return new CertStatus({ revoked: new RevokedInfo({ revocationTime: status.at, ...reason }) });
}

/**
 * The whole answer.
 * @param content as it was signed
 * @param certificate DER: of the key that signed it, where that is not the authority's own
 */
export function answer(
  content: ResponseData,
  algorithm: AuthorityAlgorithm,
  signature: Uint8Array,
  certificate?: Uint8Array,
): Buffer {
  const basic = new BasicOCSPResponse({
    tbsResponseData: content,
    signatureAlgorithm: identifierOf(algorithm),
    signature: arrayBuffer(signature),
    ...(certificate && { certs: [AsnConvert.parse(certificate, Certificate)] }),
  });
  const response = new OctetString(encode(basic));
  return encode(
    new OCSPResponse({
      responseStatus: OCSPResponseStatus.successful,
      responseBytes: new ResponseBytes({ responseType: id_pkix_ocsp_basic, response }),
    }),
  );
}

/** What a request that cannot be read is answered with; nobody signs it. */
export function malformed(): Buffer {
  return encode(new OCSPResponse({ responseStatus: OCSPResponseStatus.malformedRequest }));
}

function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
