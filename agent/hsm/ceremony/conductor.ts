/**
 * Carries out what people have confirmed: the act of a step, the signature of the record, and taking
 * back what a rehearsal or an aborted ceremony made.
 */
import type { AuditWriter } from "../../audit/types.ts";
import type { Caller } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import type { Tokens } from "../parts.ts";
import { type ActContext, type CeremonyAct, type ScriptDraft, signAct } from "./acts.ts";
import type { Fact } from "./answers.ts";
import { inGroups } from "./attributes.ts";
import { record } from "./journal.ts";
import { bytesOf, fingerprintOf } from "./record.ts";
import { signerOf, signWith } from "./signer.ts";
import { type CeremonyEvent, type CeremonyState, peoplePerStep, type Signed } from "./state.ts";

export interface ConductorParts {
  audit: AuditWriter;
  tokens: Tokens;
  scripts: readonly ScriptDraft[];
  acts: readonly CeremonyAct[];
  log: Log;
  changed: () => void;
  now?: () => number;
}

type Told<E> = E extends unknown ? Omit<E, "at"> : never;

export class Conductor {
  /** Ids of ceremonies of which a step is being carried out. */
  readonly acting = new Set<string>();
  readonly #parts: ConductorParts;
  readonly #acts: ReadonlyMap<string, CeremonyAct>;

  constructor(parts: ConductorParts) {
    this.#parts = parts;
    this.#acts = new Map(parts.acts.map((act) => [act.name, act]));
    for (const { steps } of parts.scripts) {
      for (const { act } of steps) {
        if (act === "" || act === signAct || this.#acts.has(act)) continue;
        throw new Error(`a script has the act “${act}”, which nobody brought`);
      }
    }
  }

  /** Carries the open step out if enough people have confirmed it. */
  async advance(state: CeremonyState): Promise<void> {
    const step = state.current;
    if (step === undefined || step.confirmations.length < peoplePerStep) return;
    const { name, act } = step.script;
    if (act === "") return this.tell(state, { what: "done", step: name, facts: [] });
    const context = this.#context(state, name, step.begun > 0);
    this.acting.add(state.id);
    this.#parts.changed();
    try {
      if (!context.again) await this.#acts.get(act)?.prepare?.(context);
      await this.tell(state, { what: "began", step: name });
      if (act === signAct) {
        const [facts, signed] = await this.#sign(state);
        await this.tell(state, { what: "done", step: name, facts, signed });
      } else {
        const facts = await this.#acts.get(act)?.run(context);
        if (facts === undefined) throw new Error(`nobody brought the act “${act}”`);
        await this.tell(state, { what: "done", step: name, facts: [...facts] });
      }
    } catch (error) {
      const known = error instanceof DsecosError;
      if (!known) this.#failed(state.id, error);
      const sentence = known ? error.message : "An internal error happened; see the journal.";
      await this.tell(state, { what: "failed", step: name, error: sentence });
      throw error;
    } finally {
      this.acting.delete(state.id);
      this.#parts.changed();
    }
    if (state.state === "complete") await this.takeBack(state);
  }

  /** In the node's own token, whosever the ceremony was about. */
  async #sign(state: CeremonyState): Promise<[Fact[], Signed]> {
    const { tokens } = this.#parts;
    const token = await (state.started.rehearsal ? tokens.rehearsal() : tokens.node());
    const key = await signerOf(token);
    const spki = Buffer.from(key.spki).toString("base64");
    const signer = { spki, token: token.id };
    const signature = await signWith(token, key, bytesOf(state, signer));
    const by = `key in token ${token.id} with fingerprint ${inGroups(fingerprintOf(spki))}`;
    return [[{ name: "Signed by", value: by }], { ...signer, signature }];
  }

  /** Of an aborted ceremony or a rehearsal nothing stays that could be taken for a real key. */
  async takeBack(state: CeremonyState): Promise<void> {
    const { aborted, started } = state;
    if (aborted === undefined && !started.rehearsal) return;
    for (const step of [...state.steps].reverse()) {
      const { name, act } = step.script;
      const undo = this.#acts.get(act)?.undo;
      if (undo === undefined || step.begun === 0 || step.undone !== undefined) continue;
      try {
        const note = await undo(this.#context(state, name, true));
        await this.tell(state, { what: "undone", step: name, note });
      } catch (error) {
        step.error = `Not taken back yet, which is tried again when the agent starts: ${explain(error)}`;
        this.#failed(state.id, error);
      }
    }
  }

  /** Asks the token of an interrupted step, where there is one. */
  async reach(state: CeremonyState): Promise<void> {
    const step = state.current;
    if (step === undefined || step.confirmations.length < peoplePerStep) return;
    if (step.script.act === "") return;
    await this.#parts.tokens.info(await this.#context(state, step.script.name, true).token());
  }

  #context(state: CeremonyState, step: string, again: boolean): ActContext {
    const { rehearsal, options, on } = state.started;
    const { tokens } = this.#parts;
    const { steps } = state;
    const confirmed = steps.find((one) => one.script.name === step)?.confirmations ?? [];
    return {
      ceremony: state.id,
      ...{ rehearsal, options, again },
      people: confirmed.map(({ user }) => user),
      token: async () => {
        if (rehearsal) return tokens.rehearsal();
        if (on === "node") return tokens.node();
        const all = await tokens.all(options.tenant ?? "");
        const token = all.find(
          ({ driver }) => options.driver === undefined || driver.name === options.driver,
        );
        return token ?? tokens.of(options.tenant ?? "");
      },
    };
  }

  /** On record first, then in memory: after a crash the log decides. */
  async tell(state: CeremonyState, told: Told<CeremonyEvent>, caller?: Caller): Promise<void> {
    const event = { ...told, at: new Date(this.#now()).toISOString() } as CeremonyEvent;
    await record(this.#parts.audit, state, event, caller);
    state.apply(event);
    this.#parts.changed();
  }

  #failed(ceremony: string, error: unknown): void {
    this.#parts.log("error", "a ceremony did not go on", { ceremony, error: explain(error) });
  }

  #now(): number {
    return (this.#parts.now ?? Date.now)();
  }
}
