/**
 * What keys do by themselves: become active, rotate, expire and be destroyed when their time has
 * come. Each act is the one that a person would ask for, so that of several nodes one does it: the
 * others find the record changed, and that nothing is due any more. None is done by a clock that may
 * have gone ahead.
 */
import type { AuditWriter } from "../../audit/types.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { Core } from "../core.ts";
import { finishDestroying } from "../keys/ending.ts";
import type { KeyRecord } from "../keys/record.ts";
import type { FoundKey } from "../parts.ts";
import type { Alarms, Finding } from "./alarms.ts";
import { youngMs } from "./clock.ts";

export type DueAct = "destroy" | "deactivate" | "activate" | "rotate";

const actor = "dsecos-agent";

const memberOf: Record<DueAct, string> = {
  destroy: "hsm.Destroyed",
  deactivate: "hsm.Deactivate",
  activate: "hsm.Activate",
  rotate: "hsm.Rotate",
};

const whyOf: Record<DueAct, string> = {
  destroy: "its time to be destroyed came",
  deactivate: "it expired",
  activate: "its time came",
  rotate: "rotation was due",
};

/** What is due, the most final first. @param now milliseconds since 1970 */
export function dueAct(record: KeyRecord, now: number): DueAct | undefined {
  const { state, stateBefore, activateAt, expireAt, rotateAt, destroyAt } = record;
  const isPast = (at: string | undefined) => at !== undefined && Date.parse(at) <= now;
  if (state === "destroyed") return undefined;
  if (stateBefore !== undefined) return isPast(destroyAt) ? "destroy" : undefined;
  if ((state === "active" || state === "suspended") && isPast(expireAt)) return "deactivate";
  if (state === "pre-active" && isPast(activateAt)) return "activate";
  if (state === "active" && isPast(rotateAt)) return "rotate";
  return undefined;
}

/** Alarms of the node itself are of no token. */
const noToken = "";

export interface SchedulesParts {
  core: Core;
  alarms: Alarms;
  /** Whether the clock can be believed. @throws DsecosError where that cannot be found out */
  believable: (now: number) => Promise<boolean>;
  audit: AuditWriter;
  rotate: (found: FoundKey, user: string, why: string) => Promise<unknown>;
  now?: () => number;
}

export class Schedules {
  readonly #parts: SchedulesParts;
  readonly #now: () => number;
  /** What failed in the newest round and was told, so that it is not told every minute. */
  #told = new Map<string, string>();

  constructor(parts: SchedulesParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
  }

  /** Does what is due of all keys that were read. */
  async tick(): Promise<void> {
    const due = await this.#due();
    const now = this.#now();
    const isOld = ({ record }: FoundKey) => now - Date.parse(record.createdAt) >= youngMs;
    const old = due.filter(({ found }) => isOld(found)).length;
    const isHeld = old > 0 && !(await this.#parts.believable(now));
    await this.#parts.alarms.found(noToken, isHeld ? [clockDoubt(old)] : []);
    const before = this.#told;
    this.#told = new Map();
    for (const { found, act } of due) {
      if (!isHeld || !isOld(found)) await this.#do(found, act, before);
    }
  }

  async #due(): Promise<{ found: FoundKey; act: DueAct }[]> {
    const { core } = this.#parts;
    const due: { found: FoundKey; act: DueAct }[] = [];
    for (const token of await core.book.every()) {
      const contents = core.records.peek(token.id)?.contents;
      if (contents === undefined) continue;
      for (const found of core.store.foundIn(token, contents)) {
        const act = dueAct(found.record, this.#now());
        if (act !== undefined) due.push({ found, act });
      }
    }
    return due;
  }

  async #do(found: FoundKey, act: DueAct, before: ReadonlyMap<string, string>): Promise<void> {
    const { tenant, name } = found.record;
    const key = `${found.token.id} ${name} ${act}`;
    try {
      await this.#act(found, act);
      await this.#record(tenant, name, act);
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      if (await this.#isDone(found, act)) return;
      this.#told.set(key, error.message);
      if (before.get(key) === error.message) return;
      await this.#record(tenant, name, act, error.message);
    }
  }

  async #act(found: FoundKey, act: DueAct): Promise<void> {
    const { core, rotate } = this.#parts;
    const { tenant, name } = found.record;
    const why = whyOf[act];
    if (act === "rotate") {
      await rotate(found, actor, why);
      return;
    }
    const changed = await core.store.act(tenant, name, act, { user: actor, why }, (next, now) => {
      // People on another node may have put it off since this one looked.
      if (dueAct(now, this.#now()) === act) return next;
      throw new DsecosError("Conflict", `${name} was changed meanwhile; nothing of it is due now.`);
    });
    if (act === "destroy") await finishDestroying(changed, core.records);
  }

  /** Whether another node was first. */
  async #isDone({ token, record: { name } }: FoundKey, act: DueAct): Promise<boolean> {
    const contents = this.#parts.core.records.peek(token.id)?.contents ?? new Map();
    const now = this.#parts.core.store
      .foundIn(token, contents)
      .find(({ record }) => record.name === name);
    return now !== undefined && dueAct(now.record, this.#now()) !== act;
  }

  async #record(tenant: string, key: string, act: DueAct, error?: string): Promise<void> {
    await this.#parts.audit.append({
      action: memberOf[act],
      outcome: error === undefined ? "success" : "failure",
      ...{ actor, uid: 0, tenant, object: key, details: { why: whyOf[act] } },
      ...(error === undefined ? {} : { error }),
    });
  }
}

function clockDoubt(keys: number): Finding {
  const what = `The clock of this node may have gone ahead: it says that something is due of ${keys} key${keys === 1 ? "" : "s"}, and that nothing was put on record here for days. See whether it is right (“timedatectl”) and put it right, or cancel what must not happen: after two days of running it is believed, and what is due is done, also destroying.`;
  return { kind: "clock", token: noToken, tenant: "", key: "", what };
}
