/**
 * One configured witness: brings it the newest checkpoint, goes on from the size that it has, and
 * waits longer after each failure. What it says against this log becomes an alarm.
 */
import { setTimeout as delay } from "node:timers/promises";
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import { backOff, Remote, Unreachable } from "../remote.ts";
import { parseCheckpoint } from "../tlog/checkpoint.ts";
import { parseNote, parseVerifierKey, type VerifierKey } from "../tlog/note.ts";
import { type Answer, ask } from "./ask.ts";
import type { Proofs, Sealing, WitnessAlarm, WitnessConfig, WitnessStatus } from "./types.ts";

const longestWaitMs = 60_000;
/** Without a signature for this long while there are new events, the witness counts as stale. */
const staleMs = 5 * 60_000;
/** A witness's clock may be wrong by this much. */
const clockMs = 5 * 60_000;
/** The size of a witness can change between two questions when somebody else asks too. */
const mostQuestions = 3;

export interface WitnessOptions {
  proofs: Proofs;
  sealing: Pick<Sealing, "addCosignatures">;
  log: Log;
  /** Called once when an alarm begins. */
  alarmed(alarm: WitnessAlarm): void;
  /** Waits; rejects when the signal is given. */
  wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  now?: () => number;
}

interface Checkpoint {
  note: string;
  text: string;
  size: number;
}

export class Witness {
  readonly #config: WitnessConfig;
  readonly #options: WitnessOptions;
  readonly #key: VerifierKey;
  readonly #remote: Remote;
  readonly #stopped = new AbortController();
  readonly #wait: (ms: number, signal: AbortSignal) => Promise<unknown>;
  readonly #now: () => number;
  /** The newest checkpoint that it has not signed. */
  #wanted: (Checkpoint & { since: number }) | undefined;
  /** What it has cosigned last, as far as it is known. */
  #old = 0;
  #signed: { size: number; time: number } | undefined;
  #trouble = "";
  #alarm: WitnessAlarm | undefined;
  #staleSince: string | undefined;
  #failures = 0;
  #running: Promise<void> | undefined;

  constructor(config: WitnessConfig, options: WitnessOptions) {
    this.#config = config;
    this.#options = options;
    this.#key = parseVerifierKey(config.key);
    this.#remote = new Remote(config.url, config.caFile);
    this.#wait = options.wait ?? ((ms, signal) => delay(ms, undefined, { signal }));
    this.#now = options.now ?? Date.now;
  }

  get name(): string {
    return this.#key.name;
  }

  /** @param note a checkpoint; what was offered before need not be signed any more. */
  offer(note: string): void {
    const { text } = parseNote(note);
    const { size } = parseCheckpoint(text);
    // Nothing has happened in an empty log; and what it has signed comes back with its signature.
    if (size === 0 || size === this.#signed?.size || this.#stopped.signal.aborted) return;
    this.#wanted = { note, text, size, since: this.#wanted?.since ?? this.#now() };
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    this.#remote.close();
  }

  /** Looks whether it is stale by now. */
  check(): void {
    const since = this.#wanted?.since;
    if (since === undefined || this.#now() - since < staleMs) {
      this.#staleSince = undefined;
    } else if (this.#staleSince === undefined) {
      this.#staleSince = new Date(since).toISOString();
      this.#options.alarmed(this.#staleAlarm(this.#staleSince));
    }
  }

  status(): WitnessStatus {
    const { name } = this.#key;
    const stale = this.#staleSince === undefined ? [] : [this.#staleAlarm(this.#staleSince)];
    const alarms = [...(this.#alarm === undefined ? [] : [this.#alarm]), ...stale];
    const signed = this.#signed;
    const text =
      alarms[0]?.text ??
      (this.#trouble ||
        (signed === undefined
          ? `${name} has signed nothing since the agent started.`
          : `${name} has signed the log up to event ${signed.size}.`));
    return {
      name,
      state: this.#state(alarms.length > 0),
      at: signed === undefined ? "" : new Date(signed.time).toISOString(),
      size: signed?.size ?? 0,
      text,
      alarms,
    };
  }

  #state(alarmed: boolean): WitnessStatus["state"] {
    if (alarmed) return "alarm";
    if (this.#trouble !== "") return "warning";
    return this.#signed === undefined ? "unknown" : "ok";
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (this.#wanted !== undefined && !signal.aborted) {
      const waitMs = await this.#round(this.#wanted);
      if (waitMs === 0) continue;
      try {
        await this.#wait(waitMs, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
    // In the same turn as the last look, so that no offer falls in between.
    this.#running = undefined;
  }

  /** @returns how long to wait before the next round, in milliseconds; 0 when it was signed. */
  async #round(wanted: Checkpoint): Promise<number> {
    let askedMs = 0;
    try {
      const answer = await this.#negotiate(wanted);
      if (answer?.kind === "signed") {
        await this.#take(wanted, answer);
        return 0;
      }
      if (answer !== undefined) {
        this.#complain(answer.text);
        askedMs = answer.waitMs;
      }
    } catch (error) {
      if (this.#stopped.signal.aborted) return 0;
      if (error instanceof Unreachable) this.#complain(error.message);
      else {
        this.#complain(
          `What ${this.#key.name} signs cannot be kept; the agent's journal says why.`,
        );
        this.#options.log("error", "a witness could not be asked", { error: explain(error) });
      }
    }
    this.#failures += 1;
    return Math.max(askedMs, backOff(this.#failures - 1, longestWaitMs));
  }

  /** @returns undefined when an alarm was raised. @throws Unreachable */
  async #negotiate(
    wanted: Checkpoint,
  ): Promise<(Answer & { kind: "signed" | "refused" }) | undefined> {
    const { name } = this.#key;
    for (let question = 0; question < mostQuestions; question++) {
      const old = Math.min(this.#old, wanted.size);
      const proof = await this.#proof(old, wanted.size);
      if (proof === undefined) return undefined;
      const checkpoint = { note: wanted.note, text: wanted.text, old, proof };
      const answer = await ask(this.#remote, this.#key, checkpoint, this.#stopped.signal);
      if (answer.kind === "signed" || answer.kind === "refused") return answer;
      if (answer.kind === "conflict" && answer.size > wanted.size) {
        this.#old = answer.size;
        return this.#raise(
          "witness.ahead",
          `${name} has signed ${answer.size} events of this log, which has ${wanted.size}: it was cut or set back.`,
        );
      }
      if (answer.kind === "unconvinced" || answer.size === old) {
        return this.#raise(
          "witness.fork",
          `${name} has signed ${old} events that are no beginning of this log: it was rewritten.`,
        );
      }
      if (answer.size < (this.#signed?.size ?? 0)) {
        this.#options.log("warning", "a witness has forgotten what it signed", { name });
      }
      this.#old = answer.size;
    }
    const text = `Somebody else brings ${name} checkpoints of this log; no two agents may write one log.`;
    return { kind: "refused", text, waitMs: 0 };
  }

  async #proof(from: number, to: number): Promise<Buffer[] | undefined> {
    try {
      return await this.#options.proofs.consistency(from, to);
    } catch (error) {
      // Nobody could look just now, which says nothing about the log.
      if (error instanceof DsecosError) throw new Unreachable(error.message, { cause: error });
      this.#options.log("error", "no consistency proof can be made", {
        from,
        to,
        error: explain(error),
      });
      return this.#raise(
        "witness.proof",
        `This log cannot show that it continues the ${from} events that ${this.#key.name} has signed.`,
      );
    }
  }

  async #take(wanted: Checkpoint, { line, time }: Answer & { kind: "signed" }): Promise<void> {
    await this.#options.sealing.addCosignatures(wanted.text, [line]);
    this.#signed = { size: wanted.size, time };
    this.#old = wanted.size;
    this.#failures = 0;
    this.#alarm = undefined;
    const off = time - this.#now();
    if (Math.abs(off) > clockMs) {
      this.#complain(
        `The clocks of ${this.#key.name} and of this node differ by ${Math.round(Math.abs(off) / 60_000)} minutes; set the wrong one.`,
      );
    } else this.#trouble = "";
    const newer = this.#wanted;
    this.#wanted =
      newer === undefined || newer.size === wanted.size
        ? undefined
        : { ...newer, since: this.#now() };
  }

  #complain(text: string): void {
    if (text !== this.#trouble) this.#options.log("warning", "witness", { text });
    this.#trouble = text;
  }

  #raise(kind: WitnessAlarm["kind"], text: string): undefined {
    this.#trouble = text;
    if (this.#alarm?.kind === kind) return;
    const todo =
      "Treat it as tampering: keep the disk, verify the log, and compare with the copies and with what the witness holds.";
    this.#alarm = { kind, since: new Date(this.#now()).toISOString(), text, todo };
    this.#options.log("error", "witness", { kind, text });
    this.#options.alarmed(this.#alarm);
  }

  #staleAlarm(since: string): WitnessAlarm {
    const { name } = this.#key;
    const text = `${name} has not signed what happened since ${since}. ${this.#trouble}`.trim();
    const todo = `See that ${name} runs and can be reached at ${this.#config.url}.`;
    return { kind: "witness.stale", since, text, todo };
  }
}
