/**
 * The TPM's part in sealing: at most once a minute, beside the plain checkpoints, which never wait
 * for it. It goes on only with a TPM that is where it should be; otherwise two people decide.
 */
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import { enrol } from "../../tpm/enrol.ts";
import { TpmError } from "../../tpm/errors.ts";
import { type Enrolment, enrolmentDetails } from "../../tpm/evidence.ts";
import type { TpmPort } from "../../tpm/port.ts";
import { signCheckpointByTpm } from "../../tpm/sign.ts";
import { TpmUnreachable } from "../../tpm/transport.ts";
import type { Alarm, PartStatus } from "../answers.ts";
import { parseCheckpoint } from "../tlog/checkpoint.ts";
import { parseNote } from "../tlog/note.ts";
import type { AuditWriter } from "../types.ts";
import { assess, type Shown, type Trouble } from "./assess.ts";
import { makePassword, readEnrolments, readPassword, writeEnrolment } from "./enrolments.ts";
import type { Seal } from "./seals-file.ts";
import { requireSound, shownBy } from "./sound.ts";
import { type TpmState, tpmAlarms, tpmPart } from "./tpm-status.ts";
import { type Sealed, self } from "./types.ts";

/** A TPM's memory wears out: one write a minute is what it bears for many years. */
const minute = 60_000;
/** How long the end of the agent waits for the TPM. */
const endMs = 10_000;

export interface TpmParts {
  directory: string;
  port: TpmPort;
  log: AuditWriter;
  journal: Log;
  write(seal: Seal): Promise<void>;
}

export class TpmSealer {
  readonly #parts: TpmParts;
  #state: TpmState = { kind: "starting" };
  #enrolments: Enrolment[] = [];
  /** Keys that this log made in the TPM, those too whose enrolment did not get on record. */
  readonly #ours = new Set<string>();
  /** What the TPM showed in the last seal of the newest enrolment. */
  #shown: Shown | undefined;
  /** 1 when the counter may have been raised for a seal that is not on record. */
  #slack = 1n;
  #last: { size: number; time: string } | undefined;
  /** When the TPM was last asked, in milliseconds since 1970. */
  #askedAt = 0;
  #newest: Sealed | undefined;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #busy = false;
  #stopping = false;

  constructor(parts: TpmParts) {
    this.#parts = parts;
  }

  /**
   * Looks at the TPM in the background, and enrols the very first one.
   * @param lastTpm last line of seals with `tpm`
   * @param size number of events in the log when it was opened
   */
  start(lastTpm: Seal | undefined, size: number): void {
    this.#run(async () => {
      this.#enrolments = await readEnrolments(this.#parts.directory);
      if (lastTpm !== undefined) this.#takeUp(lastTpm, size);
      if (this.#enrolments.length === 0 && lastTpm !== undefined)
        await this.#blocked("enrolment", "The file in tpm/ that tells of the TPM is missing.");
      else if (!this.#parts.port.exists && this.#enrolments.length === 0)
        this.#state = { kind: "none", path: this.#parts.port.path };
      else if (this.#enrolments.length === 0) await this.#enrol(undefined);
      else await this.#look();
    });
  }

  #takeUp({ checkpoint, time, tpm }: Seal, size: number): void {
    const sealed = parseCheckpoint(parseNote(checkpoint).text).size;
    this.#last = { size: sealed, time };
    this.#askedAt = Date.parse(time);
    if (tpm === undefined || tpm.ak !== this.#enrolments.at(-1)?.name) return;
    this.#shown = shownBy(tpm);
    // Whenever the counter is raised, there are events that the last seal does not count.
    this.#slack = size === sealed ? 0n : 1n;
  }

  /** A new checkpoint. */
  offer(sealed: Sealed): void {
    this.#newest = sealed;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#busy || this.#stopping || !this.#wanted()) return;
    // A clock that was set back must not delay it further.
    const wait = Math.min(minute, Math.max(0, this.#askedAt + minute - Date.now()));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#run(() => this.#seal());
    }, wait);
  }

  /** True when there is a checkpoint that the TPM could certify. */
  #wanted(): boolean {
    const able = !["none", "blocked", "starting"].includes(this.#state.kind);
    const size = this.#newest?.size ?? 0;
    // The log tells of a key before the key signs.
    const told = this.#enrolments.at(-1)?.from ?? 0;
    return able && size > (this.#last?.size ?? 0) && size > told;
  }

  /** One thing at a time; what goes wrong becomes the state. */
  #run(work: () => Promise<void>): void {
    this.#busy = true;
    this.#work = this.#work
      .then(work)
      .catch((error) => this.#failed(error))
      .finally(() => {
        this.#busy = false;
        this.#schedule();
      });
  }

  async #look(): Promise<void> {
    const ready = await this.#ready();
    if (ready === undefined) return;
    await this.#parts.port.use(async (transport) => {
      const { enrolment, password } = ready;
      const found = await assess(transport, enrolment, password, this.#shown, this.#slack);
      if (found.kind === "good") await this.#good();
      else if (found.kind === "unsafe") await this.#unsafe();
      else await this.#blocked(found.trouble, found.text);
    });
  }

  async #ready(): Promise<{ enrolment: Enrolment; password: Buffer } | undefined> {
    const enrolment = this.#enrolments.at(-1);
    const password = await readPassword(this.#parts.directory);
    if (enrolment !== undefined && password !== undefined) return { enrolment, password };
    await this.#blocked("password", "The password of the TPM's counter is missing in key/.");
    return undefined;
  }

  async #seal(): Promise<void> {
    const sealed = this.#newest;
    if (sealed === undefined || !this.#wanted()) return;
    this.#askedAt = Date.now();
    if (this.#enrolments.length === 0) return await this.#enrol(undefined);
    const ready = await this.#ready();
    if (ready === undefined) return;
    const { enrolment, password } = ready;
    const tpm = await this.#parts.port.use(async (transport) => {
      const found = await assess(transport, enrolment, password, this.#shown, this.#slack);
      if (found.kind === "unsafe") return await this.#unsafe();
      if (found.kind === "trouble") return await this.#blocked(found.trouble, found.text);
      this.#slack = 1n;
      const { ak, counter } = found;
      const increment = counter === (this.#shown?.counter ?? counter);
      const checkpointText = sealed.text;
      const request = { enrolment, ak, password, checkpointText, increment };
      return await signCheckpointByTpm(transport, request);
    });
    if (tpm === undefined) return;
    requireSound(enrolment, sealed, tpm);
    const time = new Date().toISOString();
    await this.#parts.write({ checkpoint: sealed.note, time, chain: sealed.chain, tpm });
    this.#shown = shownBy(tpm);
    this.#slack = 0n;
    this.#last = { size: sealed.size, time };
    await this.#good();
  }

  /** The officer's: enrols the first TPM after a start without one. */
  async enrolTpm(): Promise<void> {
    if (this.#enrolments.length > 0 || this.#state.kind === "blocked")
      throw new DsecosError(
        "Conflict",
        "A TPM was enrolled before; a change of it must be acknowledged.",
      );
    await this.#byOfficer(undefined);
  }

  /** Goes on with the TPM as it is, under a new key. */
  async acknowledge(reason: string): Promise<void> {
    if (this.#state.kind !== "blocked")
      throw new DsecosError("Conflict", "There is nothing about the TPM to acknowledge.");
    await this.#byOfficer(reason);
  }

  async #byOfficer(reason: string | undefined): Promise<void> {
    if (!this.#parts.port.exists)
      throw new DsecosError("Unavailable", `There is no TPM at ${this.#parts.port.path}.`);
    const before = this.#work;
    const done = before.then(() => this.#enrol(reason));
    this.#run(() => done.catch(() => undefined)); // told to the officer
    try {
      await done;
    } catch (error) {
      if (!isTpmProblem(error)) throw error;
      throw new DsecosError("Unavailable", error.message, { cause: error });
    }
  }

  async #enrol(reason: string | undefined): Promise<void> {
    const { directory, port, log } = this.#parts;
    const password = (await readPassword(directory)) ?? (await makePassword(directory));
    for (const { name } of this.#enrolments) this.#ours.add(name);
    const enrolled = await port.use((transport) => enrol(transport, password, this.#ours));
    this.#ours.add(enrolled.enrolment.name);
    const { counter, earlier } = enrolled;
    const facts = enrolmentDetails({ ...enrolled.enrolment, from: 0 });
    const details = { ...facts, counter: String(counter), earlier, reason };
    const entry = await log.append({ ...self, action: "audit.TpmEnrolled", details });
    const enrolment = { ...enrolled.enrolment, from: entry.sequence - 1 };
    await writeEnrolment(directory, enrolment);
    this.#enrolments.push(enrolment);
    this.#shown = { counter, clock: undefined };
    this.#slack = 0n;
    this.#last = undefined;
    this.#askedAt = 0;
    this.#state = { kind: "good" };
  }

  async #good(): Promise<void> {
    const was = this.#state;
    this.#state = { kind: "good" };
    if (was.kind === "failing" || was.kind === "unsafe")
      await this.#record("audit.TpmBack", { since: was.since });
  }

  async #unsafe(): Promise<undefined> {
    if (this.#state.kind === "unsafe") return;
    this.#state = { kind: "unsafe", since: new Date().toISOString() };
    await this.#record("audit.TpmUnsafe", {});
  }

  async #blocked(trouble: Trouble, text: string): Promise<undefined> {
    this.#state = { kind: "blocked", trouble, text, since: new Date().toISOString() };
    await this.#record("audit.TpmAlarm", { trouble, text });
  }

  async #failed(error: unknown): Promise<void> {
    const text = isTpmProblem(error) ? error.message : `Sealing by the TPM failed: ${told(error)}.`;
    this.#parts.journal("warning", "the TPM did not seal", { error: explain(error) });
    if (this.#state.kind === "failing") {
      this.#state = { ...this.#state, text };
      return;
    }
    this.#state = { kind: "failing", text, since: new Date().toISOString() };
    await this.#record("audit.TpmFailed", { text });
  }

  async #record(action: string, details: Record<string, unknown>): Promise<void> {
    this.#parts.journal(action === "audit.TpmBack" ? "info" : "warning", action, details);
    // The end of the agent is the log's last event.
    if (this.#stopping) return;
    try {
      await this.#parts.log.append({ ...self, action, details });
    } catch (error) {
      this.#parts.journal("warning", `${action} could not be recorded`, { error: explain(error) });
    }
  }

  /** The last checkpoint is certified without waiting for the minute, if the TPM answers in time. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    this.#run(async () => {
      if (this.#wanted()) await this.#seal();
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), endMs);
    });
    const ended = await Promise.race([this.#work, late]);
    clearTimeout(timer);
    if (ended === "late") this.#parts.journal("warning", "the TPM did not seal in time", {});
  }

  part(): PartStatus {
    return tpmPart(this.#state, this.#last, this.#enrolments.at(-1));
  }

  alarms(): Alarm[] {
    return tpmAlarms(this.#state);
  }
}

function isTpmProblem(error: unknown): error is Error {
  return error instanceof TpmUnreachable || error instanceof TpmError;
}

function told(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
