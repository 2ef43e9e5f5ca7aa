/** Answers about the state of certificates (OCSP, RFC 6960), signed by the authority itself. */
import { hash } from "node:crypto";
import {
  BasicOCSPResponse,
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
import { CRLReason, type Extension, SubjectPublicKeyInfo } from "@peculiar/asn1-x509";
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

/** Who answers: DER of its name and of its public key. */
export interface Responder {
  readonly name: Uint8Array;
  readonly spki: Uint8Array;
}

export interface StatusQuestion {
  readonly request: OCSPRequest;
  readonly nonce: Extension | undefined;
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
  return { request, nonce };
}

/** Of certificates that were asked about, those that the responder issued. In hexadecimal. */
export function answerContent(
  question: StatusQuestion,
  responder: Responder,
  statusOf: (serial: string) => CertificateStatus,
  from: Date,
  until: Date,
): ResponseData {
  const { subjectPublicKey } = AsnConvert.parse(responder.spki, SubjectPublicKeyInfo);
  const isOurs = (digest: string, name: OctetString, key: OctetString) =>
    hash(digest, responder.name, "buffer").equals(Buffer.from(name.buffer)) &&
    hash(digest, new Uint8Array(subjectPublicKey), "buffer").equals(Buffer.from(key.buffer));
  const responses = question.request.tbsRequest.requestList.map(({ reqCert }) => {
    const digest = digests[reqCert.hashAlgorithm.algorithm];
    const ours =
      digest !== undefined && isOurs(digest, reqCert.issuerNameHash, reqCert.issuerKeyHash);
    const serial = Buffer.from(reqCert.serialNumber).toString("hex");
    const status = ours ? statusOf(serial) : { state: "unknown" as const };
    return new SingleResponse({
      certID: reqCert,
      certStatus: certStatus(status),
      thisUpdate: from,
      nextUpdate: until,
    });
  });
  return new ResponseData({
    responderID: new ResponderID({
      byKey: new KeyHash(hash("sha1", new Uint8Array(subjectPublicKey), "buffer")),
    }),
    producedAt: from,
    responses,
    ...(question.nonce === undefined ? {} : { responseExtensions: [question.nonce] }),
  });
}

function certStatus(status: CertificateStatus): CertStatus {
  if (status.state === "good") return new CertStatus({ good: null });
  if (status.state === "unknown") return new CertStatus({ unknown: null });
  const code = reasons[status.reason];
  const reason = code === 0 ? {} : { revocationReason: new CRLReason(code) };
  return new CertStatus({ revoked: new RevokedInfo({ revocationTime: status.at, ...reason }) });
}

/** The whole answer. @param content as it was signed */
export function answer(
  content: ResponseData,
  algorithm: AuthorityAlgorithm,
  signature: Uint8Array,
): Buffer {
  const basic = new BasicOCSPResponse({
    tbsResponseData: content,
    signatureAlgorithm: identifierOf(algorithm),
    signature: arrayBuffer(signature),
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
