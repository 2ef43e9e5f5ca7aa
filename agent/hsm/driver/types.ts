/**
 * What the agent asks of a driver: one PKCS#11 module in a process of its own. This is the boundary
 * between the agent, which knows tenants, rules and states, and the process, which alone knows the
 * PIN and calls the module. All bytes are Uint8Array; ids of objects are CKA_ID as hexadecimal.
 */
import type { Algorithm } from "../algorithms.ts";

/**
 * - `unavailable`: the process is not ready (it starts, was killed, hung); may be asked again.
 * - `closed`: the agent has let go of it, since its file went or changed, or the agent ends.
 * - `timeout`: no answer in time; the process is killed.
 * - `tokenAbsent`: the token is not there, which says nothing about its keys.
 * - `keyMissing`: the token is there, and has no such key.
 * - `ambiguous`: more than one object answers to the id; none is used.
 * - `pinWrong`: the PIN was refused once, and is not tried again before somebody says so.
 * - `pinLocked`: the token itself has locked the PIN; its security officer must reset it.
 * - `noPin`: the driver's process was given no PIN, so no token was asked.
 * - `refused`: the mechanism is not on the list for the key's type; the token did not see it.
 * - `authentication`: ciphertext or associated data are not what was encrypted.
 * - `badKey`: the token made a key that can leave it; the key was destroyed.
 * - `exists`: the token or the object is there already.
 * - `unsupported`: the token lists no such mechanism.
 * - `full`: the token has no room left.
 * - `diskFull`: the disk of the driver's state is full, so nothing was done.
 * - `busy`: the module gave no session in time.
 * - `twoTokens`: more than one token has the label; none is used.
 * - `module`: the module failed otherwise; `ckr` names how.
 */
export type DriverErrorKind =
  | "unavailable"
  | "closed"
  | "timeout"
  | "tokenAbsent"
  | "keyMissing"
  | "ambiguous"
  | "pinWrong"
  | "pinLocked"
  | "refused"
  | "authentication"
  | "badKey"
  | "exists"
  | "unsupported"
  | "full"
  | "diskFull"
  | "busy"
  | "twoTokens"
  | "noPin"
  | "module";

/** A failure of a driver; `agent/hsm/errors.ts` says it to people. */
export class DriverError extends Error {
  readonly kind: DriverErrorKind;
  /** Name of the return value of PKCS#11 where there was one, for example CKR_DEVICE_ERROR. */
  readonly ckr: string;

  constructor(kind: DriverErrorKind, message: string, ckr = "") {
    super(message);
    this.name = "DriverError";
    this.kind = kind;
    this.ckr = ckr;
  }
}

export type DriverState = "starting" | "ready" | "restarting" | "failed";

export interface DriverStatus {
  readonly state: DriverState;
  /** Since when, as an ISO time. */
  readonly since: string;
  /** How often the process was begun anew since the agent started. */
  readonly restarts: number;
  /** One sentence: why it is not ready; empty while it is. */
  readonly reason: string;
  /** Where the PIN comes from, as the driver's process found it. */
  readonly pinSource: PinSource;
}

/** `credential`: systemd gave it, which may have opened it; `file`: a plain file that is none. */
export const pinSources = ["none", "credential", "file"] as const;
export type PinSource = (typeof pinSources)[number];

/** What C_GetTokenInfo and C_GetSlotInfo say, with padding taken off. */
export interface TokenInfo {
  readonly label: string;
  readonly serial: string;
  readonly slot: number;
  readonly manufacturer: string;
  readonly model: string;
  readonly hardwareVersion: string;
  readonly firmwareVersion: string;
  /** Of the slot: CKF_HW_SLOT. SoftHSM says no. */
  readonly hardware: boolean;
  readonly initialized: boolean;
  readonly pinCountLow: boolean;
  readonly pinFinalTry: boolean;
  readonly pinLocked: boolean;
  /** `closed`: nobody asked for it yet, so nobody is logged in. */
  readonly login: "closed" | "open" | "pinWrong" | "pinLocked";
  /** -1 where the token does not say. */
  readonly freePrivateBytes: number;
  /** Numbers of its mechanisms, in hexadecimal such as 0x1041. */
  readonly mechanisms: readonly string[];
}

export interface ModuleInfo {
  readonly cryptokiVersion: string;
  readonly manufacturer: string;
  readonly description: string;
  readonly libraryVersion: string;
}

/** A public key or a certificate as DER; `spki` is empty for AES. */
export interface KeyInToken {
  readonly id: string;
  readonly algorithm: Algorithm | "unknown";
  readonly spki: Uint8Array;
  readonly sensitive: boolean;
  readonly alwaysSensitive: boolean;
  readonly extractable: boolean;
  readonly neverExtractable: boolean;
  readonly local: boolean;
}

/** Public half and blob of a key whose seed is sealed under an AES key of the token. */
export interface SealedKey {
  /** ML-DSA-65: 1,952 bytes; ML-KEM-768: 1,184 bytes; as FIPS 204 and 203 encode them. */
  readonly publicKey: Uint8Array;
  /** iv (12) ‖ ciphertext of the seed ‖ tag (16). */
  readonly blob: Uint8Array;
}

export interface DataObject {
  readonly label: string;
  readonly value: Uint8Array;
}

/** Names an AES key of the token and the associated data that a blob is bound to. */
export interface Seal {
  readonly id: string;
  readonly aad: Uint8Array;
}

/** How the private halves of a key are reached: an object in the token, a sealed seed, or both. */
export interface PrivateParts {
  /** CKA_ID of the object in the token. */
  readonly id?: string;
  readonly sealed?: { readonly seal: Seal; readonly blob: Uint8Array };
}

/** Public halves, as `PrivateParts` has the private ones. */
export interface PublicParts {
  readonly spki?: Uint8Array;
  readonly pq?: Uint8Array;
}

/** Every operation names its token by label. Sessions and logins are the driver's own business. */
export interface DriverOperations {
  module(): Promise<ModuleInfo>;
  /** Without logging in anywhere. */
  tokens(): Promise<TokenInfo[]>;
  /** Makes and initializes a token; PIN and PIN of its security officer are the driver's secret. */
  createToken(token: string): Promise<TokenInfo>;
  /** The token's security officer sets the user's PIN to what the driver knows. */
  resetPin(token: string): Promise<void>;
  /** Says that a PIN that was refused may be tried once more. */
  retryPin(token: string): Promise<void>;

  generateKey(token: string, id: string, algorithm: Algorithm): Promise<KeyInToken>;
  /** For the half of an envelope that agrees on a secret: P-384 with CKA_DERIVE alone. */
  generateAgreementKey(token: string, id: string): Promise<KeyInToken>;
  destroyKey(token: string, id: string): Promise<void>;
  /** All private and secret keys that are token objects, read from the token and not from a cache. */
  keys(token: string): Promise<KeyInToken[]>;
  /** @throws DriverError keyMissing, ambiguous */
  key(token: string, id: string): Promise<KeyInToken>;

  /** Private data objects of the application `dsecos`. */
  records(token: string): Promise<DataObject[]>;
  /** Writes the new one before it removes those that had the label, so that a crash leaves one. */
  writeRecord(token: string, label: string, value: Uint8Array): Promise<void>;
  deleteRecord(token: string, label: string): Promise<void>;

  /**
   * Signatures as everybody reads them: ECDSA as DER over SHA-384, Ed25519 raw, RSASSA-PSS with
   * SHA-384 and a salt of 48 bytes, ML-DSA-65 with an empty context, the composite as its draft says.
   */
  sign(
    token: string,
    algorithm: Algorithm,
    parts: PrivateParts,
    message: Uint8Array,
  ): Promise<Uint8Array>;
  verify(
    algorithm: Algorithm,
    parts: PublicParts,
    message: Uint8Array,
    signature: Uint8Array,
  ): Promise<boolean>;
  /** AES-256-GCM; gives iv (12) ‖ ciphertext ‖ tag (16). The iv is the token's random. */
  encrypt(token: string, seal: Seal, plaintext: Uint8Array): Promise<Uint8Array>;
  decrypt(token: string, seal: Seal, blob: Uint8Array): Promise<Uint8Array>;
  /** Keys of 32 bytes for data, each with itself encrypted as `encrypt` does. */
  dataKeys(
    token: string,
    seal: Seal,
    count: number,
  ): Promise<{ plaintext: Uint8Array; wrapped: Uint8Array }[]>;
  random(token: string, bytes: number): Promise<Uint8Array>;

  /** Makes a seed from the token's random and seals it; only blob and public key leave. */
  generateSealed(
    token: string,
    algorithm: "ML-DSA-65" | "ML-KEM-768",
    seal: Seal,
  ): Promise<SealedKey>;
  /** To whoever has the private parts; needs no token. */
  sealEnvelope(
    algorithm: Algorithm,
    parts: PublicParts,
    plaintext: Uint8Array,
    aad: Uint8Array,
  ): Promise<Uint8Array>;
  openEnvelope(
    token: string,
    algorithm: Algorithm,
    parts: PrivateParts,
    publicParts: PublicParts,
    envelope: Uint8Array,
    aad: Uint8Array,
  ): Promise<Uint8Array>;
  /** A wrapped data key becomes an envelope for somebody else; its plaintext stays in the process. */
  rewrap(
    token: string,
    seal: Seal,
    blob: Uint8Array,
    recipient: { algorithm: Algorithm; parts: PublicParts; aad: Uint8Array },
  ): Promise<Uint8Array>;
  /**
   * How often each private key was used since the driver's count began, kept by the process apart
   * from the audit log; survives its end. Keyed by token label, then CKA_ID (of a sealed key: of the
   * key that seals it and the first 16 bytes of its blob's SHA-256, `<id>.<hex>`), then operation.
   */
  counters(): Promise<Record<string, Record<string, Record<string, number>>>>;
}

export interface Driver extends DriverOperations {
  readonly name: string;
  status(): DriverStatus;
  onChanged(listener: () => void): void;
  close(): Promise<void>;
}
