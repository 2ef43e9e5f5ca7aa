/**
 * Puts the state of tenants, permissions, policy and keys on record whenever it changes, as it is
 * and not as somebody asked for it, so that the log alone tells what held at any instant. Once a
 * day everything is recorded anew: whoever asks for an instant needs no more than a day before it.
 */
import { setImmediate as turn } from "node:timers/promises";
import { explain, type Log } from "../../log.ts";
import type { AuditEntry } from "../entry.ts";
import type { AuditWriter } from "../types.ts";
import { sameState } from "./same.ts";

export const stateKinds = ["tenant", "permission", "policy", "key"] as const;
export type StateKind = (typeof stateKinds)[number];

/** JSON values only, which nobody changes: who read them keeps them to compare with. */
export type State = Readonly<Record<string, unknown>>;

export interface Subject {
  readonly kind: StateKind;
  /** Looked at this often, in milliseconds, and when `onChanged` tells. */
  readonly everyMs: number;
  /** @returns state by name; undefined while nobody can tell. */
  read(): Promise<ReadonlyMap<string, State> | undefined>;
  onChanged?(listener: () => void): void;
}

export const snapshotAction = "state.Snapshot";
/** `state.Tenant` and so on; `object` is the name. */
export function stateAction(kind: StateKind): string {
  return `state.${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
}

/** What the details of a state's entry hold. */
export interface StateDetails {
  /** Null when it is gone. */
  now: State | null;
  /** The state before, where this log had one. */
  was?: State | null;
}

export interface ObserverOptions {
  subjects: readonly Subject[];
  audit: AuditWriter;
  log: Log;
  now?: () => number;
  snapshotMs?: number;
}

const day = 86_400_000;
/** Changes that come together are looked at once, in milliseconds. */
const gatherMs = 500;
/** States compared before other work has its turn. */
const portion = 500;

export class Observer {
  readonly #options: Required<ObserverOptions>;
  /**
   * What was recorded last, by kind and name. The state itself, not a text of it: it shares what it
   * holds with whoever read it, and there may be ten thousand.
   */
  readonly #known: Record<StateKind, Map<string, State>> = {
    tenant: new Map(),
    permission: new Map(),
    policy: new Map(),
    key: new Map(),
  };
  readonly #timers = new Map<Subject, NodeJS.Timeout>();
  #snapshotAt = 0;
  /** Looks are taken one at a time. */
  #busy: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: ObserverOptions) {
    this.#options = { now: Date.now, snapshotMs: day, ...options };
  }

  /** @param recent entries oldest first, as far back as was read at the start. */
  start(recent: readonly AuditEntry[]): void {
    this.#restore(recent);
    for (const subject of this.#options.subjects) {
      subject.onChanged?.(() => this.#lookSoon(subject, gatherMs));
      this.#lookSoon(subject, 0);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await this.#busy;
  }

  #restore(recent: readonly AuditEntry[]): void {
    const last = recent.findLast(({ action }) => action === snapshotAction);
    const since = last?.details?.since;
    if (last === undefined || typeof since !== "number") return;
    this.#snapshotAt = Date.parse(last.time);
    for (const entry of recent) {
      if (entry.sequence < since) continue;
      const kind = stateKinds.find((candidate) => stateAction(candidate) === entry.action);
      if (kind === undefined || entry.object === undefined) continue;
      const { now } = entry.details as unknown as Partial<StateDetails>;
      // Too large for the record, which has its hash only: it is recorded anew.
      if (now !== undefined) this.#remember(kind, entry.object, now);
    }
  }

  #remember(kind: StateKind, name: string, state: State | null): void {
    if (state === null) this.#known[kind].delete(name);
    else this.#known[kind].set(name, state);
  }

  #lookSoon(subject: Subject, ms: number): void {
    if (this.#stopped) return;
    const waiting = this.#timers.get(subject);
    clearTimeout(waiting);
    const timer = setTimeout(() => {
      this.#busy = this.#busy.then(() => this.#look(subject));
    }, ms);
    timer.unref();
    this.#timers.set(subject, timer);
  }

  async #look(subject: Subject): Promise<void> {
    if (this.#stopped) return;
    const { now, snapshotMs, log, subjects } = this.#options;
    try {
      const due = now() - this.#snapshotAt >= snapshotMs;
      if (!due || !(await this.#snapshot())) await this.#compare(subject);
    } catch (error) {
      // The engine or the log is away; what changed meanwhile is seen at the next look.
      log("warning", "the state could not be recorded", {
        kinds: subjects.map(({ kind }) => kind).join(" "),
        error: explain(error),
      });
    }
    this.#lookSoon(subject, subject.everyMs);
  }

  async #compare(subject: Subject): Promise<void> {
    const states = await subject.read();
    if (states === undefined) return;
    const { kind } = subject;
    const known = this.#known[kind];
    let compared = 0;
    for (const [name, state] of states) {
      if (compared++ % portion === 0) await turn();
      const before = known.get(name);
      if (before === undefined || !sameState(before, state)) {
        await this.#append(kind, name, { now: state, was: before ?? null });
      }
      // One that is equal too, since only the newest shares its parts with what was read.
      known.set(name, state);
    }
    for (const [name, before] of known) {
      if (states.has(name)) continue;
      await this.#append(kind, name, { now: null, was: before });
      known.delete(name);
    }
  }

  /**
   * Everything anew, then a note that this was everything.
   * @returns false while a part is unknown.
   */
  async #snapshot(): Promise<boolean> {
    const { subjects, audit, now } = this.#options;
    // What changed since the last look is told as a change first.
    const knows = Object.values(this.#known).some(({ size }) => size > 0);
    if (knows) for (const subject of subjects) await this.#compare(subject);
    const all: [Subject, ReadonlyMap<string, State>][] = [];
    for (const subject of subjects) {
      const states = await subject.read();
      if (states === undefined) return false;
      all.push([subject, states]);
    }
    let since: number | undefined;
    let objects = 0;
    for (const [{ kind }, states] of all) {
      for (const [name, state] of states) {
        const entry = await this.#append(kind, name, { now: state });
        since ??= entry.sequence;
        objects += 1;
        this.#remember(kind, name, state);
      }
    }
    const details = { objects, ...(since === undefined ? {} : { since }) };
    await audit.append({ ...self(), action: snapshotAction, details }, "written");
    this.#snapshotAt = now();
    return true;
  }

  #append(kind: StateKind, name: string, { now, was }: StateDetails): Promise<AuditEntry> {
    const details = was === undefined ? { now } : { now, was };
    const event = { ...self(), action: stateAction(kind), object: name, details };
    const tenant = kind === "tenant" ? { tenant: name } : {};
    return this.#options.audit.append({ ...event, ...tenant }, "written");
  }
}

function self() {
  return { outcome: "note", actor: "agent", uid: process.getuid?.() ?? 0 } as const;
}
