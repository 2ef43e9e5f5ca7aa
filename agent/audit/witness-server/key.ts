/** The witness's own key. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import {
  formatVerifierKey,
  parseVerifierKey,
  type VerifierKey,
  verifierKey,
  witnessKeyType,
} from "../tlog/note.ts";
import { writeDurably } from "./memory.ts";

export interface WitnessKey {
  verifier: VerifierKey;
  /** The verifier key as text, which the logs are configured with. */
  vkey: string;
  privateKey: KeyObject;
}

/**
 * Reads `witness.pem` (PKCS #8) and `witness.vkey`, and makes them at the first start.
 *
 * @param name of the witness, as its signatures carry it; undefined takes the one of before
 * @throws Error in a sentence.
 */
export async function ensureKey(directory: string, name: string | undefined): Promise<WitnessKey> {
  const pemFile = join(directory, "witness.pem");
  const vkeyFile = join(directory, "witness.vkey");
  const pem = await readIfThere(pemFile);
  if (pem === undefined) {
    if (name === undefined)
      throw new Error("At the first start, --name says how the witness is called.");
    return await makeKey(pemFile, vkeyFile, name);
  }
  const privateKey = createPrivateKey(pem);
  const written = await readIfThere(vkeyFile);
  const known = written === undefined ? undefined : parseVerifierKey(written.trim()).name;
  if (name !== undefined && known !== undefined && name !== known) {
    throw new Error(`This witness is called ${known}; a new name needs a new directory and key.`);
  }
  const settled = known ?? name;
  if (settled === undefined) throw new Error(`${vkeyFile} is missing; give the witness's --name.`);
  const key = keyOf(settled, privateKey);
  if (written?.trim() !== key.vkey) await writeDurably(vkeyFile, `${key.vkey}\n`, 0o644);
  return key;
}

async function makeKey(pemFile: string, vkeyFile: string, name: string): Promise<WitnessKey> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const key = keyOf(name, privateKey);
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  await writeDurably(`${pemFile}.new`, pem);
  await rename(`${pemFile}.new`, pemFile);
  await writeDurably(vkeyFile, `${key.vkey}\n`, 0o644);
  return key;
}

function keyOf(name: string, privateKey: KeyObject): WitnessKey {
  const verifier = verifierKey(name, createPublicKey(privateKey), witnessKeyType);
  return { verifier, vkey: formatVerifierKey(verifier), privateKey };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
