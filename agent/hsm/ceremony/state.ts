/**
 * What has happened in a ceremony, event by event. The events stand in the audit log, each is small
 * enough for it, and what a ceremony is follows from them alone.
 */
import { canonical } from "../../audit/canonical.ts";
import { sha3Hex } from "../../audit/digest.ts";
import type { Ceremony, CeremonyOptions, CeremonyRow, Fact, ScriptStep } from "./answers.ts";

export interface Confirmer {
  user: string;
  uid: number;
  loginuid: number;
}

/** What a verifier needs beside the record; base64, public key as SubjectPublicKeyInfo. */
export interface Signed {
  signature: string;
  spki: string;
  token: string;
}

export type CeremonyEvent = { at: string } & (
  | {
      what: "started";
      script: string;
      title: string;
      scriptHash: string;
      options: CeremonyOptions;
      rehearsal: boolean;
      node: string;
      /** Whose token it is held on, unless it is a rehearsal. */
      on: "node" | "tenant";
      by: Confirmer;
      expiresAt: string;
      steps: ScriptStep[];
    }
  | { what: "confirmed"; step: string; hash: string; by: Confirmer }
  | { what: "began"; step: string }
  | { what: "done"; step: string; facts: Fact[]; signed?: Signed }
  | { what: "failed"; step: string; error: string }
  | { what: "aborted"; reason: string }
  | { what: "undone"; step: string; note: string }
);

export interface StepState {
  script: ScriptStep;
  confirmations: (Confirmer & { at: string })[];
  /** How often its act was begun, and how often that failed. */
  begun: number;
  failures: number;
  facts: Fact[];
  doneAt: string;
  error: string;
  /** Set once what it made was taken back; undefined where that was not tried. */
  undone: string | undefined;
}

/** How many different people confirm each step. */
export const peoplePerStep = 2;

export class CeremonyState {
  readonly id: string;
  readonly started: Extract<CeremonyEvent, { what: "started" }>;
  readonly steps: StepState[];
  aborted: { at: string; reason: string } | undefined;
  signed: Signed | undefined;

  constructor(id: string, started: Extract<CeremonyEvent, { what: "started" }>) {
    this.id = id;
    this.started = started;
    this.steps = started.steps.map((script) => ({
      ...{ script, confirmations: [], begun: 0, failures: 0, facts: [] },
      ...{ doneAt: "", error: "", undone: undefined },
    }));
  }

  /** The step that is open; undefined when all are done. */
  get current(): StepState | undefined {
    return this.steps.find(({ doneAt }) => doneAt === "");
  }

  get state(): CeremonyRow["state"] {
    if (this.aborted !== undefined) return "aborted";
    return this.current === undefined ? "complete" : "running";
  }

  apply(event: CeremonyEvent): void {
    if (event.what === "started") return;
    if (event.what === "aborted") {
      this.aborted = { at: event.at, reason: event.reason };
      return;
    }
    const step = this.steps.find(({ script }) => script.name === event.step);
    if (step === undefined) return;
    switch (event.what) {
      case "confirmed":
        step.confirmations.push({ ...event.by, at: event.at });
        break;
      case "began":
        step.begun += 1;
        step.error = "";
        break;
      case "failed":
        // Who confirms it again sees the error, and both do.
        step.confirmations = [];
        step.failures += 1;
        step.error = event.error;
        break;
      case "done":
        step.facts = event.facts;
        step.doneAt = event.at;
        step.error = "";
        this.signed = event.signed ?? this.signed;
        break;
      case "undone":
        step.undone = event.note;
    }
  }

  /** SHA3-512 over everything that a person sees who confirms the open step; hexadecimal. */
  get hash(): string {
    const step = this.current;
    if (step === undefined || this.state !== "running") return "";
    const { scriptHash, options, rehearsal, node } = this.started;
    const seen = this.steps.map(({ script, facts }) => ({ step: script.name, facts }));
    const { failures } = step;
    const bound = { ceremony: this.id, scriptHash, options, rehearsal, node, failures, seen };
    return sha3Hex(canonical({ ...bound, step: step.script.name }));
  }

  row(): CeremonyRow {
    const { script, title, scriptHash, rehearsal, options, by, at, expiresAt } = this.started;
    const done = this.steps.filter(({ doneAt }) => doneAt !== "");
    const endedAt = this.aborted?.at ?? (this.state === "complete" ? done.at(-1)?.doneAt : "");
    return {
      ...{ id: this.id, script, title, scriptHash, rehearsal, options, expiresAt },
      state: this.state,
      startedBy: by.user,
      startedAt: at,
      ...(endedAt ? { endedAt } : {}),
      reason: this.aborted?.reason ?? "",
      done: done.length,
      of: this.steps.length,
    };
  }

  /** @param acting whether the open step's act is being carried out */
  shown(acting: boolean): Ceremony {
    const { current } = this;
    const running = this.state === "running";
    const steps = this.steps.map((step): Ceremony["steps"][number] => ({
      ...step.script,
      state: step.doneAt
        ? "done"
        : step !== current || !running
          ? "waits"
          : acting
            ? "acting"
            : "open",
      confirmedBy: step.confirmations.map(({ user, uid, at }) => ({ user, uid, at })),
      ...(step.doneAt ? { doneAt: step.doneAt } : {}),
      facts: step.facts,
      error: step.error,
    }));
    return {
      ...this.row(),
      steps,
      step: running ? (current?.script.name ?? "") : "",
      hash: this.hash,
      undone: this.steps.flatMap(({ undone }) => (undone ? [undone] : [])),
    };
  }
}
