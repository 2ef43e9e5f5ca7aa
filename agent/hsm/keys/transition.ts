/** What an act makes of a key's record: state, times that fall away, and the history. */
import { DsecosError } from "../../bus/errors.ts";
import type { KeySpec } from "./answers.ts";
import { type KeyAct, step } from "./lifecycle.ts";
import type { KeyRecord } from "./record.ts";

const dayMs = 86_400_000;

export interface Who {
  user: string;
  why: string;
}

/** @throws Conflict with the state where the act is not allowed in it */
export function requireAct({ name, state, stateBefore }: KeyRecord, act: KeyAct) {
  const result = step(state, stateBefore, act);
  if ("refusal" in result) throw new DsecosError("Conflict", `${name} ${result.refusal}`);
  return result.to;
}

export function transition(
  record: KeyRecord,
  act: KeyAct,
  { user, why }: Who,
  at: Date,
): KeyRecord {
  const state = requireAct(record, act);
  return {
    ...timesAfter(record, act),
    state,
    history: [...record.history, { at: at.toISOString(), by: user, state, why }],
    revision: record.revision + 1,
  };
}

function timesAfter(record: KeyRecord, act: KeyAct): KeyRecord {
  const { activateAt, expireAt, rotateAt, rotateDays, destroyAt, stateBefore, ...rest } = record;
  const expiry = expireAt === undefined ? {} : { expireAt };
  const rotation = {
    ...(rotateDays === undefined ? {} : { rotateDays }),
    ...(rotateAt === undefined ? {} : { rotateAt }),
  };
  switch (act) {
    case "activate":
      return { ...rest, ...expiry, ...rotation };
    case "deactivate":
      return { ...rest, ...expiry };
    case "compromise":
      // What is to be destroyed still is, and would come back as compromised.
      return destroyAt === undefined
        ? { ...rest, ...expiry }
        : { ...rest, ...expiry, destroyAt, stateBefore: "compromised" };
    case "scheduleDestroy":
      return { ...record, stateBefore: record.state };
    case "cancelDestroy": {
      const { destroyAt: _at, stateBefore: _before, ...kept } = record;
      return kept;
    }
    case "destroy":
      return rest;
    default:
      return record;
  }
}

/** When the key rotates by itself next; without days, never. */
export function dueAfter(
  days: number | undefined,
  from: Date,
): Pick<KeyRecord, "rotateDays" | "rotateAt"> {
  if (days === undefined || days === 0) return {};
  return { rotateDays: days, rotateAt: new Date(from.getTime() + days * dayMs).toISOString() };
}

/** @throws InvalidArgument for times that lie behind or before each other */
export function requireTimes({ activateAt, expireAt }: KeySpec, now: Date): void {
  const from = activateAt === undefined ? now.getTime() : Date.parse(activateAt);
  if (expireAt !== undefined && Date.parse(expireAt) <= Math.max(from, now.getTime())) {
    const what = "The key would expire before it can be used; choose a later expiry.";
    throw new DsecosError("InvalidArgument", what);
  }
}

/** A new key's state: active at once, or pre-active until its time has come. */
export function firstState(spec: KeySpec, user: string, now: Date) {
  const at = now.toISOString();
  const isLater = spec.activateAt !== undefined && Date.parse(spec.activateAt) > now.getTime();
  const state = isLater ? ("pre-active" as const) : ("active" as const);
  return {
    state,
    createdAt: at,
    createdBy: user,
    ...(isLater ? { activateAt: spec.activateAt } : {}),
    ...(spec.expireAt === undefined ? {} : { expireAt: spec.expireAt }),
    ...dueAfter(spec.rotateDays, now),
    history: [{ at, by: user, state, why: "created" }],
  };
}
