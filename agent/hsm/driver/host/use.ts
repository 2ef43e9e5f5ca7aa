/** What is done with keys of a token: signatures, encryption, keys for data, random bytes. */
import { createHash } from "node:crypto";
import { mlDsa65 } from "../../pq/sizes.ts";
import { Pkcs11Failure } from "../pkcs11/ckr.ts";
import { ecdsaDer } from "../pkcs11/encodings.ts";
import { mechanismFor, type TokenAlgorithm, type Use } from "../pkcs11/keytypes.ts";
import { type Handle, type Mechanism, parameterTypes } from "../pkcs11/module.ts";
import { CKG, type Numbers } from "../pkcs11/numbers.ts";
import { DriverError, type Seal } from "../types.ts";
import type { KeyCalls } from "./calls.ts";
import { isCkr } from "./failures.ts";
import { Ivs, ivLength } from "./ivs.ts";
import type { Keys } from "./keys.ts";
import type { FoundKey, Token } from "./token.ts";
import type { Tokens } from "./tokens.ts";
import { turns } from "./turns.ts";

const tagLength = 16;
const dataKeyLength = 32;
const mostRandom = 1024 * 1024;
const saltLength = 48;

/** Modules refuse an address of 0, which an empty buffer would have; this one is empty and has another. */
const empty = Buffer.alloc(1).subarray(0, 0);

function asBuffer(bytes: Uint8Array): Buffer {
  if (bytes.length === 0) return empty;
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const sha384 = (message: Uint8Array) => createHash("sha384").update(message).digest();

export class KeyUse {
  readonly #tokens: Tokens;
  readonly #keys: Keys;
  readonly #calls: KeyCalls;
  readonly #numbers: Numbers;
  readonly #ivs: Ivs;

  constructor(tokens: Tokens, keys: Keys, calls: KeyCalls, numbers: Numbers) {
    this.#tokens = tokens;
    this.#keys = keys;
    this.#calls = calls;
    this.#numbers = numbers;
    this.#ivs = new Ivs(tokens.module);
  }

  /** @returns a key of that type and no other. @throws DriverError refused */
  #key(session: Handle, token: Token, id: string, algorithm: TokenAlgorithm): FoundKey {
    const key = this.#keys.find(session, token, id);
    if (key.algorithm === algorithm) return key;
    throw new DriverError("refused", `the key ${id} is ${key.algorithm}, not ${algorithm}`);
  }

  #mechanism(algorithm: TokenAlgorithm, use: Use): number {
    const mechanism = mechanismFor(algorithm, use, this.#numbers);
    if (mechanism !== undefined) return mechanism;
    throw new DriverError("refused", `a key ${algorithm} is not for ${use}`);
  }

  sign(label: string, algorithm: TokenAlgorithm, id: string, message: Uint8Array): Promise<Buffer> {
    return this.#tokens.run(label, "sign", async (session, token) => {
      const key = this.#key(session, token, id, algorithm);
      const mechanism = this.#mechanism(algorithm, "sign");
      return await this.#signature(session, key, algorithm, mechanism, message);
    });
  }

  async #signature(
    session: Handle,
    key: FoundKey,
    algorithm: TokenAlgorithm,
    mechanism: number,
    message: Uint8Array,
  ): Promise<Buffer> {
    switch (algorithm) {
      case "P-384":
        return ecdsaDer(await this.#calls.sign(session, { mechanism }, key, sha384(message), 96));
      case "Ed25519":
        return await this.#calls.sign(session, { mechanism }, key, asBuffer(message), 64);
      case "RSA-3072": {
        const parameter = {
          type: parameterTypes.rsaPss,
          hashAlg: this.#numbers.SHA384,
          mgf: CKG.MGF1_SHA384,
          saltLen: saltLength,
        };
        const data = sha384(message);
        return await this.#calls.sign(session, { mechanism, parameter }, key, data, 384);
      }
      case "ML-DSA-65":
        return await this.#calls.sign(
          ...([session, { mechanism }, key, asBuffer(message), mlDsa65.signatureBytes] as const),
        );
      default:
        throw new DriverError("refused", `a key ${algorithm} does not sign`);
    }
  }

  encrypt(label: string, seal: Seal, plaintext: Uint8Array): Promise<Buffer> {
    return this.#tokens.run(label, "encrypt", async (session, token) => {
      const key = this.#key(session, token, seal.id, "AES-256");
      return await this.#encrypted(session, token, key, seal.aad, asBuffer(plaintext));
    });
  }

  async #encrypted(
    session: Handle,
    token: Token,
    key: FoundKey,
    aad: Uint8Array,
    plaintext: Buffer,
  ): Promise<Buffer> {
    const iv = this.#ivs.take(session, token);
    const mechanism = this.#gcm(iv, aad, "encrypt");
    const most = plaintext.length + tagLength;
    const sealed = await this.#calls.encrypt(session, mechanism, key, plaintext, most);
    return Buffer.concat([iv, sealed]);
  }

  #gcm(iv: Buffer, aad: Uint8Array, use: "encrypt" | "decrypt"): Mechanism {
    return {
      mechanism: this.#mechanism("AES-256", use),
      parameter: {
        type: parameterTypes.gcm,
        iv,
        ivBits: ivLength * 8,
        aad: asBuffer(aad),
        tagBits: tagLength * 8,
      },
    };
  }

  decrypt(label: string, seal: Seal, blob: Uint8Array): Promise<Buffer> {
    return this.#tokens.run(label, "decrypt", async (session, token) => {
      const key = this.#key(session, token, seal.id, "AES-256");
      return await this.#decrypted(session, token, key, seal.aad, asBuffer(blob));
    });
  }

  async #decrypted(session: Handle, token: Token, key: FoundKey, aad: Uint8Array, blob: Buffer) {
    if (blob.length < ivLength + tagLength) throw notAuthentic();
    const mechanism = this.#gcm(blob.subarray(0, ivLength), aad, "decrypt");
    const sealed = blob.subarray(ivLength);
    try {
      // Modules may want room for the tag as well.
      return await this.#calls.decrypt(session, mechanism, key, sealed, sealed.length);
    } catch (error) {
      const said = isCkr(
        error,
        "CKR_ENCRYPTED_DATA_INVALID",
        "CKR_ENCRYPTED_DATA_LEN_RANGE",
        "CKR_AEAD_DECRYPT_FAILED",
        "CKR_SIGNATURE_INVALID",
      );
      if (said) throw notAuthentic();
      // SoftHSM says so little that only a token in good health makes this the ciphertext's fault.
      if (isCkr(error, "CKR_GENERAL_ERROR") && (await this.#isHealthy(session, token, key))) {
        throw notAuthentic();
      }
      throw error;
    }
  }

  async #isHealthy(session: Handle, token: Token, key: FoundKey): Promise<boolean> {
    if (!token.isThere()) return false;
    const probe = Buffer.alloc(16);
    const aad = Buffer.from("probe");
    try {
      const blob = await this.#encrypted(session, token, key, aad, probe);
      const mechanism = this.#gcm(blob.subarray(0, ivLength), aad, "decrypt");
      const sealed = blob.subarray(ivLength);
      const back = await this.#calls.decrypt(session, mechanism, key, sealed, sealed.length);
      return back.equals(probe);
    } catch (error) {
      if (error instanceof Pkcs11Failure) return false;
      throw error;
    }
  }

  dataKeys(label: string, seal: Seal, count: number) {
    if (!Number.isInteger(count) || count < 1 || count > 10_000) {
      throw new DriverError("refused", "1 to 10,000 data keys are made at once");
    }
    return this.#tokens.run(label, "make data keys", async (session, token) => {
      const key = this.#key(session, token, seal.id, "AES-256");
      const random = this.#tokens.module.C_GenerateRandom(
        session,
        Buffer.alloc(dataKeyLength * count),
      );
      const made: { plaintext: Buffer; wrapped: Buffer }[] = [];
      const turn = turns();
      for (let at = 0; at < random.length; at += dataKeyLength) {
        const plaintext = random.subarray(at, at + dataKeyLength);
        const wrapped = await this.#encrypted(session, token, key, seal.aad, plaintext);
        made.push({ plaintext, wrapped });
        await turn();
      }
      return made;
    });
  }

  random(label: string, bytes: number): Promise<Buffer> {
    if (!Number.isInteger(bytes) || bytes < 1 || bytes > mostRandom) {
      throw new DriverError("refused", `1 to ${mostRandom} random bytes are given at once`);
    }
    return this.#tokens.run(label, "random", (session) =>
      this.#tokens.module.C_GenerateRandom(session, Buffer.alloc(bytes)),
    );
  }
}

function notAuthentic(): DriverError {
  return new DriverError(
    "authentication",
    "the ciphertext or what it is bound to is not what was encrypted",
  );
}
