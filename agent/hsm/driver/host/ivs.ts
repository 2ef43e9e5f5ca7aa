/**
 * Initialization vectors: random of the token, fetched for many at once, since each call for random
 * holds this thread for as long as an HSM behind a network takes to answer. Each is given once.
 */
import type { Handle, Module } from "../pkcs11/module.ts";
import type { Token } from "./token.ts";

export const ivLength = 12;
const atOnce = 256;

export class Ivs {
  readonly #module: Module;
  readonly #kept = new WeakMap<Token, { bytes: Buffer; at: number }>();

  constructor(module: Module) {
    this.#module = module;
  }

  take(session: Handle, token: Token): Buffer {
    let kept = this.#kept.get(token);
    if (kept === undefined || kept.at === kept.bytes.length) {
      const bytes = Buffer.alloc(ivLength * atOnce);
      kept = { bytes: this.#module.C_GenerateRandom(session, bytes), at: 0 };
      this.#kept.set(token, kept);
    }
    const iv = Buffer.from(kept.bytes.subarray(kept.at, kept.at + ivLength));
    kept.at += ivLength;
    return iv;
  }
}
