/** What a TPM says about itself, parsed: TPMT_PUBLIC, TPMS_ATTEST, names (TPM 2.0 Part 1 and 2). */
import { createPublicKey, hash, type KeyObject } from "node:crypto";
import { FormError, Reader, sized, u8, u16, u32 } from "./codec.ts";
import { alg, curve, generated, hierarchy, nvAttribute, tag } from "./constants.ts";

const hashNames: Record<number, "sha256" | "sha384" | "sha512"> = {
  [alg.sha256]: "sha256",
  [alg.sha384]: "sha384",
  [alg.sha512]: "sha512",
};

/** @throws FormError for an algorithm that DsecOS does not use. */
export function hashName(id: number): "sha256" | "sha384" | "sha512" {
  const name = hashNames[id];
  if (name === undefined)
    throw new FormError(`uses the hash 0x${id.toString(16)}, which is not known`);
  return name;
}

const curves: Record<number, { name: string; bytes: number }> = {
  [curve.p256]: { name: "P-256", bytes: 32 },
  [curve.p384]: { name: "P-384", bytes: 48 },
};

export interface PublicArea {
  nameAlg: number;
  /** TPMA_OBJECT */
  attributes: number;
  policy: Buffer;
  /** Bits of the AES key (CFB) with which a storage key protects; undefined for others. */
  aesBits: number | undefined;
  /** Algorithm and hash of a key's only signing scheme; undefined for a key that has none. */
  scheme: { id: number; hash: number } | undefined;
  key: { type: "rsa"; modulus: Buffer; exponent: number } | EccPoint;
}

export interface EccPoint {
  type: "ecc";
  curve: string;
  /** Bytes of a coordinate. */
  bytes: number;
  x: Buffer;
  y: Buffer;
}

/**
 * TPMT_PUBLIC (Part 2, table 200) of an RSA or ECC key.
 * @throws FormError
 */
export function parsePublic(bytes: Buffer): PublicArea {
  const reader = new Reader(bytes);
  const type = reader.u16();
  const nameAlg = reader.u16();
  const attributes = reader.u32();
  const policy = reader.sized();
  // TPMS_RSA_PARMS and TPMS_ECC_PARMS begin with TPMT_SYM_DEF_OBJECT.
  const symmetric = reader.u16();
  let aesBits: number | undefined;
  if (symmetric !== alg.null) {
    aesBits = reader.u16();
    if (symmetric !== alg.aes || reader.u16() !== alg.cfb)
      throw new FormError("protects with something else than AES in CFB mode");
    if (aesBits !== 128 && aesBits !== 192 && aesBits !== 256)
      throw new FormError(`protects with AES of ${aesBits} bits`);
  }
  const schemeId = reader.u16();
  const scheme = schemeId === alg.null ? undefined : { id: schemeId, hash: reader.u16() };
  const base = { nameAlg, attributes, policy, aesBits, scheme };
  let key: PublicArea["key"];
  if (type === alg.rsa) {
    reader.u16(); // bits, which follow from the modulus
    const exponent = reader.u32();
    key = { type: "rsa", exponent: exponent === 0 ? 65_537 : exponent, modulus: reader.sized() };
  } else if (type === alg.ecc) {
    const known = curves[reader.u16()];
    if (known === undefined) throw new FormError("is on a curve that is not known");
    if (reader.u16() !== alg.null) throw new FormError("has a key derivation of its own");
    key = {
      type: "ecc",
      curve: known.name,
      bytes: known.bytes,
      x: reader.sized(),
      y: reader.sized(),
    };
  } else throw new FormError("is neither an RSA nor an ECC key");
  reader.end();
  return { ...base, key };
}

/** @throws FormError for a point that is not on its curve. */
export function publicKeyOf({ key }: PublicArea): KeyObject {
  const coordinate = (value: Buffer, bytes: number) =>
    Buffer.concat([Buffer.alloc(Math.max(0, bytes - value.length)), value]).toString("base64url");
  const jwk =
    key.type === "ecc"
      ? {
          kty: "EC",
          crv: key.curve,
          x: coordinate(key.x, key.bytes),
          y: coordinate(key.y, key.bytes),
        }
      : {
          kty: "RSA",
          n: key.modulus.toString("base64url"),
          e: u32(key.exponent).toString("base64url"),
        };
  try {
    return createPublicKey({ key: jwk, format: "jwk" });
  } catch (cause) {
    throw new FormError("is no valid public key", { cause });
  }
}

/** Name of an object (Part 1, 16): its hash algorithm and the hash of its public area. */
export function nameOf(publicArea: Buffer): Buffer {
  const id = new Reader(publicArea.subarray(2)).u16();
  return Buffer.concat([u16(id), hash(hashName(id), publicArea, "buffer")]);
}

/** Qualified name (Part 1, 16) of a primary key of the endorsement hierarchy with SHA-256. */
export function qualifiedName(name: Buffer): Buffer {
  const path = Buffer.concat([u32(hierarchy.endorsement), name]);
  return Buffer.concat([u16(alg.sha256), hash("sha256", path, "buffer")]);
}

/** Attributes of the counter before it is first incremented; the auth value is needed to raise it. */
export const counterAttributes =
  nvAttribute.counter |
  nvAttribute.authWrite |
  nvAttribute.authRead |
  nvAttribute.ownerRead |
  nvAttribute.noDa;

/** TPMS_NV_PUBLIC (Part 2, table 208) of the counter. */
export function counterPublic(index: number, attributes = counterAttributes): Buffer {
  const counterBytes = 8;
  return Buffer.concat([u32(index), u16(alg.sha256), u32(attributes), sized(), u16(counterBytes)]);
}

/** Name of the counter once it is written. */
export function counterName(index: number): Buffer {
  const area = counterPublic(index, counterAttributes | nvAttribute.written);
  return Buffer.concat([u16(alg.sha256), hash("sha256", area, "buffer")]);
}

/** Registers of the quote: firmware and boot (0 to 7), and shim's keys (14). */
export const quotedPcrs: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 14];

/** TPML_PCR_SELECTION (Part 2, table 112) of `quotedPcrs` in the SHA-256 bank. */
export function pcrSelection(pcrs: readonly number[] = quotedPcrs): Buffer {
  const bits = Buffer.alloc(3);
  for (const pcr of pcrs) bits[pcr >> 3] = (bits[pcr >> 3] ?? 0) | (1 << (pcr % 8));
  return Buffer.concat([u32(1), u16(alg.sha256), u8(bits.length), bits]);
}

/** @returns the bytes of a TPML_PCR_SELECTION as they stand. */
function readSelection(reader: Reader): Buffer {
  const count = reader.u32();
  const parts = [u32(count)];
  for (let bank = 0; bank < count; bank++) {
    const head = reader.take(3);
    parts.push(head, reader.take(head.readUInt8(2)));
  }
  return Buffer.concat(parts);
}

export interface Clock {
  /** Milliseconds that the TPM was powered. */
  clock: bigint;
  resetCount: number;
  restartCount: number;
  safe: boolean;
}

export interface Attest {
  /** Qualified name of the key that signed. */
  signer: Buffer;
  extraData: Buffer;
  clock: Clock;
  firmware: bigint;
  attested:
    | { type: "nv"; indexName: Buffer; offset: number; contents: Buffer }
    | { type: "quote"; selection: Buffer; digest: Buffer };
}

/** TPMS_CLOCK_INFO (Part 2, table 117). */
export function readClock(reader: Reader): Clock {
  const [clock, resetCount, restartCount] = [reader.u64(), reader.u32(), reader.u32()];
  return { clock, resetCount, restartCount, safe: reader.u8() === 1 };
}

/**
 * TPMS_ATTEST (Part 2, table 132) of TPM2_NV_Certify or TPM2_Quote.
 * @throws FormError
 */
export function parseAttest(bytes: Buffer): Attest {
  const reader = new Reader(bytes);
  if (reader.u32() !== generated) throw new FormError("was not generated by a TPM");
  const type = reader.u16();
  const signer = reader.sized();
  const extraData = reader.sized();
  const clock = readClock(reader);
  const firmware = reader.u64();
  let attested: Attest["attested"];
  if (type === tag.attestNv) {
    attested = {
      type: "nv",
      indexName: reader.sized(),
      offset: reader.u16(),
      contents: reader.sized(),
    };
  } else if (type === tag.attestQuote) {
    attested = { type: "quote", selection: readSelection(reader), digest: reader.sized() };
  } else throw new FormError(`attests something else (0x${type.toString(16)})`);
  reader.end();
  return { signer, extraData, clock, firmware, attested };
}
