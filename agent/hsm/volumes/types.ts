/** Keys of encrypted volumes, as storage asks for them: an AES-256 key of its own for each volume. */
import type { Call } from "../../bus/call.ts";
import type { KeyState } from "../keys/record.ts";

/** Which key, and what the passphrase under it belongs to. */
export interface VolumeKey {
  readonly tenant: string;
  /** Name of the key, which begins with `volume-`. */
  readonly key: string;
  readonly volume: string;
}

export interface VolumeKeyFacts {
  readonly key: string;
  /** `<driver>/<label>` of the token that has it. */
  readonly token: string;
  readonly state: KeyState;
  /** Set while its destruction is scheduled. */
  readonly destroyAt?: string | undefined;
  readonly versions: readonly VolumeKeyVersion[];
}

export interface VolumeKeyVersion {
  readonly version: number;
  /** Of the object in the token: SHA-256 of its CKA_ID, since what the key is never leaves it. */
  readonly fingerprint: string;
  readonly createdAt: string;
  /** Set once its object is gone. */
  readonly destroyedAt?: string | undefined;
}

/** All failures are DsecosError with one sentence that says what to do. */
export interface VolumeKeys {
  /**
   * Makes the key where the tenant has none of that name.
   * @throws NotFound where the tenant has no token, Denied where no key may live there
   */
  make(of: VolumeKey, by: string): Promise<void>;
  /** @returns undefined where there never was such a key */
  look(of: VolumeKey): Promise<VolumeKeyFacts | undefined>;
  /** @returns a new passphrase of 32 random bytes, in base64, and what `open` gives it back for */
  wrap(of: VolumeKey): Promise<{ passphrase: string; wrapped: string }>;
  /**
   * @param call of whoever gets it, whose record has the receipt; without, it is the agent itself
   * @throws Conflict where the key may not be used, or is destroyed
   */
  open(of: VolumeKey, wrapped: string, call?: Call): Promise<string>;
  /** Has the key destroyed at that time; one that is to be destroyed already is left so. */
  schedule(of: VolumeKey, by: string, at: string): Promise<void>;
  /** Takes that back; one that is not to be destroyed is left. */
  keep(of: VolumeKey, by: string, why: string): Promise<void>;
  /**
   * Destroys a key of which that was scheduled, and asks the token whether it is gone.
   * @throws DsecosError where it is not gone, or nobody can say
   */
  destroy(of: VolumeKey): Promise<VolumeKeyFacts>;
}
