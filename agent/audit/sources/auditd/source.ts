/**
 * Events of the Linux audit system: from auditd's plugin as they happen, and from its log where
 * the serial numbers tell that the plugin lost some, or where the agent was away.
 */
import { explain, type Log } from "../../../log.ts";
import type { AuditEntry } from "../../contract.ts";
import type { Outlet } from "../outlet.ts";
import { Slices } from "../slices.ts";
import type { Source, SourceStatus } from "../types.ts";
import { Assembler, type KernelEvent } from "./assemble.ts";
import { type Boot, thisBoot } from "./boot.ts";
import { disorder, type Pass, type Place, pass } from "./catchup.ts";
import { type Cursor, findCursor } from "./cursor.ts";
import { Lines } from "./lines.ts";
import type { Position } from "./logfile.ts";
import { maxRecordBytes } from "./record.ts";
import { Recorder } from "./recorder.ts";
import { Search } from "./search.ts";
import { Serials } from "./serials.ts";
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
  /** Told of every event once, recorded or not; it throws nothing. */
  heard?: ((event: KernelEvent) => void) | undefined;
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
const linesPerLook = 64;

export class Auditd implements Source {
  readonly #options: Omit<AuditdOptions, "recent">;
  /** Let go of once it is known where to go on: there may be thousands. */
  #recent: readonly AuditEntry[];
  readonly #timing: AuditdTiming;
  readonly #socket: PluginSocket;
  readonly #lines = new Lines(maxRecordBytes);
  readonly #queue: Buffer[] = [];
  readonly #finished: KernelEvent[] = [];
  readonly #assembler = new Assembler((event) => this.#finished.push(event));
  readonly #health = new Health();
  readonly #recorder: Recorder;
  readonly #search = new Search();
  readonly #slices = new Slices();
  readonly #isOpen = (serial: number) => this.#assembler.has(serial);
  #queued = 0;
  #paused = false;
  #connected = false;
  #stopped = true;
  #ready = false;
  #work: Promise<void> = Promise.resolve();
  #working = false;
  #timer: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #polled = 0;
  /** Up to where auditd's log was read, while something is looked for. */
  #position: Position | undefined;

  constructor({ recent, ...options }: AuditdOptions) {
    this.#options = options;
    this.#recent = recent;
    this.#timing = options.timing ?? usual;
    this.#recorder = new Recorder(
      ...([options.outlet, this.#health, options.log] as const),
      options.heard ?? (() => {}),
    );
    this.#socket = new PluginSocket(options.socketPath, {
      data: (chunk) => this.#arrive(chunk),
      connected: () => {
        this.#connected = true;
        this.#lines.reset();
        this.#options.log("info", "auditd is connected", {});
      },
      lost: (reason) => {
        this.#connected = false;
        // The log's state tells it for as long as it lasts, with what to do.
        this.#options.log("info", "auditd is not connected", { reason });
      },
    });
  }

  start(): void {
    this.#stopped = false;
    this.#socket.start();
    this.#run(() => this.#begin());
    this.#timer = setInterval(() => this.#tick(), this.#timing.tickMs);
    this.#timer.unref();
    this.#heartbeat = setInterval(() => this.#recorder.tell("Heartbeat"), heartbeatMs);
    this.#heartbeat.unref();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#recorder.stop();
    clearInterval(this.#timer);
    clearInterval(this.#heartbeat);
    this.#socket.stop();
    await this.#work;
    if (this.#ready) this.#recorder.tell("Stopped");
  }

  status(): SourceStatus {
    const { outlet } = this.#options;
    const health = this.#health;
    const facts = { connected: this.#connected, stuck: this.#search.active || !this.#ready };
    return {
      name: "auditd",
      ...auditdText(health, outlet, facts),
      at: health.receivedAt === 0 ? "" : new Date(health.receivedAt).toISOString(),
      received: health.received,
      suppressed: outlet.suppressed,
      gaps: health.gaps,
    };
  }

  /** From where the log ends, over what auditd wrote since, to now. */
  async #begin(): Promise<void> {
    const boot = await (this.#options.boot ?? thisBoot)();
    const cursor = findCursor(this.#recent);
    this.#recent = [];
    this.#recorder.begin(boot, cursor);
    if (cursor !== undefined) await this.#resume(cursor);
    this.#ready = true;
    this.#recorder.tell("Started");
  }

  async #resume({ boot, done, time }: Cursor): Promise<void> {
    const recorder = this.#recorder;
    const thisBoot = boot === recorder.boot.id;
    const read = await this.#pass({ done, time, thisBoot });
    if (thisBoot) return; // Within one boot the numbers tell what is missing.
    if (read !== undefined && !read.reached)
      recorder.lose([], "audit.log was rotated past the last event on record");
    if (!recorder.isPresent) await recorder.endOfBoot();
  }

  /** @returns true when the socket has to wait */
  #arrive(chunk: Buffer): boolean {
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    if (this.#ready && !this.#working) this.#run(() => this.#drain());
    this.#paused = this.#queued > mostQueued;
    return this.#paused;
  }

  /** One thing at a time, so that events come in order; then what arrived meanwhile. */
  #run(work: () => Promise<void>): void {
    this.#working = true;
    this.#work = work()
      .catch((error) => {
        this.#health.problem = "Reading the events of auditd failed; see the agent's journal.";
        this.#options.log("error", "reading events of auditd failed", { error: explain(error) });
      })
      .finally(() => {
        this.#working = false;
        if (this.#queue.length > 0 && this.#ready && !this.#stopped) this.#run(() => this.#drain());
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
        if (this.#finished.length > 0) await this.#takeFinished();
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
    const recorder = this.#recorder;
    if (head.type === "PROCTITLE") recorder.titled = true;
    if (head.type.startsWith("DAEMON_")) return;
    recorder.serials ??= new Serials(head.serial - 1);
    recorder.serials.see(head.serial);
  }

  async #takeFinished(): Promise<void> {
    for (const event of this.#finished.splice(0)) await this.#recorder.offer(event);
  }

  #tick(): void {
    if (!this.#ready || this.#working || this.#stopped) return;
    this.#assembler.flush(performance.now() - this.#timing.endOfEventMs);
    if (this.#finished.length > 0) {
      this.#run(() => this.#takeFinished());
      return;
    }
    const { serials } = this.#recorder;
    const first = serials?.firstMissing(this.#isOpen);
    const until = this.#search.tick(first, serials?.high ?? 0);
    if (!this.#search.active) this.#position = undefined;
    if (until !== undefined) this.#run(() => this.#catchUp(until));
    else if (first === undefined) this.#poll();
  }

  /** Reads auditd's log while there is no plugin to tell of something new. */
  #poll(): void {
    const now = performance.now();
    if (this.#connected || now - this.#polled < this.#timing.pollMs) return;
    this.#polled = now;
    this.#run(async () => {
      const recorder = this.#recorder;
      const done = recorder.serials?.done ?? Number.MAX_SAFE_INTEGER;
      const found = await this.#pass({ done, time: this.#health.time, thisBoot: true });
      // What came before the agent looked for the first time is not the log's.
      if (found !== undefined && found.high > 0) recorder.serials ??= new Serials(found.high);
    });
  }

  /** Looks for what is missing, and gives it up when it cannot be found. */
  async #catchUp(until: number): Promise<void> {
    const recorder = this.#recorder;
    const { serials } = recorder;
    if (serials === undefined) return;
    const position = this.#position;
    const time = this.#health.time;
    const found = await this.#pass({ done: serials.done, time, thisBoot: true, position });
    this.#position = found?.position;
    const first = serials.firstMissing(this.#isOpen);
    if (first === undefined || first > until) return;
    // While auditd still writes events of that time, it is too early to give up.
    if (found !== undefined && !this.#isSettled(found, first)) return;
    if (!this.#search.failed()) return;
    await recorder.takeParts(until);
    const why = found === undefined ? "audit.log cannot be read" : "audit.log does not have them";
    const lost = serials.missing(until, this.#isOpen);
    if (lost.length > 0) recorder.lose(lost, why);
  }

  /** Whether nothing of an event is still to come in auditd's log. */
  #isSettled({ high, modified }: Pass, serial: number): boolean {
    const quiet = Date.now() - modified > this.#timing.endOfEventMs;
    return quiet || serial + disorder <= high;
  }

  async #pass(place: Place): Promise<Pass | undefined> {
    const { logFile, log } = this.#options;
    const recorder = this.#recorder;
    try {
      const done = await pass(logFile, place, recorder.boot.time, {
        wants: (serial) => this.#wants(serial, place),
        part: (event) => this.#fromLog(event, place),
        newBoot: (first, last) => recorder.newBoot(first, last),
      });
      await recorder.takeSettled((serial) => this.#isSettled(done, serial));
      this.#health.logError = "";
      return done;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === undefined) throw error;
      if (this.#health.logError !== code) {
        // Where auditd is not installed, that is all there is to tell.
        const level = code === "ENOENT" ? "info" : "warning";
        log(level, "auditd's log cannot be read", { logFile, error: explain(error) });
      }
      this.#health.logError = code;
      return undefined;
    }
  }

  /** Before the first event on record the log's past is not the agent's. */
  #wants(serial: number, place: Place): boolean {
    const { serials } = this.#recorder;
    if (serials === undefined || place.done === Number.MAX_SAFE_INTEGER) return false;
    serials.see(serial);
    return !serials.knows(serial);
  }

  #fromLog(event: KernelEvent, place: Place): Promise<void> | undefined {
    if (event.daemon) {
      const late = event.time < place.time - daemonSlackMs;
      return late || this.#recorder.serials === undefined ? undefined : this.#recorder.offer(event);
    }
    if (event.records.some(({ type }) => type === "PROCTITLE")) this.#recorder.titled = true;
    return this.#recorder.offer(event);
  }
}
