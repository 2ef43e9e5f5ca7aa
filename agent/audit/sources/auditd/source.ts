/**
 * Events of the Linux audit system: from auditd's plugin as they happen, and from its log where
 * the serial numbers tell that the plugin lost some, or where the agent was away.
 */
import { explain, type Log } from "../../../log.ts";
import type { AuditEntry } from "../../contract.ts";
import { aboutSource, type Outlet } from "../outlet.ts";
import { Slices } from "../slices.ts";
import type { Source, SourceStatus } from "../types.ts";
import { Assembler, isWhole, type KernelEvent } from "./assemble.ts";
import { type Boot, thisBoot } from "./boot.ts";
import { type Pass, type Place, pass } from "./catchup.ts";
import { type Cursor, findCursor } from "./cursor.ts";
import { toEvent } from "./event.ts";
import { Lines } from "./lines.ts";
import { maxRecordBytes } from "./record.ts";
import { Search } from "./search.ts";
import { type Range, Serials } from "./serials.ts";
import { PluginSocket } from "./socket.ts";
import { auditdText, Health } from "./status.ts";

export interface AuditdOptions {
  outlet: Outlet;
  log: Log;
  /** Socket of auditd's plugin. */
  socketPath: string;
  /** auditd's own log; rotated ones lie beside it with a number behind. */
  logFile: string;
  /** Entries of the log, of which those of this source are looked at. */
  recent: readonly AuditEntry[];
  boot?: () => Promise<Boot>;
  timing?: AuditdTiming;
}

export interface AuditdTiming {
  /** How often is looked whether something is missing. */
  tickMs: number;
  /** An event whose end does not come is closed after so long. */
  endOfEventMs: number;
  /** How often auditd's log is read while its plugin is not there. */
  pollMs: number;
}

/** The second one is auditd's own. */
const usual: AuditdTiming = { tickMs: 250, endOfEventMs: 2_000, pollMs: 2_000 };
const heartbeatMs = 600_000;
/** Bytes that wait to be looked at; beyond that the plugin has to wait, or to drop. */
const mostQueued = 1024 * 1024;
/** How long before the newest event on record one of auditd itself may still be missing. */
const daemonSlackMs = 10_000;
const rangesTold = 32;
const linesPerLook = 64;

export class Auditd implements Source {
  readonly #options: AuditdOptions;
  readonly #timing: AuditdTiming;
  readonly #socket: PluginSocket;
  readonly #lines = new Lines(maxRecordBytes);
  readonly #queue: Buffer[] = [];
  readonly #finished: KernelEvent[] = [];
  readonly #assembler = new Assembler((event) => this.#finished.push(event));
  readonly #held = new Map<number, KernelEvent>();
  readonly #daemon = new Set<string>();
  readonly #health = new Health();
  readonly #search = new Search();
  readonly #slices = new Slices();
  #serials: Serials | undefined;
  #boot: Boot = { id: "", time: 0 };
  /** The start of the system that the serial numbers are counted from. */
  #counted = "";
  #queued = 0;
  #paused = false;
  #titled = false;
  #connected = false;
  #stopped = true;
  #ready = false;
  #work: Promise<void> = Promise.resolve();
  #working = false;
  #timer: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #polled = 0;

  constructor(options: AuditdOptions) {
    this.#options = options;
    this.#timing = options.timing ?? usual;
    this.#socket = new PluginSocket(options.socketPath, {
      data: (chunk) => this.#arrive(chunk),
      connected: () => {
        this.#connected = true;
        this.#lines.reset();
        this.#options.log("info", "auditd is connected", {});
      },
      lost: (reason) => {
        this.#connected = false;
        this.#options.log("warning", "auditd is not connected", { reason });
      },
    });
  }

  start(): void {
    this.#stopped = false;
    this.#socket.start();
    this.#run(() => this.#begin());
    this.#timer = setInterval(() => this.#tick(), this.#timing.tickMs);
    this.#timer.unref();
    this.#heartbeat = setInterval(() => this.#tell("Heartbeat"), heartbeatMs);
    this.#heartbeat.unref();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#timer);
    clearInterval(this.#heartbeat);
    this.#socket.stop();
    await this.#work;
    if (this.#ready) this.#tell("Stopped");
  }

  status(): SourceStatus {
    const { outlet } = this.#options;
    const health = this.#health;
    const facts = { connected: this.#connected, stuck: this.#search.active || !this.#ready };
    const told = auditdText(health, outlet, facts);
    return {
      name: "auditd",
      ...told,
      at: health.receivedAt === 0 ? "" : new Date(health.receivedAt).toISOString(),
      received: health.received,
      suppressed: outlet.suppressed,
      gaps: health.gaps,
    };
  }

  /** From where the log ends, over what auditd wrote since, to now. */
  async #begin(): Promise<void> {
    this.#boot = await (this.#options.boot ?? thisBoot)();
    const cursor = findCursor(this.#options.recent);
    for (const key of cursor?.daemon ?? []) this.#daemon.add(key);
    this.#counted = this.#boot.id;
    if (cursor !== undefined) await this.#resume(cursor);
    this.#ready = true;
    this.#tell("Started", { resumed: cursor !== undefined });
    await this.#drain();
  }

  async #resume(cursor: Cursor): Promise<void> {
    const thisBoot = cursor.boot === this.#boot.id;
    const serials = new Serials(cursor.done);
    for (const range of cursor.gaps) serials.giveUp(range);
    for (const serial of cursor.above) serials.settle(serial);
    this.#serials = serials;
    this.#counted = cursor.boot;
    this.#health.time = cursor.time;
    const read = await this.#pass({ done: cursor.done, time: cursor.time, thisBoot });
    if (thisBoot) return; // Within one boot the numbers tell what is missing.
    if (read !== undefined && !read.reached)
      this.#lose([], "audit.log was rotated past the last event on record");
    if (this.#counted !== this.#boot.id) this.#endOfBoot();
  }

  /** What is still missing of an earlier boot is nowhere else. */
  #endOfBoot(): void {
    const missing = this.#serials?.missing(Number.MAX_SAFE_INTEGER, () => false) ?? [];
    if (missing.length > 0) this.#lose(missing, "audit.log does not have them");
    this.#serials = undefined;
    this.#counted = this.#boot.id;
  }

  /** @returns true when the socket has to wait */
  #arrive(chunk: Buffer): boolean {
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    if (this.#ready && !this.#working) this.#run(() => this.#drain());
    this.#paused = this.#queued > mostQueued;
    return this.#paused;
  }

  /** One thing at a time, so that events come in order. */
  #run(work: () => Promise<void>): void {
    this.#working = true;
    this.#work = this.#work
      .then(work)
      .catch((error) => {
        this.#health.problem = "Reading the events of auditd failed; see the agent's journal.";
        this.#options.log("error", "reading events of auditd failed", { error: explain(error) });
      })
      .finally(() => {
        this.#working = false;
      });
  }

  /** Looks at all that came from the socket. */
  async #drain(): Promise<void> {
    for (;;) {
      const chunk = this.#queue.shift();
      if (chunk === undefined || this.#stopped) return;
      this.#queued -= chunk.length;
      let count = 0;
      for (const line of this.#lines.push(chunk)) {
        this.#line(line);
        if (this.#finished.length > 0) await this.#handleFinished();
        count += 1;
        const rest = count % linesPerLook === 0 ? this.#slices.rest() : undefined;
        if (rest !== undefined) await rest;
      }
      if (this.#paused && this.#queued <= mostQueued / 2) {
        this.#paused = false;
        this.#socket.resume();
      }
    }
  }

  #line(line: string): void {
    const head = this.#assembler.line(line, performance.now());
    if (head === undefined) {
      this.#health.torn += 1;
      return;
    }
    if (head.type === "PROCTITLE") this.#titled = true;
    if (head.type.startsWith("DAEMON_")) return;
    this.#serials ??= new Serials(head.serial - 1);
    this.#serials.see(head.serial);
  }

  async #handleFinished(): Promise<void> {
    for (const event of this.#finished.splice(0)) await this.#handle(event, true);
  }

  async #handle(event: KernelEvent, live: boolean): Promise<void> {
    const { serial, time } = event;
    const { outlet } = this.#options;
    if (event.daemon) {
      const key = `${time}:${serial}`;
      if (this.#daemon.has(key)) return;
      this.#daemon.add(key);
      const [oldest] = this.#daemon;
      if (this.#daemon.size > 1_000 && oldest !== undefined) this.#daemon.delete(oldest);
    } else {
      this.#serials ??= new Serials(serial - 1);
      if (this.#serials.knows(serial)) return;
      if (live && !isWhole(event, this.#titled)) {
        this.#held.set(serial, event);
        return;
      }
      this.#held.delete(serial);
    }
    if (outlet.full) await outlet.room();
    const rest = this.#slices.rest();
    if (rest !== undefined) await rest;
    if (this.#stopped) return;
    this.#health.receive(time);
    const mapped = toEvent(event);
    const serials = this.#serials;
    if (mapped === undefined) {
      this.#health.counted += 1;
      if (!event.daemon) serials?.settle(serial);
      return;
    }
    const { details } = mapped.event;
    details.boot = this.#counted;
    details.done = serials?.done ?? 0;
    if (event.daemon) {
      details.daemon = serial;
      outlet.put(mapped.event, mapped.vital);
      return;
    }
    serials?.take(serial);
    outlet.put(mapped.event, mapped.vital, () => serials?.settle(serial));
  }

  #tick(): void {
    if (!this.#ready || this.#working || this.#stopped) return;
    this.#assembler.flush(performance.now() - this.#timing.endOfEventMs);
    if (this.#finished.length > 0) {
      this.#run(() => this.#handleFinished());
      return;
    }
    const serials = this.#serials;
    const first = serials?.firstMissing((serial) => this.#assembler.has(serial));
    const until = this.#search.tick(first, serials?.high ?? 0);
    if (until !== undefined) this.#run(() => this.#catchUp(until));
    else if (first === undefined) this.#poll();
  }

  /** Reads auditd's log while there is no plugin to tell of something new. */
  #poll(): void {
    const now = performance.now();
    if (this.#connected || now - this.#polled < this.#timing.pollMs) return;
    this.#polled = now;
    this.#run(async () => {
      const done = this.#serials?.done ?? Number.MAX_SAFE_INTEGER;
      const found = await this.#pass({ done, time: this.#health.time, thisBoot: true });
      // What came before the agent looked for the first time is not the log's.
      if (found !== undefined && found.high > 0) this.#serials ??= new Serials(found.high);
    });
  }

  /** Looks for what is missing, and gives it up when it cannot be found. */
  async #catchUp(until: number): Promise<void> {
    const serials = this.#serials;
    if (serials === undefined) return;
    const place = { done: serials.done, time: this.#health.time, thisBoot: true };
    const found = await this.#pass(place);
    const isOpen = (serial: number) => this.#assembler.has(serial);
    const first = serials.firstMissing(isOpen);
    if (first === undefined || first > until || !this.#search.failed()) return;
    // Better a part of an event than nothing of it.
    for (const [serial, event] of this.#held) {
      if (serial <= until) await this.#handle({ ...event, ended: false }, false);
    }
    const why = found === undefined ? "audit.log cannot be read" : "audit.log does not have them";
    const lost = serials.missing(until, isOpen);
    if (lost.length > 0) this.#lose(lost, why);
  }

  async #pass(place: Place): Promise<Pass | undefined> {
    const { logFile, log } = this.#options;
    try {
      const done = await pass(logFile, place, this.#boot.time, {
        event: (event) => this.#fromLog(event, place),
        newBoot: (first, last) => {
          this.#endOfBoot();
          this.#counted = last ? this.#boot.id : "unknown";
          this.#serials = new Serials(first - 1);
        },
      });
      this.#health.logError = "";
      return done;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === undefined) throw error;
      if (this.#health.logError !== code)
        log("warning", "auditd's log cannot be read", { logFile, error: explain(error) });
      this.#health.logError = code;
      return undefined;
    }
  }

  #fromLog(event: KernelEvent, place: Place): Promise<void> | undefined {
    // Before the first event on record the log's past is not the agent's.
    if (this.#serials === undefined || place.done === Number.MAX_SAFE_INTEGER) return undefined;
    if (event.daemon) {
      if (event.time < place.time - daemonSlackMs) return undefined;
    } else {
      this.#serials.see(event.serial);
      if (this.#serials.knows(event.serial) || this.#assembler.has(event.serial)) return undefined;
    }
    return this.#handle(event, false);
  }

  /** Puts on record that events are missing. */
  #lose(ranges: readonly Range[], reason: string): void {
    const count = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
    this.#health.lose(count);
    for (const range of ranges) this.#serials?.giveUp(range);
    for (const serial of this.#held.keys()) {
      if (this.#serials?.knows(serial) === true) this.#held.delete(serial);
    }
    const details: Record<string, unknown> = { boot: this.#counted, reason, count };
    details.done = this.#serials?.done ?? 0;
    details.first = ranges[0]?.first ?? 0;
    details.last = ranges.at(-1)?.last ?? 0;
    details.ranges = ranges.slice(0, rangesTold).map(({ first, last }) => [first, last]);
    this.#options.outlet.note({ ...aboutSource("auditd", "Gap", details), outcome: "failure" });
    this.#options.log("error", "events of auditd are missing", { count, reason });
  }

  #tell(what: string, more: Record<string, unknown> = {}): void {
    const { received, counted, gaps, torn, time } = this.#health;
    const details: Record<string, unknown> = { ...more, boot: this.#counted };
    if (this.#serials !== undefined) details.done = this.#serials.done;
    if (time > 0) details.at = new Date(time).toISOString();
    const suppressed = this.#options.outlet.suppressed;
    const counts = { received, counted, suppressed, gaps, torn };
    this.#options.outlet.note(aboutSource("auditd", what, { ...details, counts }));
  }
}
