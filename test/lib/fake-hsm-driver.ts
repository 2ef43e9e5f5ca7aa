/**
 * A fake of a driver and its tokens, in memory: P-384 and Ed25519 of OpenSSL, sealing that only looks
 * like it. Several drivers may open one `FakeTokens`, as nodes share a network HSM. It ends like a
 * process that is killed where a test tells it to.
 */
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import {
  type DataObject,
  type Driver,
  DriverError,
  type DriverStatus,
  type KeyInToken,
  type TokenInfo,
} from "../../agent/hsm/driver/types.ts";

interface FakeToken {
  serial: string;
  keys: KeyInToken[];
  records: DataObject[];
  login: TokenInfo["login"];
}

export class FakeTokens {
  readonly tokens = new Map<string, FakeToken>();
  /** Tokens that were taken away, to be brought back. */
  readonly away = new Map<string, FakeToken>();
  /** Labels that another token has too. */
  readonly doubled = new Set<string>();
  hardware = false;
  mechanisms: string[] = [];
  #serial = 0;

  make(label: string): FakeToken {
    if (this.tokens.has(label)) throw new DriverError("exists", "the token is there");
    this.#serial += 1;
    const token: FakeToken = {
      serial: `fake${this.#serial}`,
      keys: [],
      records: [],
      login: "open",
    };
    this.tokens.set(label, token);
    return token;
  }

  takeAway(label: string): void {
    const token = this.tokens.get(label);
    if (token === undefined) throw new Error(`no token ${label}`);
    this.tokens.delete(label);
    this.away.set(label, token);
  }

  bringBack(label: string): void {
    const token = this.away.get(label);
    if (token === undefined) throw new Error(`${label} is not away`);
    this.away.delete(label);
    this.tokens.set(label, token);
  }
}

/** The agent was killed: nothing of it goes on. */
export class Killed extends Error {}

export class FakeDriver {
  readonly name: string;
  readonly calls: string[] = [];
  readonly tokensOf: FakeTokens;
  state: DriverStatus["state"] = "ready";
  /** What keys that are made say of themselves instead. */
  attributes: Partial<KeyInToken> = {};
  /** Ends here: before the operation of this number, counted from 0, of those that change. */
  killedAt = Number.POSITIVE_INFINITY;
  changes = 0;
  readonly #listeners: (() => void)[] = [];

  constructor(tokens: FakeTokens, name = "fake") {
    this.tokensOf = tokens;
    this.name = name;
  }

  get driver(): Driver {
    return this as unknown as Driver;
  }

  status(): DriverStatus {
    const reason = this.state === "ready" ? "" : "the fake was told to be away";
    return { state: this.state, since: "", restarts: 0, reason, pinSource: "credential" };
  }

  onChanged(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {}

  async module() {
    const module = {
      cryptokiVersion: "2.40",
      manufacturer: "Fake",
      description: "",
      libraryVersion: "1",
    };
    return module;
  }

  async tokens(): Promise<TokenInfo[]> {
    this.#reading("tokens");
    return [...this.tokensOf.tokens].map(([label, token]) => this.#info(label, token));
  }

  async createToken(label: string): Promise<TokenInfo> {
    this.#changing("createToken", label);
    return this.#info(label, this.tokensOf.make(label));
  }

  async retryPin(label: string): Promise<void> {
    this.#changing("retryPin", label);
    this.#token(label, false).login = "open";
  }

  async resetPin(label: string): Promise<void> {
    this.#changing("resetPin", label);
    this.#token(label, false).login = "open";
  }

  async generateKey(label: string, id: string, algorithm: KeyInToken["algorithm"]) {
    this.#changing("generateKey", label);
    const { keys } = this.#token(label);
    if (keys.some((key) => key.id === id)) throw new DriverError("exists", "the id is taken");
    const key: KeyInToken = {
      ...{ id, algorithm, spki: spkiOf(algorithm), local: true },
      ...{ sensitive: true, alwaysSensitive: true, extractable: false, neverExtractable: true },
      ...this.attributes,
    };
    keys.push(key);
    return key;
  }

  async generateAgreementKey(label: string, id: string) {
    return this.generateKey(label, id, "P-384");
  }

  async destroyKey(label: string, id: string): Promise<void> {
    this.#changing("destroyKey", label);
    const token = this.#token(label);
    if (!token.keys.some((key) => key.id === id)) throw new DriverError("keyMissing", "no key");
    token.keys = token.keys.filter((key) => key.id !== id);
  }

  async keys(label: string): Promise<KeyInToken[]> {
    this.#reading("keys");
    return [...this.#token(label).keys];
  }

  async key(label: string, id: string): Promise<KeyInToken> {
    this.#reading("key");
    const [key, other] = this.#token(label).keys.filter((one) => one.id === id);
    if (key === undefined) throw new DriverError("keyMissing", "no key");
    if (other !== undefined) throw new DriverError("ambiguous", "two keys");
    return key;
  }

  async records(label: string): Promise<DataObject[]> {
    this.#reading("records");
    return [...this.#token(label).records];
  }

  async writeRecord(label: string, record: string, value: Uint8Array): Promise<void> {
    this.#changing("writeRecord", label);
    const token = this.#token(label);
    const others = token.records.filter((one) => one.label !== record);
    token.records = [...others, { label: record, value: Uint8Array.from(value) }];
  }

  async deleteRecord(label: string, record: string): Promise<void> {
    this.#changing("deleteRecord", label);
    const token = this.#token(label);
    token.records = token.records.filter((one) => one.label !== record);
  }

  /** Not sealed by anything: only its lengths are right. */
  async generateSealed(label: string, algorithm: string, seal: { id: string }) {
    this.#changing("generateSealed", label);
    await this.key(label, seal.id);
    const bytes = algorithm === "ML-DSA-65" ? 1952 : 1184;
    return {
      publicKey: randomBytes(bytes),
      blob: randomBytes(algorithm === "ML-DSA-65" ? 60 : 92),
    };
  }

  #reading(operation: string): void {
    if (this.changes > this.killedAt) throw new Killed();
    this.#ask(operation);
  }

  #changing(operation: string, label: string): void {
    this.#ask(operation);
    if (this.changes >= this.killedAt) {
      this.changes = this.killedAt + 1;
      throw new Killed();
    }
    this.changes += 1;
    this.calls.push(`${operation} ${label}`);
  }

  #ask(operation: string): void {
    if (this.state !== "ready") throw new DriverError("unavailable", `${operation}: away`);
  }

  #token(label: string, needsPin = true): FakeToken {
    const token = this.tokensOf.tokens.get(label);
    if (token === undefined) throw new DriverError("tokenAbsent", "no token");
    if (this.tokensOf.doubled.has(label)) throw new DriverError("twoTokens", "two tokens");
    if (needsPin && token.login === "pinWrong") throw new DriverError("pinWrong", "wrong");
    if (needsPin && token.login === "pinLocked") throw new DriverError("pinLocked", "locked");
    return token;
  }

  #info(label: string, { serial, login }: FakeToken): TokenInfo {
    return {
      ...{ label, serial, slot: 1, manufacturer: "Fake", model: "Fake", login },
      ...{ hardwareVersion: "1", firmwareVersion: "1", hardware: this.tokensOf.hardware },
      ...{ initialized: true, pinCountLow: false, pinFinalTry: false },
      ...{ pinLocked: login === "pinLocked", freePrivateBytes: -1 },
      mechanisms: this.tokensOf.mechanisms,
    };
  }
}

function spkiOf(algorithm: KeyInToken["algorithm"]): Uint8Array {
  if (algorithm === "AES-256") return Buffer.of();
  if (algorithm === "P-384") {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
    return publicKey.export({ type: "spki", format: "der" });
  }
  if (algorithm === "Ed25519") {
    return generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "der" });
  }
  return createHash("sha256").update(randomBytes(8)).digest();
}
