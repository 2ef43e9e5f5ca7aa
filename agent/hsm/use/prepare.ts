/**
 * What is found out about a key before its token does anything: whether there is such a key, whether
 * the tenant's rules let it work here, whether it is for this, and whether its state allows it.
 */
import { DsecosError } from "../../bus/errors.ts";
import type { Purpose } from "../algorithms.ts";
import type { Decision } from "../jurisdiction/decide.ts";
import type { Jurisdiction, Places } from "../jurisdiction/guard.ts";
import { stateAt, uses } from "../keys/lifecycle.ts";
import type { KeyRecord, KeyState, KeyVersion } from "../keys/record.ts";
import { isReserved, isVolumeKey } from "../keys/reserved.ts";
import type { FoundKey, Keys, Token, Tokens } from "../parts.ts";

export interface PrepareParts {
  keys: Keys;
  tokens: Pick<Tokens, "all">;
  jurisdiction: Jurisdiction;
  now?: () => number;
}

/** What somebody wants of a key. */
export interface Wanted {
  readonly tenant: string;
  readonly key: string;
  readonly purpose: Purpose;
  /** `protect`: sign, encrypt, seal; `process`: what was protected before. */
  readonly act: "protect" | "process";
  /** Told by those whose key it is alone: keys of volumes serve nothing else. */
  readonly for?: "volume";
  /** Region of the recipient of a transfer. */
  readonly recipient?: string;
}

export interface Prepared {
  readonly record: KeyRecord;
  readonly token: Token;
  readonly decision: Decision;
  /** State of the key where that makes the answer doubtful. */
  readonly doubt: KeyState | undefined;
  /** Asked when the token's turn has come, which may be late. @throws Conflict as `prepare` does */
  readonly still: () => Promise<void>;
}

const verbs: Record<Purpose, string> = {
  encrypt: "to encrypt with",
  sign: "to sign with",
  envelope: "to seal envelopes for",
};

/** @throws DsecosError NotFound, Denied, InvalidArgument, Conflict, Unavailable */
export async function prepare(parts: PrepareParts, wanted: Wanted): Promise<Prepared> {
  const { tenant, key, purpose, act, recipient } = wanted;
  const places = { act: recipient === undefined ? "use" : "transfer", recipient } as const;
  if (act === "protect" && isReserved(key)) {
    const what = `${key} signs certificates and nothing else; use another key.`;
    throw new DsecosError("Denied", what);
  }
  if (isVolumeKey(key) && wanted.for !== "volume") {
    const what = `${key} opens a volume and nothing else; use another key.`;
    throw new DsecosError("Denied", what);
  }
  // Even to look for the key is to ask a token, which may not happen where nothing is allowed.
  await allowedSomewhere(parts, tenant, places);
  const found = await parts.keys.find(tenant, key);
  const { record, token, frozen } = found;
  const { region } = token.config;
  const whole = { ...places, token: region, key: record.region };
  const decision = await parts.jurisdiction.require(tenant, whole);
  if (record.purpose !== purpose) {
    const what = `${key} is a key ${verbs[record.purpose]}, not ${verbs[purpose]}; use another.`;
    throw new DsecosError("InvalidArgument", what);
  }
  const doubt = doubtOf(parts, found, act);
  const still = async () => {
    const now = await parts.keys.find(tenant, key);
    if (now.record !== record || now.frozen !== frozen) doubtOf(parts, now, act);
  };
  return { record, token, decision, doubt, still };
}

/** @throws Conflict where the key may not be used so */
function doubtOf(
  parts: PrepareParts,
  { record, frozen }: FoundKey,
  act: Wanted["act"],
): KeyState | undefined {
  if (frozen !== "") throw new DsecosError("Conflict", frozen);
  const state = stateAt(record, (parts.now ?? Date.now)());
  const may = uses[state][act];
  if (may === "no") throw notInState(record.name, state, act);
  return may === "warn" ? state : undefined;
}

/** @throws Denied where the tenant has tokens and its rules allow the act with none of them */
async function allowedSomewhere(
  { tokens, jurisdiction }: PrepareParts,
  tenant: string,
  places: Omit<Places, "token">,
): Promise<void> {
  const regions = new Set((await tokens.all(tenant)).map(({ config }) => config.region));
  let refusal: unknown;
  for (const token of regions) {
    try {
      await jurisdiction.require(tenant, { ...places, token });
      return;
    } catch (error) {
      if (!(error instanceof DsecosError && error.code === "Denied")) throw error;
      refusal = error;
    }
  }
  if (refusal !== undefined) throw refusal;
}

function notInState(name: string, state: KeyState, act: Wanted["act"]): DsecosError {
  const why: Record<KeyState, string> = {
    "pre-active": "is not active yet; let an officer activate it",
    active: "is active",
    suspended: "is suspended, and only verifies and decrypts; let an officer resume it",
    deactivated: "is deactivated, and only verifies and decrypts; use another key",
    compromised: "is compromised, and only verifies and decrypts; use another key",
    destroyed: "is destroyed; use another key",
  };
  return new DsecosError("Conflict", `${name} ${why[state]}. (${state} does not ${act}.)`);
}

/** @returns undefined where there is none, or none any more */
export function versionOf({ versions }: KeyRecord, version: number): KeyVersion | undefined {
  return versions.find((one) => one.version === version && one.destroyedAt === undefined);
}

export function newestOf(record: KeyRecord): KeyVersion {
  const newest = record.versions.at(-1);
  if (newest !== undefined && newest.destroyedAt === undefined) return newest;
  throw new DsecosError("Conflict", `${record.name} has no version that can be used; rotate it.`);
}
