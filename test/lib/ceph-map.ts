/** Signs maps of jurisdictions, as whoever has a key would. */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { canonical } from "../../agent/audit/canonical.ts";
import type { JurisdictionMap } from "../../agent/ceph/residency/map/document.ts";
import { mapKeyId } from "../../agent/ceph/residency/map/signed.ts";

export interface MapSigner {
  algorithm: "Ed25519" | "P-384";
  privateKey: KeyObject;
  publicKey: KeyObject;
  /** PEM. */
  pem: string;
}

export function mapSigner(algorithm: MapSigner["algorithm"]): MapSigner {
  const { privateKey } =
    algorithm === "Ed25519"
      ? generateKeyPairSync("ed25519")
      : generateKeyPairSync("ec", { namedCurve: "P-384" });
  const publicKey = createPublicKey(privateKey);
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  return { algorithm, privateKey, publicKey, pem };
}

/** @returns the content of the file */
export function signMap(map: JurisdictionMap, ...signers: MapSigner[]): string {
  const text = Buffer.from(canonical(map));
  const signatures = signers.map(({ algorithm, privateKey, publicKey }) => ({
    algorithm,
    key: mapKeyId(publicKey),
    signature: sign(algorithm === "P-384" ? "sha384" : null, text, privateKey).toString("base64"),
  }));
  return canonical({ map, signatures });
}
