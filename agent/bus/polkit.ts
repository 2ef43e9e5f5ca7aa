/**
 * Permission, decided by polkit and its rules. A session has no polkit agent, so polkit never
 * prompts: it answers yes or no.
 */
import { Variant } from "dbus-next/lib/variant.js";
import type { Caller } from "./call.ts";
import { type BusConnection, BusError } from "./connection.ts";
import { DsecosError } from "./errors.ts";

const authority = "org.freedesktop.PolicyKit1.Authority";
const path = "/org/freedesktop/PolicyKit1/Authority";

/**
 * How long a yes is kept, in milliseconds. Asking takes 1.5 ms, which is more than the rest of a
 * call; a person who acts in a burst is asked about once a second. A no is never kept, nor is a
 * yes for an act that needs a second person.
 */
const keep = 1000;
const mostKept = 1000;

export interface Details {
  tenant?: string;
  node?: string;
  object?: string;
}

export class Polkit {
  readonly #bus: BusConnection;
  readonly #timeoutMs: number;
  readonly #allowed = new Map<string, number>();

  /**
   * @param timeoutMs polkit may be kept waiting itself, while a busy disk reads its program back;
   *   whoever called gives up after 25 s
   */
  constructor(bus: BusConnection, timeoutMs = 20_000) {
    this.#bus = bus;
    this.#timeoutMs = timeoutMs;
  }

  /** Forgets what was allowed whenever polkit says that its rules or actions changed. */
  async start(): Promise<void> {
    await this.#bus.subscribe(authority, "Changed", () => this.#allowed.clear(), `,path='${path}'`);
  }

  /**
   * @param fresh asks polkit even if it said yes a moment ago.
   * @throws DsecosError Unavailable when polkit does not answer; nothing is allowed then.
   */
  async allows(caller: Caller, action: string, details: Details, fresh = false): Promise<boolean> {
    const key = JSON.stringify([caller.connection, action, details]);
    const now = performance.now();
    const until = this.#allowed.get(key);
    if (!fresh && until !== undefined && now < until) return true;
    this.#allowed.delete(key);
    const allowed = await this.#ask(caller, action, details);
    if (allowed && !fresh) {
      if (this.#allowed.size >= mostKept) this.#allowed.clear();
      this.#allowed.set(key, now + keep);
    }
    return allowed;
  }

  async #ask(caller: Caller, action: string, details: Details): Promise<boolean> {
    const subject = ["system-bus-name", { name: new Variant("s", caller.connection) }];
    try {
      const [result] = await this.#bus.call(
        {
          destination: "org.freedesktop.PolicyKit1",
          path,
          interface: authority,
          member: "CheckAuthorization",
          signature: "(sa{sv})sa{ss}us",
          body: [subject, action, details, 0, ""],
        },
        this.#timeoutMs,
      );
      return (result as [boolean, boolean, unknown])[0] === true;
    } catch (cause) {
      if (cause instanceof BusError && cause.message.includes("is not registered")) {
        const what = `polkit does not know the action ${action}; install the package dsecos-policies.`;
        throw new DsecosError("Unavailable", what, { cause });
      }
      const what =
        "polkit does not answer, so nothing is allowed; check “systemctl status polkit”.";
      throw new DsecosError("Unavailable", what, { cause });
    }
  }
}
