/**
 * The agent's side of a driver: calls go over its socket, many in one write, and come back in any
 * order. When the driver's process ends under a call, it is sent once more to the next one, if doing
 * it twice is as good as once.
 */
import { isDeepStrictEqual } from "node:util";
import type { Log } from "../../log.ts";
import type { DriverConfig } from "../config.ts";
import { type Driver, DriverError, type DriverStatus } from "../driver/types.ts";
import { type Reader, WireError } from "../driver/wire/buffers.ts";
import { driverError, outcome } from "../driver/wire/frames.ts";
import { type OperationName, operationNames, protocol } from "../driver/wire/operations.ts";
import { readStatus } from "../driver/wire/status.ts";
import { Call } from "./call.ts";
import { Connection } from "./connection.ts";

const mostCalls = 16_384;
const lookMs = 250;
/** How long a call waits for a driver that begins anew. */
const patienceMs = 3000;
/** What a driver that hangs needs to be killed and begun anew. */
const graceMs = 3000;
const slowMs = 60_000;
const lastId = 0xffff_ffff;

export interface LinkOptions {
  name: string;
  config: Pick<DriverConfig, "deadlineSeconds"> & { pin: Pick<DriverConfig["pin"], "credential"> };
  /** Path of the driver's socket. */
  socket: string;
  log: Log;
}

/** Connects at once, and again whenever that ends, until it is closed. */
export function openDriver(options: LinkOptions): Driver {
  const link = new Link(options);
  const calls = Object.fromEntries(
    operationNames.map((name) => [name, (...parameters: unknown[]) => link.call(name, parameters)]),
  ) as unknown as Omit<Driver, "name" | "status" | "onChanged" | "close">;
  return {
    name: options.name,
    ...calls,
    status: () => link.status,
    onChanged: (listener) => link.listeners.push(listener),
    close: async () => link.close(),
  };
}

class Link {
  readonly #name: string;
  readonly #log: Log;
  readonly #deadlineMs: number;
  readonly #credential: string;
  readonly #connection: Connection;
  readonly listeners: (() => void)[] = [];
  readonly #pending = new Map<number, Call>();
  #waiting: Call[] = [];
  #lastId = 0;
  #host = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Since when nobody listens at its socket. */
  #unreachable: number | undefined;
  status: DriverStatus = {
    state: "starting",
    since: new Date().toISOString(),
    restarts: 0,
    reason: "the driver's process starts",
    pinSource: "none",
  };

  constructor({ name, config, socket, log }: LinkOptions) {
    this.#name = name;
    this.#log = log;
    this.#deadlineMs = config.deadlineSeconds * 1000;
    this.#credential = config.pin.credential;
    this.#connection = new Connection(socket, {
      frame: (frame) => this.#hear(frame),
      lost: (why) => this.#lost(why),
      silent: () => this.#unanswered("nobody serves its socket"),
      invalid: (why) => log("error", "a driver does not speak as it should", { driver: name, why }),
    });
  }

  call(name: OperationName, parameters: readonly unknown[]): Promise<unknown> {
    if (this.#pending.size + this.#waiting.length >= mostCalls) {
      return Promise.reject(this.#unavailable("too many calls wait for it"));
    }
    const milliseconds = { fast: this.#deadlineMs + graceMs, slow: slowMs + graceMs };
    return new Promise((resolve, reject) => {
      const call = new Call(name, parameters, milliseconds, { resolve, reject });
      this.#timer ??= setInterval(() => this.#look(), lookMs);
      if (this.status.state === "ready") this.#send(call);
      else if (this.status.state === "failed") reject(this.#unavailable(this.status.reason));
      else this.#waiting.push(call);
    });
  }

  #send(call: Call): void {
    do this.#lastId = this.#lastId === lastId ? 1 : this.#lastId + 1;
    while (this.#pending.has(this.#lastId));
    try {
      call.write(this.#connection.out, this.#lastId);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      call.reject(new DriverError("refused", `${call.name}: ${why}`));
      return;
    }
    this.#pending.set(this.#lastId, call);
  }

  #hear(frame: Reader): void {
    const id = frame.word();
    const kind = frame.byte();
    if (id === 0) {
      if (kind !== outcome.status) throw new WireError("an answer to no call");
      this.#heard(frame);
      return;
    }
    const call = this.#pending.get(id);
    // Its caller was told before that it took too long.
    if (call === undefined) return;
    if (kind === outcome.result) {
      const result = call.operation.result.read(frame);
      frame.done();
      this.#pending.delete(id);
      call.resolve(result);
    } else {
      const error = driverError.read(frame);
      frame.done();
      this.#pending.delete(id);
      call.reject(error);
    }
  }

  #heard(frame: Reader): void {
    const { state, reason, pinSource, host, ...said } = readStatus(frame);
    if (said.protocol !== protocol) {
      const why = `it is of another version: restart dsecos-hsm@${this.#name}.service`;
      this.#change({ state: "failed", reason: why });
      return;
    }
    this.#unreachable = undefined;
    const another = host !== 0 && this.#host !== 0 && host !== this.#host;
    if (host !== 0) this.#host = host;
    const restarts = this.status.restarts + (another ? 1 : 0);
    this.#change({ state, reason, pinSource, restarts });
    if (state !== "ready") return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) this.#send(call);
  }

  #change(to: Partial<DriverStatus>): void {
    const state = to.state ?? this.status.state;
    const before = this.status;
    const since = state === before.state ? before.since : new Date().toISOString();
    this.status = { ...before, ...to, since };
    if (state === "failed") this.#refuse(this.status.reason);
    // One that stays away is looked for every two seconds, which is no news.
    if (isDeepStrictEqual(this.status, before)) return;
    for (const listener of this.listeners) listener();
  }

  /** Nobody waits for what does not come by itself. */
  #refuse(why: string): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) call.reject(this.#unavailable(why));
  }

  #lost(why: string): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    const now = performance.now();
    for (const call of pending) {
      if (now - call.began >= this.#deadlineMs && !call.takesTime) {
        call.reject(this.#late(call));
      } else if (call.operation.repeatable && call.sent < 2) {
        this.#waiting.push(call);
      } else {
        const done = call.operation.repeatable ? "twice" : "while it worked; look what was done";
        call.reject(this.#unavailable(`its process ended ${done} (${call.name})`));
      }
    }
    const wasReady = this.status.state === "ready";
    if (wasReady) this.#change({ state: "restarting", reason: "its process ended" });
    if (why === "") this.#unreachable = undefined;
    else this.#unreachable ??= now;
    if (this.#unreachable !== undefined && now - this.#unreachable > patienceMs) {
      this.#unanswered(`its socket does not answer (${why})`);
    }
  }

  /** Nothing of its process is there; systemd alone knows why. */
  #unanswered(what: string): void {
    const unit = `dsecos-hsm@${this.#name}`;
    const reason = `${what}: “systemctl status ${unit}.socket ${unit}” says why. Where that is 243/CREDENTIALS, the PIN ${this.#credential} cannot be opened, as after a change of the TPM or of what it measures; its keys are whole, and “man dsecos-hsm” says how the PIN is put back`;
    this.#change({ state: "failed", reason });
  }

  #look(): void {
    if (this.#pending.size === 0 && this.#waiting.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const now = performance.now();
    for (const [id, call] of this.#pending) {
      if (now < call.until) continue;
      this.#pending.delete(id);
      call.reject(this.#late(call));
    }
    this.#waiting = this.#waiting.filter((call) => {
      if (now - call.began < patienceMs || call.sent > 0)
        return now < call.until || this.#give(call);
      return this.#give(call);
    });
  }

  #give(call: Call): false {
    call.reject(this.#unavailable(this.status.reason));
    return false;
  }

  #late(call: Call): DriverError {
    return new DriverError("timeout", `the driver ${this.#name} did not ${call.name} in time`);
  }

  #unavailable(why: string): DriverError {
    return new DriverError("unavailable", `the driver ${this.#name} is not ready: ${why}`);
  }

  close(): void {
    this.#connection.close();
    clearInterval(this.#timer);
    const open = [...this.#pending.values(), ...this.#waiting];
    this.#pending.clear();
    this.#waiting = [];
    for (const call of open) {
      call.reject(new DriverError("closed", `the driver ${this.#name} was let go`));
    }
    this.#log("debug", "a driver is closed", { driver: this.#name });
  }
}
