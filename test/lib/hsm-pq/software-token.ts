/**
 * A token in software, by node:crypto: what post-quantum keys ask of a token, with its keys in plain
 * memory. It stands in for the driver's process in unit tests, which load no module of PKCS#11.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { DriverError, type Seal } from "../../../agent/hsm/driver/types.ts";
import { toSpki } from "../../../agent/hsm/pq/spki.ts";
import type { TokenForPq } from "../../../agent/hsm/pq/token.ts";

export class SoftwareToken implements TokenForPq {
  readonly #aes = new Map<string, Buffer>();
  readonly #ec = new Map<string, KeyObject>();
  /** Everything that was decrypted, as the caller holds it, to see whether it is overwritten. */
  readonly decrypted: Uint8Array[] = [];

  makeAes(id: string): void {
    this.#aes.set(id, randomBytes(32));
  }

  /** @returns Its public key as SubjectPublicKeyInfo. */
  makeP384(id: string): Uint8Array {
    const pair = generateKeyPairSync("ec", { namedCurve: "P-384" });
    return this.importP384(id, pair.privateKey);
  }

  /** @param key ECPrivateKey of RFC 5915 as DER, or a key. */
  importP384(id: string, key: Uint8Array | KeyObject): Uint8Array {
    const object =
      key instanceof Uint8Array
        ? createPrivateKey({ key: Buffer.from(key), format: "der", type: "sec1" })
        : key;
    this.#ec.set(id, object);
    return createPublicKey(object).export({ format: "der", type: "spki" });
  }

  async random(bytes: number): Promise<Uint8Array> {
    return randomBytes(bytes);
  }

  async encrypt(seal: Seal, plaintext: Uint8Array): Promise<Uint8Array> {
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#aesOf(seal), iv).setAAD(seal.aad);
    const encrypted = [cipher.update(plaintext), cipher.final()];
    return Buffer.concat([iv, ...encrypted, cipher.getAuthTag()]);
  }

  async decrypt(seal: Seal, blob: Uint8Array): Promise<Uint8Array> {
    const iv = blob.subarray(0, 12);
    const decipher = createDecipheriv("aes-256-gcm", this.#aesOf(seal), iv).setAAD(seal.aad);
    decipher.setAuthTag(blob.subarray(-16));
    try {
      const plaintext = decipher.update(blob.subarray(12, -16));
      decipher.final();
      this.decrypted.push(plaintext);
      return plaintext;
    } catch {
      throw new DriverError("authentication", "The blob is not what was sealed.");
    }
  }

  async signP384(id: string, message: Uint8Array): Promise<Uint8Array> {
    return sign("sha384", message, this.#ecOf(id));
  }

  async agreeP384(id: string, point: Uint8Array): Promise<Uint8Array> {
    const spki = Buffer.from(toSpki("P-384", point));
    const publicKey = createPublicKey({ key: spki, format: "der", type: "spki" });
    return diffieHellman({ privateKey: this.#ecOf(id), publicKey });
  }

  #aesOf({ id }: Seal): Buffer {
    const key = this.#aes.get(id);
    if (key === undefined) throw new DriverError("keyMissing", `The token has no key ${id}.`);
    return key;
  }

  #ecOf(id: string): KeyObject {
    const key = this.#ec.get(id);
    if (key === undefined) throw new DriverError("keyMissing", `The token has no key ${id}.`);
    return key;
  }
}
