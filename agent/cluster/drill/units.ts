/**
 * Incus taken away and brought back by a unit of systemd's, dsecos-drill@SIGNAL.service: while it is
 * active, Incus is away. It ends after 180 s by itself, and however it ends, it starts Incus: so Incus
 * comes back, too, where the agent that began the drill is killed. The agent may start and stop this unit
 * and needs no right over any other.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type BusConnection, BusError } from "../../bus/connection.ts";
import { DsecosError } from "../../bus/errors.ts";

const systemd = "org.freedesktop.systemd1";
const manager = `${systemd}.Manager`;
const place = "/org/freedesktop/systemd1";

/** By the signal that ends Incus. */
export const drillUnits = {
  kill: "dsecos-drill@SIGKILL.service",
  stop: "dsecos-drill@SIGTERM.service",
} as const;

/** Incus itself may need as long to start. */
const patienceMs = 60_000;
const lookMs = 100;

export class DrillUnits {
  readonly #bus: Pick<BusConnection, "call">;

  constructor(bus: Pick<BusConnection, "call">) {
    this.#bus = bus;
  }

  /** @throws DsecosError where there is no systemd, or the unit fails */
  async start(kind: keyof typeof drillUnits): Promise<void> {
    const unit = drillUnits[kind];
    await this.#ask("StartUnit", unit);
    const state = await this.#settled(unit, "activating");
    if (state === "active") return;
    const what = `${unit} did not take Incus away; “systemctl status ${unit}” tells why.`;
    throw new DsecosError("Unavailable", what);
  }

  /** Ends whichever is active, which starts Incus. @throws DsecosError */
  async stop(): Promise<void> {
    for (const unit of Object.values(drillUnits)) {
      if (!(await this.#isLoaded(unit))) continue;
      await this.#ask("StopUnit", unit);
      await this.#settled(unit, "deactivating");
    }
  }

  /** @throws DsecosError where there is no systemd */
  async isActive(): Promise<boolean> {
    for (const unit of Object.values(drillUnits)) {
      if (await this.#isLoaded(unit)) return true;
    }
    return false;
  }

  async #isLoaded(unit: string): Promise<boolean> {
    return !["inactive", "failed"].includes(await this.#state(unit));
  }

  /** @returns the first state that is another */
  async #settled(unit: string, passing: string): Promise<string> {
    const until = performance.now() + patienceMs;
    for (;;) {
      const state = await this.#state(unit);
      if (state !== passing) return state;
      if (performance.now() > until) {
        const what = `${unit} is still ${passing}; “systemctl status ${unit}” tells more.`;
        throw new DsecosError("Timeout", what);
      }
      await delay(lookMs);
    }
  }

  async #state(unit: string): Promise<string> {
    const [path] = await this.#call(place, manager, "LoadUnit", "s", [unit]);
    const properties = "org.freedesktop.DBus.Properties";
    const wanted = [`${systemd}.Unit`, "ActiveState"];
    const [state] = await this.#call(String(path), properties, "Get", "ss", wanted);
    return String((state as { value: unknown }).value);
  }

  #ask(member: "StartUnit" | "StopUnit", unit: string): Promise<unknown[]> {
    return this.#call(place, manager, member, "ss", [unit, "replace"]);
  }

  async #call(
    path: string,
    iface: string,
    member: string,
    signature: string,
    body: unknown[],
  ): Promise<unknown[]> {
    const target = { destination: systemd, path, interface: iface, member, signature, body };
    try {
      return await this.#bus.call(target);
    } catch (cause) {
      if (!(cause instanceof BusError)) throw cause;
      const what = /ServiceUnknown|NameHasNoOwner|Spawn/.test(cause.name)
        ? "systemd does not answer on the bus of this node, and it is what brings a node back."
        : `systemd refused ${member}: ${cause.message.slice(0, 200)}`;
      throw new DsecosError("Unavailable", what, { cause });
    }
  }
}
