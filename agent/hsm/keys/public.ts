/** Public halves as everybody reads them. */
import { createHash } from "node:crypto";
import { DsecosError } from "../../bus/errors.ts";
import type { PublicKey } from "./answers.ts";
import type { KeyRecord, KeyVersion } from "./record.ts";

const pointBytes = 97;

/** @param version 0 for the newest. @throws NotFound, InvalidArgument for AES */
export async function publicKey(record: KeyRecord, version: number): Promise<PublicKey> {
  const { name, algorithm, versions } = record;
  const wanted = version === 0 ? versions.at(-1)?.version : version;
  const found = versions.find((one) => one.version === wanted);
  if (found === undefined) {
    const what = `${name} has no version ${version}; its newest is ${versions.at(-1)?.version}.`;
    throw new DsecosError("NotFound", what);
  }
  if (algorithm === "AES-256") {
    const what = `${name} is an AES key, which has no public half; choose another key.`;
    throw new DsecosError("InvalidArgument", what);
  }
  const der = await spkiOf(record, found);
  return {
    ...{ key: name, version: found.version, algorithm },
    pem: pemOf(der),
    der: der.toString("base64"),
    sha256: createHash("sha256").update(der).digest("hex"),
  };
}

async function spkiOf({ algorithm }: KeyRecord, { spki, sealed }: KeyVersion): Promise<Buffer> {
  const classical = Buffer.from(spki ?? "", "base64");
  if (sealed === undefined) return classical;
  const pq = Buffer.from(sealed.publicKey, "base64");
  // Loaded when it is asked for first: the agent itself computes nothing with such keys.
  const { toSpki } = await import("../pq/spki.ts");
  switch (algorithm) {
    case "ML-DSA-65":
    case "ML-KEM-768":
      return Buffer.from(toSpki(algorithm, pq));
    case "MLDSA65-P384":
    case "MLKEM768-P384": {
      // A SubjectPublicKeyInfo of P-384 ends with its point.
      const point = classical.subarray(-pointBytes);
      return Buffer.from(toSpki(algorithm, Buffer.concat([pq, point])));
    }
    default:
      throw new Error(`${algorithm} is never sealed`);
  }
}

export function pemOf(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN PUBLIC KEY-----\n${lines.join("\n")}\n-----END PUBLIC KEY-----\n`;
}
