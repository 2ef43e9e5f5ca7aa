/** The host as its keeper sees it: begun, watched, killed when it hangs, begun again. */
import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import type { Log } from "../../../log.ts";
import type { DriverConfig } from "../../config.ts";
import { slowSeconds } from "../host/deadlines.ts";
import type { WireStatus } from "../wire/status.ts";
import type { FromHost, ToHost } from "./messages.ts";

/** The first time at once, since a module that died once often lives when begun anew. */
const waitsMs = [0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000];
/** Who served that long is not one that dies at once. */
const livedMs = 10_000;
/** Threads of libuv besides those that wait for the module: files, and making keys. */
const moreThreads = 4;

export type HostStatus = Omit<WireStatus, "protocol">;

export interface HostOptions {
  /** This program. */
  program: string;
  parameters: readonly string[];
  config: DriverConfig;
  log: Log;
  changed: () => void;
}

export class HostProcess {
  readonly #options: HostOptions;
  #child: ChildProcess | undefined;
  #status: HostStatus = { state: "starting", reason: "it starts", pinSource: "none", host: 0 };
  /** Sent to the host, which has not said yet that it has them. */
  readonly #given: Socket[] = [];
  #deaths = 0;
  #began = 0;
  /** Since when it serves; a slow machine needs long to begin what fails at once. */
  #ready: number | undefined;
  #why = "";
  /** The host itself said that it cannot begin. */
  #cannot = false;
  #pinged: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#start();
  }

  get status(): HostStatus {
    return this.#status;
  }

  #start(): void {
    const { program, parameters, config, log } = this.#options;
    this.#began = performance.now();
    this.#ready = undefined;
    this.#why = "";
    this.#cannot = false;
    this.#pinged = undefined;
    const child = fork(program, [...parameters, "--host"], {
      env: {
        ...process.env,
        ...config.environment,
        UV_THREADPOOL_SIZE: String(config.concurrency + moreThreads),
      },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child = child;
    child.on("message", (message) => this.#hear(message as FromHost));
    child.once("error", (error) => {
      log("error", "the driver's process does not start", { why: error.message });
    });
    child.once("exit", (code, signal) => this.#ended(code, signal));
    this.#watch(config.deadlineSeconds * 1000);
  }

  /** A host that begins may take its time: a module with a thousand tokens reads them all. */
  #watch(deadlineMs: number): void {
    const every = Math.min(1000, deadlineMs / 4);
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      const now = performance.now();
      const ready = this.#status.state === "ready";
      const since = ready ? this.#pinged : this.#began;
      const allowed = ready ? deadlineMs : slowSeconds * 1000;
      if (since !== undefined && now - since > allowed) {
        this.#why = "it did not answer in time";
        this.#child?.kill("SIGKILL");
      } else if (ready && this.#pinged === undefined) {
        this.#pinged = now;
        this.#send({ type: "ping" });
      }
    }, every);
  }

  #send(message: ToHost, socket?: Socket): void {
    this.#child?.send(message, socket, { keepOpen: true }, (error) => {
      if (error === null) return;
      this.#options.log("warning", "the driver's process does not hear", { why: error.message });
    });
  }

  #hear(message: FromHost): void {
    switch (message.type) {
      case "pong":
        this.#pinged = undefined;
        return;
      case "taken":
        this.#given.shift()?.destroy();
        return;
      case "failed":
        this.#why = message.why;
        this.#cannot = true;
        return;
      case "ends":
        this.#why = message.why;
        return;
      case "ready":
        this.#ready = performance.now();
        this.#set({
          state: "ready",
          reason: "",
          pinSource: message.pinSource,
          host: this.#child?.pid ?? 0,
        });
    }
  }

  /** @returns false while there is no host to give it to. */
  give(socket: Socket): boolean {
    if (this.#status.state !== "ready") return false;
    this.#given.push(socket);
    this.#send({ type: "connection" }, socket);
    return true;
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    clearInterval(this.#timer);
    // Whoever is at the other end of these connects again.
    for (const socket of this.#given.splice(0)) socket.destroy();
    if (this.#closing) return;
    const how = signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`;
    const why = this.#why === "" ? how : this.#why;
    const lived = this.#ready !== undefined && performance.now() - this.#ready > livedMs;
    this.#deaths = lived ? 1 : this.#deaths + 1;
    const wait = waitsMs[Math.min(this.#deaths, waitsMs.length) - 1] ?? 0;
    this.#options.log("error", "the driver's process ended", { why, code, signal, waitMs: wait });
    const state = this.#cannot || this.#deaths > 2 ? "failed" : "restarting";
    this.#set({ ...this.#status, state, reason: why, host: 0 });
    this.#timer = setTimeout(() => this.#start(), wait);
  }

  #set(status: HostStatus): void {
    this.#status = status;
    this.#options.changed();
  }

  close(): void {
    this.#closing = true;
    clearInterval(this.#timer);
    this.#child?.kill("SIGKILL");
  }
}
