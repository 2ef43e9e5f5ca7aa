/** The module and its tokens: what they say of themselves, and making one. */

import type { Handle, Module, RawTokenInfo } from "../pkcs11/module.ts";
import { CKF, CKU } from "../pkcs11/numbers.ts";
import { DriverError, type ModuleInfo, type TokenInfo } from "../types.ts";
import { isCkr, toDriverError } from "./failures.ts";
import type { Pins } from "./secret.ts";
import { trimmed } from "./token.ts";
import type { Tokens } from "./tokens.ts";

const labelLength = 32;
const has = (flags: number, flag: number) => (flags & flag) !== 0;
const version = ({ major, minor }: { major: number; minor: number }) => `${major}.${minor}`;

export class Inventory {
  readonly #tokens: Tokens;
  readonly #module: Module;
  readonly #pins: Pins;
  readonly #makesTokens: boolean;

  /** @param makesTokens whether tokens and their PINs are ours to make */
  constructor(tokens: Tokens, pins: Pins, makesTokens: boolean) {
    this.#tokens = tokens;
    this.#module = tokens.module;
    this.#pins = pins;
    this.#makesTokens = makesTokens;
  }

  module(): ModuleInfo {
    const info = this.#module.C_GetInfo();
    return {
      cryptokiVersion: version(info.cryptokiVersion),
      manufacturer: trimmed(info.manufacturerID),
      description: trimmed(info.libraryDescription),
      libraryVersion: version(info.libraryVersion),
    };
  }

  tokens(): TokenInfo[] {
    return this.#there().map(({ slot, info }) => this.#info(slot, info));
  }

  /** Those that do not tell what they are, are not there. */
  #there(): { slot: Handle; info: RawTokenInfo }[] {
    return this.#module.C_GetSlotList(true).flatMap((slot) => {
      try {
        return [{ slot, info: this.#module.C_GetTokenInfo(slot) }];
      } catch {
        // Its directory or its partition was taken away.
        return [];
      }
    });
  }

  #info(slot: Handle, info: RawTokenInfo): TokenInfo {
    const label = trimmed(info.label);
    const { flags } = info;
    const free = info.freePrivateMemory;
    return {
      label,
      serial: trimmed(info.serialNumber),
      slot: Number(slot.readBigUInt64LE()),
      manufacturer: trimmed(info.manufacturerID),
      model: trimmed(info.model),
      hardwareVersion: version(info.hardwareVersion),
      firmwareVersion: version(info.firmwareVersion),
      hardware: has(this.#module.C_GetSlotInfo(slot).flags, CKF.HW_SLOT),
      initialized: has(flags, CKF.TOKEN_INITIALIZED),
      pinCountLow: has(flags, CKF.USER_PIN_COUNT_LOW),
      pinFinalTry: has(flags, CKF.USER_PIN_FINAL_TRY),
      pinLocked: has(flags, CKF.USER_PIN_LOCKED),
      login: this.#tokens.loginOf(label),
      // All ones is how PKCS#11 says that it does not say.
      freePrivateBytes: free > BigInt(Number.MAX_SAFE_INTEGER) ? -1 : Number(free),
      mechanisms: this.#module.C_GetMechanismList(slot).map((number) => `0x${number.toString(16)}`),
    };
  }

  /** Begins the module anew where it does not see this token. */
  async lookAnew(label: string): Promise<void> {
    if (this.#tokens.slotsOf(label).length === 0) await this.#tokens.beginAnew();
  }

  /** One that was begun and has no PIN of its user yet is finished. */
  createToken(label: string): TokenInfo {
    this.#ours();
    if (!/^[ -~]{1,32}$/.test(label) || label.trim() !== label) {
      throw new DriverError("refused", "a token's label has 1 to 32 characters of ASCII");
    }
    const [there] = this.#tokens.slotsOf(label);
    if (there !== undefined) {
      const { flags } = this.#module.C_GetTokenInfo(there);
      if (has(flags, CKF.USER_PIN_INITIALIZED)) {
        throw new DriverError("exists", `there is a token ${label}`);
      }
      return this.#withPin(label, there);
    }
    const slot = this.#free();
    // Modules read 32 bytes, whatever the length of what they are given.
    this.#module.C_InitToken(slot, this.#pins.officer(label), label.padEnd(labelLength));
    return this.#withPin(label, slot);
  }

  #free(): Handle {
    const free = this.#there().find(({ info }) => !has(info.flags, CKF.TOKEN_INITIALIZED));
    if (free !== undefined) return free.slot;
    throw new DriverError("full", "the HSM has no free slot for one more token");
  }

  #withPin(label: string, slot: Handle): TokenInfo {
    this.#setPin(label, slot);
    // Makes modules count their slots anew.
    this.#module.C_GetSlotList(true);
    return this.#info(slot, this.#module.C_GetTokenInfo(slot));
  }

  resetPin(label: string): Promise<void> {
    this.#ours();
    return this.#tokens.gate.alone(() => {
      try {
        const { slot } = this.#tokens.find(label);
        this.#tokens.close(label);
        this.#setPin(label, slot);
      } catch (error) {
        throw toDriverError(error, "reset the PIN");
      }
    });
  }

  /** The officer's PIN is tried once, as the user's is. */
  #setPin(label: string, slot: Handle): void {
    this.#tokens.checkOfficer(label);
    const session = this.#session(slot);
    try {
      try {
        this.#module.C_Login(session, CKU.SO, this.#pins.officer(label));
      } catch (error) {
        this.#tokens.refuseOfficer(label, error);
        throw error;
      }
      this.#module.C_InitPIN(session, this.#pins.user(label));
      this.#module.C_Logout(session);
      this.#tokens.retryPin(label);
    } finally {
      this.#module.C_CloseSession(session);
    }
  }

  /** Those that nobody has make room; the rest is left to those who use them. */
  #session(slot: Handle): Handle {
    for (;;) {
      try {
        return this.#module.C_OpenSession(slot, CKF.SERIAL_SESSION | CKF.RW_SESSION);
      } catch (error) {
        if (!isCkr(error, "CKR_SESSION_COUNT") || !this.#tokens.closeIdle()) throw error;
      }
    }
  }

  #ours(): void {
    if (this.#makesTokens) return;
    throw new DriverError(
      "unsupported",
      "tokens of this driver and their PINs are made by who runs the HSM",
    );
  }
}
