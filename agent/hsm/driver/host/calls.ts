/**
 * The calls that use a key, checked before the module sees them, since one wrong mechanism ends the
 * whole process in some modules. They wait on this thread where the module is beside us, and on
 * libuv's threads where it is behind a network; always in a single part.
 */

import { isAllowed, type Use } from "../pkcs11/keytypes.ts";
import type { Handle, Mechanism, Module } from "../pkcs11/module.ts";
import type { Numbers } from "../pkcs11/numbers.ts";
import { DriverError } from "../types.ts";
import type { FoundKey } from "./token.ts";

export class KeyCalls {
  readonly #module: Module;
  readonly #numbers: Numbers;
  readonly #threads: boolean;

  /** @param threads whether several calls are to wait for the module at once */
  constructor(module: Module, numbers: Numbers, threads: boolean) {
    this.#module = module;
    this.#numbers = numbers;
    this.#threads = threads;
  }

  #check(key: FoundKey, use: Use, { mechanism }: Mechanism): void {
    if (isAllowed(key.algorithm, use, mechanism, this.#numbers)) return;
    const name = `0x${mechanism.toString(16)}`;
    throw new DriverError(
      "refused",
      `mechanism ${name} is not for ${use} by a key ${key.algorithm}`,
    );
  }

  /** @param most bytes of the signature at most */
  sign(
    session: Handle,
    mechanism: Mechanism,
    key: FoundKey,
    data: Buffer,
    most: number,
  ): Buffer | Promise<Buffer> {
    this.#check(key, "sign", mechanism);
    this.#module.C_SignInit(session, mechanism, key.handle);
    const out = Buffer.alloc(most);
    if (!this.#threads) return out.subarray(0, this.#module.C_Sign(session, data, out));
    return this.#module.signAsync(session, data, out).then((length) => out.subarray(0, length));
  }

  encrypt(
    session: Handle,
    mechanism: Mechanism,
    key: FoundKey,
    data: Buffer,
    most: number,
  ): Buffer | Promise<Buffer> {
    this.#check(key, "encrypt", mechanism);
    this.#module.C_EncryptInit(session, mechanism, key.handle);
    const out = Buffer.alloc(most);
    if (!this.#threads) return out.subarray(0, this.#module.C_Encrypt(session, data, out));
    return this.#module.encryptAsync(session, data, out).then((length) => out.subarray(0, length));
  }

  decrypt(
    session: Handle,
    mechanism: Mechanism,
    key: FoundKey,
    data: Buffer,
    most: number,
  ): Buffer | Promise<Buffer> {
    this.#check(key, "decrypt", mechanism);
    this.#module.C_DecryptInit(session, mechanism, key.handle);
    const out = Buffer.alloc(most);
    if (!this.#threads) return out.subarray(0, this.#module.C_Decrypt(session, data, out));
    return this.#module.decryptAsync(session, data, out).then((length) => out.subarray(0, length));
  }

  /** @returns handle of a session object */
  derive(
    session: Handle,
    mechanism: Mechanism,
    key: FoundKey,
    template: Parameters<Module["C_DeriveKey"]>[3],
  ): Handle {
    this.#check(key, "derive", mechanism);
    return this.#module.C_DeriveKey(session, mechanism, key.handle, template);
  }
}
