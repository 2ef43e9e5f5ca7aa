/** Programs that own the agent's name, started with the flags that our unit gives to Node. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { BusConnection } from "../../../agent/bus/connection.ts";
import { busName } from "../../../agent/bus/contract.ts";
import type { Bed } from "./bed.ts";

const root = resolve(import.meta.dirname, "../../..");

/** Node's options in the unit, so that what is measured is what runs on a node. */
function packagedFlags(): string[] {
  const unit = readFileSync(join(root, "packaging/systemd/dsecos-agent.service"), "utf8");
  const start = /^ExecStart=\/usr\/bin\/node (.*?) ?\/usr\/lib\/dsecos\/agent\.js --config/m;
  const flags = start.exec(unit)?.[1];
  if (flags === undefined) throw new Error("the unit starts the agent in an unknown way");
  return flags.split(" ").filter(Boolean);
}

/** Tells when the agent's name gets an owner, and when it has none any more. */
export class NameWatch {
  readonly #bus: BusConnection;
  #told: ((owned: boolean) => void)[] = [];

  private constructor(bus: BusConnection) {
    this.#bus = bus;
  }

  static async open(busPath: string): Promise<NameWatch> {
    const watch = new NameWatch(await BusConnection.open(busPath));
    await watch.#bus.subscribe(
      "org.freedesktop.DBus",
      "NameOwnerChanged",
      ({ body: [, , owner] }) => {
        for (const tell of watch.#told) tell(owner !== "");
      },
      `,arg0='${busName}'`,
    );
    return watch;
  }

  until(owned: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#told = this.#told.filter((one) => one !== tell);
      };
      const tell = (now: boolean) => {
        if (now !== owned) return;
        done();
        resolve();
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`${busName} did not ${owned ? "come to" : "leave"} the bus in 30 s`));
      }, 30_000);
      this.#told.push(tell);
    });
  }

  close(): void {
    this.#bus.end();
  }
}

/**
 * @param more keys of the configuration
 * @returns arguments for Node that start the built agent on the bed.
 */
export function agentArguments(bed: Bed, more: Record<string, unknown> = {}): string[] {
  const auditDirectory = join(bed.directory, "audit");
  const imageDirectory = join(bed.directory, "images");
  mkdirSync(auditDirectory, { recursive: true, mode: 0o700 });
  mkdirSync(imageDirectory, { recursive: true });
  const config = join(bed.directory, "agent.json");
  const { incusSocket } = bed;
  // The machine's own TPM is not for this.
  const tpm = join(bed.directory, "no-tpm");
  const keys = { incusSocket, auditDirectory, imageDirectory, tpm, ...more };
  writeFileSync(config, JSON.stringify(keys));
  return [join(root, "dist/agent/agent.js"), "--config", config];
}

export class Served {
  readonly #child: ChildProcess;
  readonly #watch: NameWatch;
  /** What it said, one object per line; what is no JSON is kept as `text`. */
  readonly events: Record<string, unknown>[] = [];
  #listeners: ((event: Record<string, unknown>) => void)[] = [];
  /** Milliseconds from its start until the name had an owner. */
  readyMs = 0;

  private constructor(child: ChildProcess, watch: NameWatch) {
    this.#child = child;
    this.#watch = watch;
    if (child.stderr === null) throw new Error("its standard error is not connected");
    createInterface({ input: child.stderr }).on("line", (line) => this.#hear(line));
  }

  /** Returns when the name has an owner. */
  static async start(program: readonly string[], bed: Bed): Promise<Served> {
    const watch = await NameWatch.open(bed.busPath);
    const owned = watch.until(true);
    const began = performance.now();
    const child = spawn(process.execPath, [...packagedFlags(), ...program], {
      env: bed.environment,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const served = new Served(child, watch);
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`${program[0]} ended with ${code}: ${JSON.stringify(served.events)}`);
    });
    await Promise.race([owned, ended]);
    served.readyMs = performance.now() - began;
    ended.catch(() => {}); // From here on its end is asked for.
    return served;
  }

  #hear(line: string): void {
    let event: Record<string, unknown>;
    try {
      event = JSON.parse(line);
    } catch {
      event = { text: line };
    }
    this.events.push(event);
    for (const listener of this.#listeners) listener(event);
  }

  /** Waits for an event that was or will be logged. */
  async event(wanted: (event: Record<string, unknown>) => boolean, seconds: number) {
    const heard = this.events.find(wanted);
    return heard ?? (await this.next(wanted, seconds));
  }

  /** Waits for an event that will be logged. */
  next(wanted: (event: Record<string, unknown>) => boolean, seconds: number) {
    return new Promise<Record<string, unknown>>((resolve, reject) => {
      const timer = setTimeout(() => {
        const last = JSON.stringify(this.events.slice(-5));
        reject(new Error(`not heard from the agent in ${seconds} s; last: ${last}`));
      }, seconds * 1000);
      this.#listeners.push((event) => {
        if (!wanted(event)) return;
        clearTimeout(timer);
        resolve(event);
      });
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits until the agent knows that many tenants. */
  async tenants(count: number, seconds: number): Promise<void> {
    const loaded = ({ message, count: now }: Record<string, unknown>) =>
      message === "tenants loaded" && now === count;
    await this.event(loaded, seconds);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** @returns resident memory in MB of 1,000,000 bytes. */
  residentMb(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kib === undefined) throw new Error("the program is gone");
    return (Number(kib) * 1024) / 1e6;
  }

  /** Ends it, and returns when its name is free. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const [free, ended] = [this.#watch.until(false), once(this.#child, "exit")];
      const impatient = setTimeout(() => this.#child.kill("SIGKILL"), 15_000);
      this.#child.kill("SIGTERM");
      await Promise.all([free, ended]);
      clearTimeout(impatient);
    }
    this.#watch.close();
  }
}
