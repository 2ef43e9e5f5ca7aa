/**
 * The log's own key (Ed25519), which signs its checkpoints: `key/log.json`, for its owner only.
 * `log.json` has the public keys in order of use; packaging/doc/audit-format.md describes it.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { chmod, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { canonical } from "../canonical.ts";
import { formatVerifierKey, type VerifierKey, verifierKey } from "../tlog/note.ts";
import type { AuditWriter } from "../types.ts";
import { replaceFile } from "./files.ts";
import { self } from "./types.ts";

const logSchema = v.strictObject({
  keys: v.pipe(v.array(v.strictObject({ from: v.number(), vkey: v.string() })), v.minLength(1)),
  origin: v.string(),
});

/** PEM is PKCS #8. */
const secretSchema = v.strictObject({ origin: v.string(), privateKey: v.string() });

export interface LogKey {
  origin: string;
  key: VerifierKey;
  privateKey: KeyObject;
  /** Index of the event that told of the newest key, and how many keys there have been. */
  from: number;
  count: number;
  /** Why the key was changed at this start; empty when it was not. */
  changed: string;
}

interface Secret {
  origin: string;
  privateKey: KeyObject;
}

/**
 * Loads the key, or makes it once. When the log's key cannot be used any more, a new one takes its
 * place, and the log tells of that before anything is signed with it.
 * @throws Error with a sentence when log.json cannot be understood
 */
export async function openLogKey(
  directory: string,
  node: string,
  log: AuditWriter,
): Promise<LogKey> {
  const [secretFile, logFile] = [join(directory, "key", "log.json"), join(directory, "log.json")];
  const known = await readKnown(logFile);
  const { secret: found, problem } = await readSecret(secretFile);
  const origin = known?.origin ?? found?.origin ?? newOrigin(node);
  let secret = found?.origin === origin ? found : undefined;
  if (secret === undefined) {
    secret = { origin, privateKey: generateKeyPairSync("ed25519").privateKey };
    await writeSecret(secretFile, secret);
  }
  const key = verifierKey(origin, createPublicKey(secret.privateKey));
  const vkey = formatVerifierKey(key);
  const keys = known?.keys ?? [];
  const last = keys.at(-1);
  if (last?.vkey === vkey) {
    const { privateKey } = secret;
    return { origin, key, privateKey, from: last.from, count: keys.length, changed: "" };
  }
  // Should the agent die before log.json is written, the next start tells of the same key again.
  let changed = "";
  let from = 0;
  if (last === undefined) {
    await log.append({ ...self, action: "audit.KeyCreated", details: { origin, vkey } });
  } else {
    changed = problem === "" ? "the key in its place is another one" : problem;
    const details = { vkey, previous: last.vkey, reason: changed };
    const entry = await log.append({ ...self, action: "audit.KeyChanged", details });
    from = entry.sequence - 1;
  }
  const text = canonical({ origin, keys: [...keys, { from, vkey }] });
  await replaceFile(logFile, text);
  return { origin, key, privateKey: secret.privateKey, from, count: keys.length + 1, changed };
}

/** The key as it is, for a thread that signs a bundle. @throws Error when there is none to be used. */
export async function readLogKey(
  directory: string,
): Promise<{ key: VerifierKey; privateKey: KeyObject }> {
  const { secret, problem } = await readSecret(join(directory, "key", "log.json"));
  if (secret === undefined) throw new Error(`nothing can be signed for the log: ${problem}`);
  const { origin, privateKey } = secret;
  return { key: verifierKey(origin, createPublicKey(privateKey)), privateKey };
}

function newOrigin(node: string): string {
  // A note's names have no spaces and no plus signs; host names have neither.
  return `dsecos.org/audit/${node}/${randomBytes(4).toString("hex")}`;
}

async function readKnown(file: string): Promise<v.InferOutput<typeof logSchema> | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return v.parse(logSchema, JSON.parse(text));
  } catch (cause) {
    const what = `${file} cannot be understood, so that no checkpoint can be signed; put back the file from a bundle or a copy of the log.`;
    throw new Error(what, { cause });
  }
}

async function readSecret(file: string): Promise<{ secret: Secret | undefined; problem: string }> {
  const text = await readIfThere(file);
  if (text === undefined) return { secret: undefined, problem: "its key was missing" };
  try {
    const { origin, privateKey } = v.parse(secretSchema, JSON.parse(text));
    return { secret: { origin, privateKey: createPrivateKey(privateKey) }, problem: "" };
  } catch {
    // The cause is left out: it could quote the key.
    return { secret: undefined, problem: "its key could not be read" };
  }
}

async function writeSecret(file: string, { origin, privateKey }: Secret): Promise<void> {
  const directory = join(file, "..");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const pem = privateKey.export({ format: "pem", type: "pkcs8" });
  await replaceFile(file, canonical({ origin, privateKey: pem }));
}

/** @returns undefined when there is no such file. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
