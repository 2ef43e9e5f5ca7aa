/** Hands each of auditd's events to the log once, and keeps the account of their numbers. */
import type { Log } from "../../../log.ts";
import { aboutSource, type Outlet } from "../outlet.ts";
import { Slices } from "../slices.ts";
import { isWhole, type KernelEvent, merged } from "./assemble.ts";
import type { Boot } from "./boot.ts";
import type { Cursor } from "./cursor.ts";
import { toEvent } from "./event.ts";
import { type Range, Serials } from "./serials.ts";
import type { Health } from "./status.ts";

const mostDaemon = 1_000;
const rangesTold = 32;
/** Records that there are in system calls only. */
const ofCalls: ReadonlySet<string> = new Set(["SYSCALL", "CWD", "PATH", "PROCTITLE", "EXECVE"]);

export class Recorder {
  readonly #outlet: Outlet;
  readonly #health: Health;
  readonly #log: Log;
  readonly #heard: (event: KernelEvent) => void;
  readonly #slices = new Slices();
  /** Of which records are missing; recorded as they are when those cannot be found. */
  readonly #held = new Map<number, KernelEvent>();
  /** Those of auditd itself that were recorded. */
  readonly #daemon = new Set<string>();
  #boot: Boot = { id: "", time: 0 };
  /** The start of the system that the serial numbers are counted from. */
  #counted = "";
  #stopped = false;
  /** Undefined until the first number is known. */
  serials: Serials | undefined;
  /** Whether system calls come with their command line. */
  titled = false;

  /** @param heard told of every event, recorded or not; it throws nothing */
  constructor(outlet: Outlet, health: Health, log: Log, heard: (event: KernelEvent) => void) {
    this.#outlet = outlet;
    this.#health = health;
    this.#log = log;
    this.#heard = heard;
  }

  get boot(): Boot {
    return this.#boot;
  }

  /** Whether numbers are counted from the present start of the system. */
  get isPresent(): boolean {
    return this.#counted === this.#boot.id;
  }

  begin(boot: Boot, cursor: Cursor | undefined): void {
    this.#boot = boot;
    this.#counted = boot.id;
    if (cursor === undefined) return;
    for (const key of cursor.daemon) this.#daemon.add(key);
    const serials = new Serials(cursor.done);
    for (const range of cursor.gaps) serials.giveUp(range);
    for (const serial of cursor.above) serials.settle(serial);
    this.serials = serials;
    this.#counted = cursor.boot;
    this.#health.time = cursor.time;
  }

  /** From now on nothing is recorded any more. */
  stop(): void {
    this.#stopped = true;
  }

  /** @param first number of a start of the system, the present one or one before */
  async newBoot(first: number, present: boolean): Promise<void> {
    await this.endOfBoot();
    this.#counted = present ? this.#boot.id : "unknown";
    this.serials = new Serials(first - 1);
  }

  /** What is still missing of an earlier start is nowhere else. */
  async endOfBoot(): Promise<void> {
    await this.takeParts(Number.MAX_SAFE_INTEGER);
    const missing = this.serials?.missing(Number.MAX_SAFE_INTEGER, () => false) ?? [];
    if (missing.length > 0) this.lose(missing, "audit.log does not have them");
    this.serials = undefined;
    this.#counted = this.#boot.id;
  }

  /** Takes an event, or keeps what there is of it until the rest is found. */
  async offer(event: KernelEvent): Promise<void> {
    if (event.daemon) return this.#take(event);
    if (this.#knows(event)) return;
    const { serial, time } = event;
    const held = this.#held.get(serial);
    const all = held?.time === time ? merged(held, event) : event;
    if (isWhole(all, this.titled)) await this.#take({ ...all, ended: true });
    else this.#held.set(serial, all);
  }

  /**
   * Takes events that the kernel wrote by itself, not in a system call: nothing tells that they are
   * whole but that nothing more came.
   */
  async takeSettled(isSettled: (serial: number) => boolean): Promise<void> {
    for (const [serial, event] of this.#held) {
      const inCall = event.ended || event.records.some(({ type }) => ofCalls.has(type));
      if (!inCall && isSettled(serial)) await this.#take({ ...event, ended: true });
    }
  }

  /** Takes those up to a number as they are: better a part of an event than nothing of it. */
  async takeParts(until: number): Promise<void> {
    for (const [serial, event] of this.#held) {
      if (serial <= until) await this.#take({ ...event, ended: false });
    }
  }

  /** Takes an event, unless it was taken before. */
  async #take(event: KernelEvent): Promise<void> {
    if (this.#knows(event)) return;
    if (this.#outlet.full) await this.#outlet.room();
    const rest = this.#slices.rest();
    if (rest !== undefined) await rest;
    if (this.#stopped) return;
    const { serial, time, daemon } = event;
    this.#held.delete(serial);
    if (daemon) this.#remember(event);
    this.#health.receive(time);
    this.#heard(event);
    const serials = daemon ? undefined : this.serials;
    const mapped = toEvent(event);
    if (mapped === undefined) {
      this.#health.counted += 1;
      serials?.settle(serial);
      return;
    }
    const { details } = mapped.event;
    details.boot = this.#counted;
    details.done = this.serials?.done ?? 0;
    if (daemon) details.daemon = serial;
    serials?.take(serial);
    this.#outlet.put(mapped.event, mapped.vital, () => serials?.settle(serial));
  }

  /** Puts on record that events are missing. */
  lose(ranges: readonly Range[], reason: string): void {
    const count = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
    this.#health.lose(count);
    for (const range of ranges) this.serials?.giveUp(range);
    for (const serial of this.#held.keys()) {
      if (this.serials?.knows(serial) === true) this.#held.delete(serial);
    }
    const details = {
      boot: this.#counted,
      done: this.serials?.done ?? 0,
      reason,
      count,
      first: ranges[0]?.first ?? 0,
      last: ranges.at(-1)?.last ?? 0,
      ranges: ranges.slice(0, rangesTold).map(({ first, last }) => [first, last]),
    };
    this.#outlet.note({ ...aboutSource("auditd", "Gap", details), outcome: "failure" });
    this.#log("error", "events of auditd are missing", { count, reason });
  }

  /** Tells in the log where this source is, so that the next start goes on from there. */
  tell(what: "Started" | "Heartbeat" | "Stopped"): void {
    const { received, counted, gaps, torn, time } = this.#health;
    const details: Record<string, unknown> = { boot: this.#counted };
    if (this.serials !== undefined) details.done = this.serials.done;
    if (time > 0) details.at = new Date(time).toISOString();
    const { suppressed } = this.#outlet;
    details.counts = { received, counted, suppressed, gaps, torn };
    this.#outlet.note(aboutSource("auditd", what, details));
  }

  #knows({ serial, time, daemon }: KernelEvent): boolean {
    if (daemon) return this.#daemon.has(`${time}:${serial}`);
    this.serials ??= new Serials(serial - 1);
    return this.serials.knows(serial);
  }

  #remember({ serial, time }: KernelEvent): void {
    this.#daemon.add(`${time}:${serial}`);
    const [oldest] = this.#daemon;
    if (this.#daemon.size > mostDaemon && oldest !== undefined) this.#daemon.delete(oldest);
  }
}
