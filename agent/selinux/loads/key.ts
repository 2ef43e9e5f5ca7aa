/**
 * The node's key for policies (Ed25519), one of its own: whoever may sign checkpoints of the log may
 * not say which policy is loaded. The key is `key` in the directory of policies, for its owner only;
 * `key.pub` beside it is what another node puts into its folder of trusted signers.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { canonical } from "../../audit/canonical.ts";
import { replaceFile } from "../../audit/seal/files.ts";
import { readIfThere } from "../../audit/seal/key.ts";
import {
  formatVerifierKey,
  logKeyType,
  NoteError,
  parseVerifierKey,
  type VerifierKey,
  verifierKey,
} from "../../audit/tlog/note.ts";
import { DsecosError } from "../../bus/errors.ts";

/** One file `*.pub` with a line for each node whose policies are loaded here. */
export const signersDirectory = "/etc/dsecos/policy-signers";

/** PEM is PKCS #8. */
const secretSchema = v.strictObject({ name: v.string(), privateKey: v.string() });

export interface PolicyKey {
  readonly key: VerifierKey;
  readonly privateKey: KeyObject;
}

/** SHA-256 of the 32 bytes of the public key, in hexadecimal. */
export function fingerprintOf({ publicKey }: VerifierKey): string {
  return hash("sha256", publicKey, "hex");
}

/**
 * Reads the key, or makes it at the first use.
 *
 * @throws Error in a sentence where the file is there and cannot be understood: a new key in its
 *   place would make the policies that it signed those of a stranger
 */
export async function openPolicyKey(directory: string, node: string): Promise<PolicyKey> {
  const found = await readPolicyKey(directory);
  if (found !== undefined) return found;
  const { privateKey } = generateKeyPairSync("ed25519");
  const name = `dsecos.org/selinux/${node}/${randomBytes(4).toString("hex")}`;
  const pem = privateKey.export({ format: "pem", type: "pkcs8" });
  const key = verifierKey(name, createPublicKey(privateKey));
  await replaceFile(join(directory, "key.pub"), `${formatVerifierKey(key)}\n`);
  await replaceFile(join(directory, "key"), canonical({ name, privateKey: pem }));
  return { key, privateKey };
}

/** @returns undefined where there is none yet. @throws Error as {@link openPolicyKey} does */
async function readPolicyKey(directory: string): Promise<PolicyKey | undefined> {
  const file = join(directory, "key");
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  try {
    const secret = v.parse(secretSchema, JSON.parse(text));
    const privateKey = createPrivateKey(secret.privateKey);
    return { key: verifierKey(secret.name, createPublicKey(privateKey)), privateKey };
  } catch {
    // The cause is left out: it could quote the key.
    const what = `${file} is no key that policies can be signed with: put back the file, or remove it, so that a new key is made.`;
    throw new DsecosError("Unavailable", what);
  }
}

/**
 * The keys whose policies are loaded: the node's own, and those of the folder.
 *
 * @throws DsecosError where a file of the folder cannot be understood, since leaving one out in
 *   silence would be found by nobody
 */
export async function trustedSigners(
  directory: string,
  signers = signersDirectory,
): Promise<VerifierKey[]> {
  const own = await readPolicyKey(directory);
  const keys = own === undefined ? [] : [own.key];
  for (const name of (await namesIn(signers)).filter((each) => each.endsWith(".pub")).sort()) {
    const file = join(signers, name);
    for (const line of (await readFile(file, "utf8")).split("\n")) {
      if (line.trim() === "" || line.startsWith("#")) continue;
      keys.push(signerOf(file, line.trim()));
    }
  }
  return keys;
}

function signerOf(file: string, line: string): VerifierKey {
  try {
    const key = parseVerifierKey(line);
    if (key.type !== logKeyType) throw new NoteError(`The key of ${key.name} is of a witness.`);
    return key;
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    throw new DsecosError("Unavailable", `${file}: ${error.message}`, { cause: error });
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
