/** Lifecycle events of Incus: what was done to tenants' projects, instances and storage, and by whom. */
import { type IncusEvent, IncusEvents } from "../../incus/events.ts";
import { explain, type Log } from "../../log.ts";
import { aboutSource, type Outlet } from "./outlet.ts";
import type { Source, SourceEvent, SourceStatus } from "./types.ts";
import { tidy } from "./types.ts";

export interface IncusSourceOptions {
  outlet: Outlet;
  log: Log;
  socketPath: string;
  /** Whether an event only tells of what an agent publishes every few seconds. */
  isEcho?: (event: IncusEvent) => boolean;
}

/** Events that wait for the log; Incus keeps none for us. */
const mostWaiting = 20_000;
const mostContext = 20;
const alarmMs = 24 * 3_600_000;

/** Changes that are rare and concern everybody. */
const vital = /^(project|config|certificate|cluster|network-acl|storage-pool|warning)-/;

export class IncusSource implements Source {
  readonly #options: IncusSourceOptions;
  readonly #events: IncusEvents;
  readonly #waiting: IncusEvent[] = [];
  #pumping: Promise<void> | undefined;
  #connected = false;
  #lostSince = "";
  #reason = "";
  #stopped = true;
  #received = 0;
  #dropped = 0;
  #gaps = 0;
  #gapAt = Number.NEGATIVE_INFINITY;
  #at = 0;

  constructor(options: IncusSourceOptions) {
    this.#options = options;
    this.#events = new IncusEvents(options.socketPath, {
      event: (event) => this.#arrive(event),
      back: () => this.#back(),
      lost: (reason) => {
        this.#connected = false;
        this.#reason = reason;
        this.#lostSince = new Date().toISOString();
      },
    });
  }

  start(): void {
    this.#stopped = false;
    this.#events.start();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#events.stop();
    await this.#pumping;
    const counts = { received: this.#received, gaps: this.#gaps };
    this.#options.outlet.note(aboutSource("incus", "Stopped", { counts }));
  }

  status(): SourceStatus {
    return {
      name: "incus",
      ...this.#state(),
      at: this.#at === 0 ? "" : new Date(this.#at).toISOString(),
      received: this.#received,
      suppressed: this.#options.outlet.suppressed,
      gaps: this.#gaps,
    };
  }

  #state(): Pick<SourceStatus, "state" | "text"> {
    const { outlet } = this.#options;
    if (outlet.trouble !== "") return { state: "alarm", text: outlet.trouble };
    if (!this.#connected) {
      const text = "Incus is not connected; check systemctl status incus.";
      return { state: "absent", text };
    }
    if (performance.now() - this.#gapAt < alarmMs) {
      const text = "Incus was not connected for a while; look at incus.Gap in the log for when.";
      return { state: "alarm", text };
    }
    if (outlet.suppressedLately) {
      const text = "More events came than are recorded; look at incus.Suppressed in the log.";
      return { state: "alarm", text };
    }
    return { state: "ok", text: "The events of Incus are received." };
  }

  #back(): void {
    this.#connected = true;
    const { outlet, log } = this.#options;
    if (this.#received === 0 && this.#lostSince === "") {
      outlet.note(aboutSource("incus", "Started", {}));
      return;
    }
    if (this.#lostSince === "") return;
    // Incus keeps no events, so what it did meanwhile is not known.
    this.#gap({ since: this.#lostSince, reason: tidy(this.#reason, 200) });
    log("warning", "events of Incus may be missing", { since: this.#lostSince });
    this.#lostSince = "";
  }

  #gap(details: Record<string, unknown>): void {
    this.#gaps += 1;
    this.#gapAt = performance.now();
    this.#options.outlet.note({ ...aboutSource("incus", "Gap", details), outcome: "failure" });
  }

  #arrive(event: IncusEvent): void {
    this.#received += 1;
    this.#at = Date.now();
    // What it set off would be published, and so set off the next.
    if (this.#options.isEcho?.(event)) return;
    if (this.#waiting.length >= mostWaiting) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(event);
    this.#pumping ??= this.#pump()
      .catch((error) => {
        this.#options.log("error", "events of Incus were not taken", { error: explain(error) });
      })
      .finally(() => {
        this.#pumping = undefined;
      });
  }

  async #pump(): Promise<void> {
    const { outlet } = this.#options;
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      if (outlet.full) await outlet.room();
      if (this.#stopped) return;
      outlet.put(toEvent(event), vital.test(event.action));
    }
    if (this.#dropped === 0) return;
    this.#gap({ count: this.#dropped, reason: "the audit log could not be written for too long" });
    this.#dropped = 0;
  }
}

export function toEvent(event: IncusEvent): SourceEvent {
  const { requestor, project, context } = event;
  const details: Record<string, unknown> = { at: tidy(event.time, 40) };
  if (event.location !== "" && event.location !== "none")
    details.member = tidy(event.location, 100);
  if (requestor !== undefined) details.protocol = tidy(requestor.protocol, 40);
  for (const [key, value] of Object.entries(context).slice(0, mostContext)) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    details[tidy(key, 60)] = tidy(text ?? "", 300);
  }
  const address = requestor?.address ?? "";
  return {
    source: "incus",
    action: `incus.${/^[a-z0-9-]{1,60}$/.test(event.action) ? event.action : "unknown"}`,
    outcome: "success",
    actor: tidy(requestor?.username || "incus", 100),
    // Incus tells a name, which for its own socket is a local account and else is not.
    uid: requestor?.protocol === "unix" && requestor.username === "root" ? 0 : -1,
    ...(/^[0-9a-fA-F.:[\]]{2,60}$/.test(address) ? { address } : {}),
    ...(project === "default" ? {} : { tenant: tidy(project, 63) }),
    object: tidy(event.source, 300),
    details,
  };
}
