/**
 * Holding key ceremonies: two different officers confirm each step, then the node carries it out,
 * then the next step is open. Everything is on record before it counts. Should the agent end in the
 * middle, a step that two people had confirmed is carried out to its end at the next start.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { People } from "../../approvals/people.ts";
import { idsOf } from "../../approvals/quorum.ts";
import type { Caller } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import { explain } from "../../log.ts";
import { KeyedLock } from "../../tenants/locks.ts";
import type { AskRecord } from "../statement/record.ts";
import type { ScriptDraft } from "./acts.ts";
import type { CeremonyOptions, Script } from "./answers.ts";
import { Conductor, type ConductorParts } from "./conductor.ts";
import { readCeremonies, record } from "./journal.ts";
import { needOfficer, refusalOf } from "./people.ts";
import { published } from "./scripts.ts";
import { CeremonyState, peoplePerStep } from "./state.ts";

/** A ceremony is held in one session: it ends by itself after this long, in milliseconds. */
const lifetimeMs = 4 * 3_600_000;
/** How long a step that was interrupted waits for its driver after a start, in milliseconds. */
const patienceMs = 60_000;

export interface CeremoniesParts extends ConductorParts {
  people: People;
  /** Who must approve what is done to a tenant's token, by its rules; not checked yet. */
  quorum: (tenant: string) => Promise<unknown>;
  node: string;
  /** Entries of the audit log. */
  record: AskRecord;
}

export class Ceremonies {
  readonly scripts: readonly Script[];
  readonly #parts: CeremoniesParts;
  readonly #drafts: ReadonlyMap<string, { draft: ScriptDraft; script: Script }>;
  readonly #conductor: Conductor;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** One thing at a time happens in a ceremony. */
  readonly #turns = new KeyedLock();
  #states: Promise<Map<string, CeremonyState>> | undefined;
  #stopped = false;

  constructor(parts: CeremoniesParts) {
    this.#parts = parts;
    const both = parts.scripts.map((draft) => ({ draft, script: published(draft) }));
    this.#drafts = new Map(both.map((one) => [one.draft.name, one]));
    this.scripts = both.map(({ script }) => script);
    this.#conductor = new Conductor(parts);
  }

  /** Goes on with what the agent's end broke off. Throws nothing. */
  async start(): Promise<void> {
    try {
      for (const state of (await this.#all()).values()) {
        if (state.state === "running") this.#watch(state);
        const work = () => this.#goOn(state);
        this.#turns.run(state.id, work).catch((error) => this.#failed(state.id, error));
      }
    } catch (error) {
      this.#failed("", error);
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** Newest first. */
  async list(): Promise<CeremonyState[]> {
    return [...(await this.#all()).values()].reverse();
  }

  /** @throws DsecosError NotFound */
  async find(id: string): Promise<CeremonyState> {
    const state = (await this.#all()).get(id);
    if (state !== undefined) return state;
    throw new DsecosError("NotFound", `There is no ceremony ${id}; list them to see which.`);
  }

  isActing(id: string): boolean {
    return this.#conductor.acting.has(id);
  }

  async begin(
    caller: Caller,
    name: string,
    options: CeremonyOptions,
    rehearsal: boolean,
  ): Promise<CeremonyState> {
    const known = this.#drafts.get(name);
    if (known === undefined) {
      const names = [...this.#drafts.keys()].join(", ");
      throw new DsecosError("NotFound", `There is no script ${name}; there are ${names}.`);
    }
    const { draft, script } = known;
    checkOptions(draft, options);
    await needOfficer(this.#parts.people, caller, peoplePerStep);
    return this.#turns.run("start", async () => {
      const states = await this.#all();
      const place = placeOf(draft, options, rehearsal);
      for (const { id, state, started } of states.values()) {
        const other = this.#drafts.get(started.script)?.draft;
        if (state !== "running" || other === undefined) continue;
        if (placeOf(other, started.options, started.rehearsal) !== place) continue;
        const what = `Ceremony ${id} is held there; complete or abort it first.`;
        throw new DsecosError("Conflict", what);
      }
      const now = this.#now();
      const state = new CeremonyState(randomBytes(8).toString("hex"), {
        what: "started",
        at: new Date(now).toISOString(),
        ...{ script: name, title: script.title, scriptHash: script.hash, options, rehearsal },
        node: this.#parts.node,
        on: draft.on,
        by: whoOf(caller),
        expiresAt: new Date(now + lifetimeMs).toISOString(),
        steps: script.steps,
      });
      await record(this.#parts.audit, state, state.started, caller);
      states.set(state.id, state);
      this.#watch(state);
      this.#parts.changed();
      return state;
    });
  }

  async confirm(caller: Caller, id: string, name: string, read: string): Promise<CeremonyState> {
    const state = await this.find(id);
    return this.#turns.run(id, async () => {
      this.#needRunning(state);
      if (!this.#isCurrent(state)) {
        throw conflict(id, "was begun with another version of its script; abort it, start anew");
      }
      const step = state.current;
      if (step?.script.name !== name) {
        const what = `The step ${step?.script.name} is open, not ${name}: steps go in the order of the script.`;
        throw new DsecosError("Conflict", what);
      }
      if (state.hash !== read) {
        const what = "This is not the step that you read: its hash differs. Read it again.";
        throw new DsecosError("Conflict", what);
      }
      await needOfficer(this.#parts.people, caller);
      // The record of what came after the second confirmation could not be written, or was cut off.
      if (step.confirmations.length >= peoplePerStep) {
        await this.#advance(state);
        return state;
      }
      const given = step.confirmations.flatMap(idsOf);
      if (idsOf(caller).some((uid) => given.includes(uid))) {
        const what = "You confirmed this step already; another officer must confirm it, too.";
        throw new DsecosError("Conflict", what);
      }
      await this.#conductor.tell(
        state,
        { what: "confirmed", step: name, hash: read, by: whoOf(caller) },
        caller,
      );
      await this.#advance(state);
      return state;
    });
  }

  async abort(caller: Caller, id: string, reason: string): Promise<CeremonyState> {
    const state = await this.find(id);
    return this.#turns.run(id, async () => {
      this.#needRunning(state);
      await needOfficer(this.#parts.people, caller);
      await this.#end(state, `${caller.user}: ${reason}`, caller);
      return state;
    });
  }

  async #end(state: CeremonyState, reason: string, caller?: Caller): Promise<void> {
    clearTimeout(this.#timers.get(state.id));
    await this.#conductor.tell(state, { what: "aborted", reason }, caller);
    await this.#conductor.takeBack(state);
  }

  /** What a ceremony is due after a start: its confirmed step, its end, or what is to be taken back. */
  async #goOn(state: CeremonyState): Promise<void> {
    if (state.state !== "running") return this.#conductor.takeBack(state);
    if (this.#isOver(state)) return this.#end(state, "Its time was over.");
    if (!this.#isCurrent(state)) return this.#end(state, "Its script is another one by now.");
    const until = performance.now() + patienceMs;
    for (;;) {
      try {
        await this.#conductor.reach(state);
        break;
      } catch (error) {
        // The driver begins after the agent.
        const away = error instanceof DsecosError && error.code === "Unavailable";
        if (!away || this.#stopped || performance.now() > until) break;
        await pause(1000, undefined, { ref: false });
      }
    }
    await this.#advance(state);
  }

  /**
   * Carries the open step out for those who may still say so, and not for who could when it was
   * confirmed.
   */
  async #advance(state: CeremonyState): Promise<void> {
    const step = state.current;
    if (step !== undefined && step.confirmations.length >= peoplePerStep) {
      const refusal = await refusalOf(this.#parts, state, step);
      if (refusal !== "") {
        await this.#conductor.tell(state, {
          ...{ what: "failed", step: step.script.name, error: refusal },
        });
        throw new DsecosError("Denied", refusal);
      }
    }
    await this.#conductor.advance(state);
  }

  #needRunning(state: CeremonyState): void {
    const { id } = state;
    if (state.state === "complete") throw conflict(id, "is complete");
    if (state.aborted !== undefined) throw conflict(id, `was aborted: ${state.aborted.reason}`);
    if (this.#isOver(state)) throw conflict(id, "is over: its time has passed");
  }

  #isCurrent({ started }: CeremonyState): boolean {
    return this.#drafts.get(started.script)?.script.hash === started.scriptHash;
  }

  #watch(state: CeremonyState): void {
    const left = Math.max(0, Date.parse(state.started.expiresAt) - this.#now());
    const timer = setTimeout(() => {
      const work = async () => {
        if (state.state === "running") await this.#end(state, "Its time was over.");
      };
      this.#turns.run(state.id, work).catch((error) => this.#failed(state.id, error));
    }, left);
    timer.unref();
    this.#timers.set(state.id, timer);
  }

  #isOver(state: CeremonyState): boolean {
    return this.#now() >= Date.parse(state.started.expiresAt);
  }

  /** Read once; when that fails, the next who asks tries again. */
  #all(): Promise<Map<string, CeremonyState>> {
    this.#states ??= readCeremonies(this.#parts.record);
    this.#states.catch(() => {
      this.#states = undefined;
    });
    return this.#states;
  }

  #failed(ceremony: string, error: unknown): void {
    this.#parts.log("error", "a ceremony did not go on", { ceremony, error: explain(error) });
  }

  #now(): number {
    return (this.#parts.now ?? Date.now)();
  }
}

function whoOf({ user, uid, loginuid }: Caller) {
  return { user, uid, loginuid };
}

/** Where a ceremony is held: one at a time in each place. */
function placeOf(draft: ScriptDraft, { tenant }: CeremonyOptions, rehearsal: boolean): string {
  return rehearsal ? "rehearsal" : draft.on === "node" ? "node" : `tenant ${tenant}`;
}

function checkOptions(draft: ScriptDraft, options: CeremonyOptions): void {
  for (const name of ["tenant", "driver"] as const) {
    const needs = draft.needs.includes(name);
    if (needs && options[name] === undefined) {
      throw new DsecosError(
        "InvalidArgument",
        `options: the script ${draft.name} needs a ${name}.`,
      );
    }
    if (!needs && options[name] !== undefined && draft.on === "node") {
      throw new DsecosError(
        "InvalidArgument",
        `options: the script ${draft.name} takes no ${name}.`,
      );
    }
  }
}

function conflict(id: string, what: string): DsecosError {
  return new DsecosError("Conflict", `Ceremony ${id} ${what}.`);
}
