/**
 * Knocks at daemons while somebody looks, since the cluster itself gives one that hangs up only after
 * its grace: by default 20 s for an OSD, 15 s for a metadata server, 30 s for a manager.
 *
 * Monitors, managers, metadata servers, and OSDs that somebody complains of or that did not answer are
 * knocked at every second; the other OSDs in turns, 200 a second, which is a twentieth of a core. So an
 * OSD that hangs is known within 5 s where there are up to 500 of them, and with 4,320 within 25 s;
 * one that ended is told by the cluster itself within 2 s, however many there are.
 */
import { setImmediate as othersFirst, setTimeout as pause } from "node:timers/promises";
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import type { FactKeeper } from "../facts/keeper.ts";
import type { Ceph, CephStatus } from "../link/types.ts";
import type { Knocks, Silence, SilentDaemon } from "./answers.ts";
import { knock, type Outcome } from "./knock.ts";
import type { Listener } from "./question.ts";
import { explainSilence, withMonitors } from "./words.ts";

const usualPace = { everyMs: 1000, deadlineMs: 1200 };
/** Before one that did not answer is knocked at again: only twice counts. */
const againMs = 250;
const osdsAtOnce = 200;
/** Each connection that is begun holds the loop for a tenth of a millisecond or more. */
const begunTogether = 10;
/** Pages ask every five seconds. */
const lookedMs = 15_000;
const listMs = 5000;
/** Of those that are named; a site that is lost takes hundreds with it. */
const mostNamed = 100;
const ranks = { mon: 0, mgr: 1, mds: 2, osd: 3 };

export interface WatchParts {
  link: Pick<Ceph, "status" | "onChanged">;
  facts: Pick<FactKeeper, "ask">;
  log: Log;
  /** Told when somebody became silent, or answers again. */
  changed: () => void;
  /** Once a second, with little more for an answer, unless told. */
  pace?: typeof usualPace;
}

interface Known {
  outcome: Outcome;
  since: string;
}

export class DaemonWatch {
  readonly #parts: WatchParts;
  readonly #pace: typeof usualPace;
  #listeners = new Map<string, Listener>();
  readonly #known = new Map<string, Known>();
  /** Those that once answered: that no connection comes about tells something of them alone. */
  readonly #met = new Set<string>();
  readonly #busy = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  #listedAt = Number.NEGATIVE_INFINITY;
  #listing = false;
  #turn = 0;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#pace = parts.pace ?? usualPace;
    parts.link.onChanged(() => {
      this.#listedAt = Number.NEGATIVE_INFINITY;
    });
  }

  /** Somebody looks: it begins, or goes on. */
  report(): CephStatus & { knocks: Knocks } {
    this.#lookedAt = performance.now();
    this.#timer ??= setInterval(() => this.#round(), this.#pace.everyMs).unref();
    const knocks = this.#knocks();
    const monitors = [...this.#listeners.values()].filter(({ kind }) => kind === "mon").length;
    return { ...withMonitors(this.#parts.link.status(), knocks, monitors), knocks };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    // What was true then need not be so when somebody looks again.
    this.#known.clear();
    this.#listeners.clear();
    this.#listedAt = Number.NEGATIVE_INFINITY;
  }

  #knocks(): Knocks {
    const silent: SilentDaemon[] = [];
    let answering = 0;
    for (const [name, { outcome, since }] of this.#known) {
      const listener = this.#listeners.get(name);
      if (outcome === "answers") answering += 1;
      if (listener === undefined || !this.#isSilent(name, outcome)) continue;
      const { kind, host } = listener;
      silent.push({
        ...{ daemon: name, kind, host, how: outcome, since },
        ...explainSilence(listener, outcome),
      });
    }
    silent.sort((a, b) => ranks[a.kind] - ranks[b.kind] || a.since.localeCompare(b.since));
    const [daemons, tried] = [this.#listeners.size, this.#known.size];
    return { daemons, tried, answering, silent: silent.slice(0, mostNamed) };
  }

  #isSilent(name: string, outcome: Outcome | undefined): outcome is Silence {
    if (outcome === undefined || outcome === "answers" || outcome === "late") return false;
    return outcome !== "unreached" || this.#met.has(name);
  }

  #round(): void {
    const now = performance.now();
    if (now - this.#lookedAt > lookedMs) {
      this.stop();
      return;
    }
    if (now - this.#listedAt > listMs) this.#list();
    this.#visitAll(this.#due()).catch((error) => {
      const fields = { error: explain(error) };
      this.#parts.log("error", "daemons of Ceph could not be knocked at", fields);
    });
  }

  async #visitAll(listeners: readonly Listener[]): Promise<void> {
    const visits: Promise<void>[] = [];
    for (const [at, listener] of listeners.entries()) {
      if (at > 0 && at % begunTogether === 0) await othersFirst();
      if (!this.#busy.has(listener.name)) visits.push(this.#visit(listener));
    }
    await Promise.all(visits);
  }

  /** Not waited for: while monitors are silent, those that are known are knocked at. */
  #list(): void {
    if (this.#listing || this.#parts.link.status().state !== "ready") return;
    this.#listing = true;
    this.#listedAt = performance.now();
    this.#parts.facts
      .ask("listeners", undefined)
      .then((listeners) => this.#take(listeners))
      .catch((error) => {
        // The page says so itself, where it asks for the same.
        if (error instanceof DsecosError) return;
        this.#parts.log("error", "daemons of Ceph could not be listed", { error: explain(error) });
      })
      .finally(() => {
        this.#listing = false;
      });
  }

  #take(listeners: readonly Listener[]): void {
    const old = this.#listeners;
    this.#listeners = new Map(listeners.map((listener) => [listener.name, listener]));
    let isNews = false;
    for (const [name, { outcome }] of this.#known) {
      if (this.#listeners.get(name)?.address === old.get(name)?.address) continue;
      isNews ||= this.#isSilent(name, outcome);
      this.#known.delete(name);
    }
    if (isNews) this.#parts.changed();
  }

  #due(): Listener[] {
    const urgent: Listener[] = [];
    const others: Listener[] = [];
    for (const listener of this.#listeners.values()) {
      if (this.#busy.has(listener.name)) continue;
      const outcome = this.#known.get(listener.name)?.outcome;
      const isUrgent =
        listener.kind !== "osd" ||
        listener.suspect ||
        (outcome !== undefined && outcome !== "answers");
      (isUrgent ? urgent : others).push(listener);
    }
    // A site that is lost makes hundreds urgent; they take turns with each other then.
    const some = [...turn(urgent, osdsAtOnce, this.#turn), ...turn(others, osdsAtOnce, this.#turn)];
    this.#turn += osdsAtOnce;
    return some;
  }

  async #visit({ name, address }: Listener): Promise<void> {
    this.#busy.add(name);
    const { deadlineMs } = this.#pace;
    try {
      let outcome = await knock(address, deadlineMs);
      const wasSilent = this.#isSilent(name, this.#known.get(name)?.outcome);
      if (outcome !== "answers" && !wasSilent) {
        await pause(againMs, undefined, { ref: false });
        outcome = await knock(address, deadlineMs);
      }
      if (this.#timer === undefined || this.#listeners.get(name)?.address !== address) return;
      if (outcome === "answers") this.#met.add(name);
      const known = this.#known.get(name);
      if (known?.outcome === outcome) return;
      this.#known.set(name, { outcome, since: new Date().toISOString() });
      if (wasSilent || this.#isSilent(name, outcome)) this.#parts.changed();
    } finally {
      this.#busy.delete(name);
    }
  }
}

/** So many of them from a place that moves on, around the end. */
function turn<T>(all: readonly T[], most: number, from: number): T[] {
  if (all.length <= most) return [...all];
  const start = from % all.length;
  return [
    ...all.slice(start, start + most),
    ...all.slice(0, Math.max(0, start + most - all.length)),
  ];
}
