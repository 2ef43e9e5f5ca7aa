/**
 * A fake TPM: a key in memory that signs whatever a test makes up, so that each rule about what a
 * real one signs can be broken alone.
 */
import { generateKeyPairSync, hash, type KeyObject, randomBytes, sign } from "node:crypto";
import type { TpmSeal } from "../../agent/tpm/attest.ts";
import { sized, u8, u16, u32 } from "../../agent/tpm/codec.ts";
import { objectAttribute } from "../../agent/tpm/constants.ts";
import { makeCredential } from "../../agent/tpm/credential.ts";
import type { Enrolment } from "../../agent/tpm/evidence.ts";
import {
  counterName,
  nameOf,
  pcrSelection,
  qualifiedName,
  quotedPcrs,
} from "../../agent/tpm/structures.ts";
import { akTemplate, type EkTemplate, ekTemplates } from "../../agent/tpm/templates.ts";

const counterIndex = 0x0180d5e0;

export interface Claims {
  text: string;
  counter: bigint;
  clock?: bigint;
  resetCount?: number;
  restartCount?: number;
  safe?: boolean;
  indexName?: Buffer;
  offset?: number;
  contents?: Buffer;
  signer?: Buffer;
  extraData?: Buffer;
  selection?: Buffer;
  pcrs?: Record<string, string>;
}

const zeros = Object.fromEntries(quotedPcrs.map((pcr) => [pcr, "00".repeat(32)]));

export class ForgedTpm {
  readonly enrolment: Enrolment;
  readonly #key: KeyObject;
  readonly #name: Buffer;

  /** @param attributes TPMA_OBJECT of the key, the right ones unless told */
  constructor(attributes?: number) {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#key = privateKey;
    const akPublic = akTemplate(point(publicKey));
    if (attributes !== undefined) akPublic.writeUInt32BE(attributes, 4);
    const [{ template }] = ekTemplates as [EkTemplate];
    const ek = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
    // The template ends in the coordinates, each behind its size.
    const ekPublic = Buffer.from(template);
    const at = ekPublic.length - 2 * (2 + 32);
    point(ek).copy(ekPublic, at + 2, 0, 32);
    point(ek).copy(ekPublic, at + 2 + 32 + 2, 32);
    this.#name = nameOf(akPublic);
    const secret = randomBytes(32);
    const { blob, seed, ephemeral } = makeCredential(ekPublic, secret, this.#name);
    const text = (bytes: Buffer) => bytes.toString("base64");
    this.enrolment = {
      name: this.#name.toString("hex"),
      akPublic: text(akPublic),
      ekPublic: text(ekPublic),
      ekCertificates: [],
      counterIndex,
      counterName: counterName(counterIndex).toString("hex"),
      manufacturer: "FAKE",
      software: true,
      from: 0,
      activation: {
        blob: text(blob),
        ephemeral: text(ephemeral),
        secret: text(secret),
        seed: text(seed),
      },
    };
  }

  seal(line: number, claims: Claims): TpmSeal {
    const pcrs = claims.pcrs ?? zeros;
    const values = quotedPcrs.map((pcr) => Buffer.from(zeros[pcr] ?? "", "hex"));
    const contents = Buffer.alloc(8);
    contents.writeBigUInt64BE(claims.counter);
    const nv = [
      sized(claims.indexName ?? counterName(counterIndex)),
      u16(claims.offset ?? 0),
      sized(claims.contents ?? contents),
    ];
    const quote = [
      claims.selection ?? pcrSelection(),
      sized(hash("sha256", Buffer.concat(values), "buffer")),
    ];
    return {
      line,
      checkpointText: claims.text,
      tpm: {
        ak: this.enrolment.name,
        counter: this.#attest(0x8014, claims, nv),
        quote: this.#attest(0x8018, claims, quote),
        pcrs,
      },
    };
  }

  #attest(type: number, claims: Claims, attested: Buffer[]) {
    const long = (value: bigint) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64BE(value);
      return bytes;
    };
    const attest = Buffer.concat([
      ...[u32(0xff544347), u16(type), sized(claims.signer ?? qualifiedName(this.#name))],
      sized(claims.extraData ?? hash("sha256", claims.text, "buffer")),
      ...[long(claims.clock ?? claims.counter * 1000n), u32(claims.resetCount ?? 3)],
      ...[u32(claims.restartCount ?? 1), u8(claims.safe === false ? 0 : 1), long(1n)],
      ...attested,
    ]);
    const key = { key: this.#key, dsaEncoding: "ieee-p1363" } as const;
    const signature = sign("sha256", attest, key).toString("base64");
    return { attest: attest.toString("base64"), signature };
  }
}

/** Attributes of a right attestation key. */
export const rightAttributes: number =
  objectAttribute.fixedTpm |
  objectAttribute.fixedParent |
  objectAttribute.restricted |
  objectAttribute.sign;

function point(key: KeyObject): Buffer {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  return Buffer.concat([Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
}
