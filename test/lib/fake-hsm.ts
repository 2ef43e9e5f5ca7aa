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
import { KeyMaker } from "../../agent/hsm/keys/maker.ts";
import { KeyStore } from "../../agent/hsm/keys/store.ts";
import type { Token } from "../../agent/hsm/parts.ts";
import { TokenRecords } from "../../agent/hsm/tokens/records.ts";

interface FakeKey {
  privateKey: KeyObject;
  told: KeyInToken;
}

export class FakeHsm {
  /** Keys by `<label>/<id>`, and data objects by token and label. */
  readonly keys = new Map<string, FakeKey>();
  readonly objects = new Map<string, Map<string, Uint8Array>>();
  readonly tokens = new Map<string, Token>();
  readonly calls: string[] = [];
  /** What keys say of themselves instead. */
  attributes: Partial<KeyInToken> = {};
  /** Fails the next operation. */
  failure: Error | undefined;
  /** How many operations are left before all of them fail, as for an agent that was killed. */
  left = Number.POSITIVE_INFINITY;

  readonly #driver = {
    name: "softhsm",
    tokens: async () => [...this.tokens.values()].map(infoOf),
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
    records: async (label: string) => {
      this.#called("records", label);
      return [...this.#objectsOf(label)].map(([name, value]) => ({ label: name, value }));
    },
    writeRecord: async (label: string, name: string, value: Uint8Array) => {
      this.#called("writeRecord", label);
      this.#objectsOf(label).set(name, value);
    },
    deleteRecord: async (label: string, name: string) => {
      this.#called("deleteRecord", label);
      this.#objectsOf(label).delete(name);
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

  /** What is above tokens is real; a new one knows nothing but what is in them. */
  parts() {
    const log = () => {};
    const changed = () => {};
    const records = new TokenRecords({ log, changed });
    const frozen = () => "";
    const store = new KeyStore({ tokens: this.ceremonyTokens, records, changed, frozen });
    const maker = new KeyMaker({ records, node: "n1", log });
    return { tokens: this.ceremonyTokens, records, store, maker };
  }

  /** Labels of a token's data objects. */
  labels(token: string): string[] {
    return [...this.#objectsOf(token).keys()];
  }

  #objectsOf(token: string): Map<string, Uint8Array> {
    const objects = this.objects.get(token) ?? new Map<string, Uint8Array>();
    this.objects.set(token, objects);
    return objects;
  }

  #called(operation: string, label: string): void {
    this.calls.push(`${operation} ${label}`);
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    if (this.left <= 0) throw new DriverError("unavailable", "nobody is there to ask");
    this.left -= 1;
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
