/** Templates (TPMT_PUBLIC) of the keys that DsecOS makes or makes again. */
import { sized, u16, u32 } from "./codec.ts";
import { alg, curve, objectAttribute } from "./constants.ts";

const { fixedTpm, fixedParent, sensitiveDataOrigin, userWithAuth, adminWithPolicy } =
  objectAttribute;
const { noDa, restricted, decrypt, sign } = objectAttribute;

/**
 * An attestation key: signs nothing but what the TPM itself says, ECDSA on P-256 with SHA-256.
 * @param unique 64 bytes; another value gives another key
 */
export function akTemplate(unique: Buffer): Buffer {
  const attributes =
    fixedTpm | fixedParent | sensitiveDataOrigin | userWithAuth | noDa | restricted | sign;
  return Buffer.concat([
    ...[u16(alg.ecc), u16(alg.sha256), u32(attributes), sized()],
    ...[u16(alg.null), u16(alg.ecdsa), u16(alg.sha256), u16(curve.p256), u16(alg.null)],
    ...[sized(unique.subarray(0, 32)), sized(unique.subarray(32))],
  ]);
}

export interface EkTemplate {
  /** NV index of the certificate. */
  certificate: number;
  template: Buffer;
  /** The low range asks for the endorsement hierarchy's password by policy. */
  byPolicy: boolean;
}

const storage =
  fixedTpm | fixedParent | sensitiveDataOrigin | adminWithPolicy | restricted | decrypt;
/** TPM2_PolicySecret of the endorsement hierarchy. */
const policyA = hex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa");
/** The same, or what the TPM's manufacturer or platform puts beside it. */
const policyB256 = hex("ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0");
const policyB384 = hex(
  "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12",
);

const low = [u16(alg.sha256), u32(storage), sized(policyA), ...aes(128)];
const high256 = [u16(alg.sha256), u32(storage | userWithAuth), sized(policyB256), ...aes(128)];
const high384 = [u16(alg.sha384), u32(storage | userWithAuth), sized(policyB384), ...aes(256)];

/**
 * TCG EK Credential Profile for TPM 2.0, version 2.5, 2.2.1.4 (indexes) and B.3 to B.4 (templates
 * L-1, L-2, H-1 to H-3); fast keys first. The low range's unique fields are filled with zeros.
 */
export const ekTemplates: readonly EkTemplate[] = [
  { certificate: 0x01c0000a, template: ecc(low, curve.p256, 32), byPolicy: true },
  { certificate: 0x01c00014, template: ecc(high256, curve.p256, 0), byPolicy: false },
  { certificate: 0x01c00016, template: ecc(high384, curve.p384, 0), byPolicy: false },
  { certificate: 0x01c00002, template: rsa(low, 256), byPolicy: true },
  { certificate: 0x01c00012, template: rsa(high256, 0), byPolicy: false },
];

function ecc(head: Buffer[], curveId: number, unique: number): Buffer {
  const coordinate = sized(Buffer.alloc(unique));
  const parameters = [u16(alg.null), u16(curveId), u16(alg.null)];
  return Buffer.concat([u16(alg.ecc), ...head, ...parameters, coordinate, coordinate]);
}

function rsa(head: Buffer[], unique: number): Buffer {
  const usualExponent = u32(0);
  const parameters = [u16(alg.null), u16(2048), usualExponent];
  return Buffer.concat([u16(alg.rsa), ...head, ...parameters, sized(Buffer.alloc(unique))]);
}

function aes(bits: number): Buffer[] {
  return [u16(alg.aes), u16(bits), u16(alg.cfb)];
}

function hex(digits: string): Buffer {
  return Buffer.from(digits, "hex");
}
