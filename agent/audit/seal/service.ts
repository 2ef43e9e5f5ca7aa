/**
 * Seals the log: a checkpoint of what is on the disk, signed by the log's own key, every few
 * seconds when there is something new and at the end; beside it what the TPM says.
 */
import { explain, type Log } from "../../log.ts";
import { TpmPort } from "../../tpm/port.ts";
import type { Alarm, PartStatus } from "../answers.ts";
import { Checkpoints, ForkedLog } from "./checkpoints.ts";
import type { LogKey } from "./key.ts";
import { TpmSealer } from "./tpm.ts";
import { type SealedLog, type Sealer, type SealStatus, self } from "./types.ts";

/** How long events wait for a checkpoint at most, in milliseconds. */
const interval = 5_000;

export interface SealerParts {
  log: SealedLog;
  /** Of the log. */
  directory: string;
  /** Host name. */
  node: string;
  /** A TPM's device, or the socket of a software one. */
  tpm: string;
  journal: Log;
}

interface Problem {
  kind: Alarm["kind"];
  since: string;
  text: string;
  todo: string;
}

export function createSealer(parts: SealerParts): Sealer {
  return new LogSealer(parts);
}

class LogSealer implements Sealer {
  readonly #log: SealedLog;
  readonly #journal: Log;
  readonly #checkpoints: Checkpoints;
  readonly #tpm: TpmSealer;
  /** Number of events before this start. */
  readonly #sizeAtOpen: number;
  readonly #listeners = new Set<(note: string) => void>();
  #key: LogKey | undefined;
  #problem: Problem | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Checkpoints are made one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #end: () => void = () => undefined;

  constructor({ log, directory, node, tpm, journal }: SealerParts) {
    this.#log = log;
    this.#journal = journal;
    this.#sizeAtOpen = log.size;
    this.#checkpoints = new Checkpoints(log, directory, node);
    const write = this.#checkpoints.append.bind(this.#checkpoints);
    this.#tpm = new TpmSealer({ directory, port: new TpmPort(tpm), log, journal, write });
  }

  async start(): Promise<void> {
    this.#end = this.#log.onAppended(() => this.#schedule());
    await this.#next();
  }

  #schedule(): void {
    if (this.#problem?.kind === "integrity") return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#next();
    }, interval);
  }

  #next(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#seal());
    return this.#turn;
  }

  /** Never rejects: what went wrong is told in the status, and tried again. */
  async #seal(): Promise<void> {
    try {
      if (this.#key === undefined) await this.#open();
      const sealed = await this.#checkpoints.seal();
      this.#problem = undefined;
      if (sealed === undefined) return;
      this.#tpm.offer(sealed);
      for (const listener of this.#listeners) listener(sealed.note);
    } catch (error) {
      this.#failed(error);
      this.#schedule();
    }
  }

  async #open(): Promise<void> {
    const { key, lastTpm } = await this.#checkpoints.open();
    this.#key = key;
    if (key.changed !== "")
      this.#journal("error", "the log's key was changed", { reason: key.changed });
    this.#tpm.start(lastTpm, this.#sizeAtOpen);
  }

  #failed(error: unknown): void {
    const since = this.#problem?.since ?? new Date().toISOString();
    this.#journal("error", "the log could not be sealed", { error: explain(error) });
    if (error instanceof ForkedLog) {
      const todo =
        "Keep the directory of the log as evidence, look into it with dsecos audit verify, and begin a new log in an empty directory.";
      const known = this.#problem?.kind === "integrity";
      this.#problem = { kind: "integrity", since, text: error.message, todo };
      if (!known) this.#record(error.message);
      return;
    }
    const why = error instanceof Error ? error.message : String(error);
    const text = `No checkpoint can be made: ${why.replace(/\.$/, "")}.`;
    const todo = "Remove the cause, for example a full disk; it is tried again every few seconds.";
    this.#problem = { kind: "unsealed", since, text, todo };
  }

  #record(text: string): void {
    const event = { ...self, action: "audit.Forked", error: text };
    this.#log.append(event).catch((error) => {
      this.#journal("error", "the alarm is not on record", { error: explain(error) });
    });
  }

  async stop(): Promise<void> {
    this.#end();
    clearTimeout(this.#timer);
    await this.#next();
    clearTimeout(this.#timer);
    await this.#tpm.stop();
    await this.#checkpoints.close();
  }

  onSealed(listener: (note: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async addCosignatures(text: string, lines: readonly string[]): Promise<void> {
    const turn = this.#turn.then(() => this.#checkpoints.addCosignatures(text, lines));
    this.#turn = turn.catch(() => undefined); // told to whoever adds them
    await turn;
  }

  async enrolTpm(): Promise<void> {
    await this.#tpm.enrolTpm();
  }

  async acknowledgeTpm(reason: string): Promise<void> {
    await this.#tpm.acknowledge(reason);
  }

  status(): SealStatus {
    return {
      origin: this.#key?.origin ?? "",
      checkpoint: this.#checkpoints.newest,
      tree: this.#tree(),
      tpm: this.#tpm.part(),
      alarms: [...this.#alarms(), ...this.#tpm.alarms()],
    };
  }

  #tree(): PartStatus {
    const last = this.#checkpoints.last;
    const at = last?.time ?? "";
    if (this.#problem !== undefined) {
      const { text, todo } = this.#problem;
      return { state: "alarm", at, text: `${text} ${todo}` };
    }
    if (last === undefined) return { state: "unknown", at, text: "No checkpoint was made yet." };
    const text = `The newest checkpoint counts ${last.size} events.`;
    const changes = (this.#key?.count ?? 1) - 1;
    if (changes === 0) return { state: "ok", at, text };
    const times = changes === 1 ? "once" : `${changes} times`;
    const flag = `The log's key was changed ${times}, last at event ${(this.#key?.from ?? 0) + 1}: see there why.`;
    return { state: "warning", at, text: `${text} ${flag}` };
  }

  #alarms(): Alarm[] {
    const alarms: Alarm[] = this.#problem === undefined ? [] : [this.#problem];
    if (this.#key !== undefined && this.#key.changed !== "")
      alarms.push({
        kind: "integrity",
        since: "",
        text: `The log's key was changed at this start, because ${this.#key.changed}.`,
        todo: "Find out who had access to the directory of the log, and tell those who hold its public key.",
      });
    return alarms;
  }
}
