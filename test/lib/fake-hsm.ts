/**
 * A fake of tokens and their driver, for what is above them: P-384 keys of OpenSSL in memory, with
 * the attributes that a token would give. Whatever is not here is not asked of it.
 */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { CeremonyTokens } from "../../agent/hsm/ceremony/token-acts.ts";
import type { DriverConfig } from "../../agent/hsm/config.ts";
import {
  type Driver,
  DriverError,
  type KeyInToken,
  type TokenInfo,
} from "../../agent/hsm/driver/types.ts";
import type { Records, Revised, Token } from "../../agent/hsm/parts.ts";

interface FakeKey {
  privateKey: KeyObject;
  told: KeyInToken;
}

export class FakeHsm {
  /** Keys by `<label>/<id>`, and records by `<label>/<name>`. */
  readonly keys = new Map<string, FakeKey>();
  readonly records = new Map<string, Revised>();
  readonly tokens = new Map<string, Token>();
  readonly calls: string[] = [];
  /** What keys say of themselves instead. */
  attributes: Partial<KeyInToken> = {};
  /** Fails the next operation. */
  failure: Error | undefined;

  readonly #driver = {
    name: "softhsm",
    generateKey: async (label: string, id: string) => {
      this.#called("generateKey", label);
      if (this.keys.has(`${label}/${id}`)) throw new DriverError("exists", "a key has this id");
      const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
      const told: KeyInToken = {
        ...{ id, algorithm: "P-384", sensitive: true, alwaysSensitive: true, extractable: false },
        ...{ neverExtractable: true, local: true },
        spki: publicKey.export({ type: "spki", format: "der" }),
        ...this.attributes,
      };
      this.keys.set(`${label}/${id}`, { privateKey, told });
      return told;
    },
    key: async (label: string, id: string) => {
      this.#called("key", label);
      return this.#key(label, id).told;
    },
    keys: async (label: string) => {
      this.#called("keys", label);
      return [...this.keys].filter(([at]) => at.startsWith(`${label}/`)).map(([, key]) => key.told);
    },
    destroyKey: async (label: string, id: string) => {
      this.#called("destroyKey", label);
      this.#key(label, id);
      this.keys.delete(`${label}/${id}`);
    },
    sign: async (
      label: string,
      _algorithm: string,
      { id = "" }: { id?: string },
      message: Uint8Array,
    ) => {
      this.#called("sign", label);
      return sign("sha384", message, this.#key(label, id).privateKey);
    },
  } as unknown as Driver;

  readonly ceremonyTokens: CeremonyTokens = {
    of: async (tenant) => this.#token(tenant),
    all: async (tenant) => [...this.tokens.values()].filter((token) => token.tenant === tenant),
    every: async () => [...this.tokens.values()],
    node: async () => this.#made("=node", ""),
    rehearsal: async () => this.#made("=rehearsal", ""),
    get: async (id) => this.#token(id),
    info: async (token) => infoOf(token),
    makeFor: async (tenant) => this.#made(tenant, tenant),
    resetPin: async (token) => this.#called("resetPin", token.label),
  };

  readonly tokenRecords: Records = {
    list: async () => this.records,
    read: async (token, label) => this.records.get(`${token.label}/${label}`),
    write: async (token, label, value) => {
      this.#called("writeRecord", token.label);
      this.records.set(`${token.label}/${label}`, structuredClone(value));
    },
    remove: async (token, label) => {
      this.records.delete(`${token.label}/${label}`);
    },
  };

  #called(operation: string, label: string): void {
    this.calls.push(`${operation} ${label}`);
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }

  #key(label: string, id: string): FakeKey {
    const key = this.keys.get(`${label}/${id}`);
    if (key === undefined) throw new DriverError("keyMissing", "no such key");
    return key;
  }

  #token(label: string): Token {
    const token = this.tokens.get(label);
    if (token === undefined) throw new Error(`the fake has no token ${label}`);
    return token;
  }

  #made(label: string, tenant: string): Token {
    const known = this.tokens.get(label);
    if (known !== undefined) return known;
    this.calls.push(`createToken ${label}`);
    const config = {} as DriverConfig;
    const token = {
      id: `softhsm/${label}`,
      driver: this.#driver,
      config,
      label,
      tenant,
      region: "UK",
    };
    this.tokens.set(label, token);
    return token;
  }
}

function infoOf({ label }: Token): TokenInfo {
  return {
    ...{ label, serial: `5e41a1${label.length}`, slot: 1, manufacturer: "Fake", model: "Fake v2" },
    ...{ hardwareVersion: "2.6", firmwareVersion: "2.6", hardware: false, initialized: true },
    ...{ pinCountLow: false, pinFinalTry: false, pinLocked: false, login: "open" },
    ...{ freePrivateBytes: -1, mechanisms: [] },
  };
}
