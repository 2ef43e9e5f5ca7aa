/**
 * What the areas of the HSM subsystem use of each other: tokens, the records in them, and keys. All
 * failures are DsecosError with one sentence that says what to do.
 */
import type { DriverConfig } from "./config.ts";
import type { Driver, TokenInfo } from "./driver/types.ts";
import type { KeyRecord } from "./keys/record.ts";

/** A token that may be asked: whose it is, where it is, and the driver that reaches it. */
export interface Token {
  /** `<driver>/<label>`, as it is named on the bus. */
  readonly id: string;
  readonly driver: Driver;
  readonly config: DriverConfig;
  readonly label: string;
  /** Empty for the node's own tokens. */
  readonly tenant: string;
  readonly region: string;
}

export interface Tokens {
  /**
   * The tenant's token, of that region where one is named.
   * @throws NotFound where it has none there
   */
  of(tenant: string, region?: string): Promise<Token>;
  /** All tokens that were ever made for the tenant and not forgotten, whether they are there or not. */
  all(tenant: string): Promise<Token[]>;
  /** Every declared token of every tenant, and the node's own where they are there. */
  every(): Promise<Token[]>;
  /** The node's own token, made first where it is missing: root of the CA, records of ceremonies. */
  node(): Promise<Token>;
  /** The token of a software driver on which a ceremony is rehearsed, made first where it is missing. */
  rehearsal(): Promise<Token>;
  /** By `<driver>/<label>`. @throws NotFound */
  get(id: string): Promise<Token>;
  /** What the token says of itself now; undefined where it is absent. */
  info(token: Token): Promise<TokenInfo | undefined>;
}

/** Named records in a token: canonical JSON, each with a revision that counts up from 1. */
export interface Revised {
  readonly revision: number;
}

export interface Records {
  /** All records of a token by label, at most `freshMs` old. */
  list(token: Token, prefix?: string): Promise<ReadonlyMap<string, Revised>>;
  read(token: Token, label: string): Promise<Revised | undefined>;
  /**
   * Writes the record if what the token has now is of `value.revision - 1`, or is missing and that
   * is 0. Writers of one token wait for each other.
   * @throws Conflict where somebody else changed it, on this node or another
   */
  write(token: Token, label: string, value: Revised): Promise<void>;
  remove(token: Token, label: string): Promise<void>;
}

/** A key with the token that has it. */
export interface FoundKey {
  readonly record: KeyRecord;
  readonly token: Token;
  /** Why the key must not be used although its state allows it; empty else. */
  readonly frozen: string;
}

export interface Keys {
  /** @throws NotFound: the same whether there is no such key, no such tenant or it is another's */
  find(tenant: string, name: string): Promise<FoundKey>;
  /** All keys of the tenant, those that were destroyed too. */
  list(tenant: string): Promise<FoundKey[]>;
}
