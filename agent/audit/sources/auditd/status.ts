/** How well the events of auditd arrive. */
import type { Outlet } from "../outlet.ts";
import type { SourceStatus } from "../types.ts";

/** How long something that was lost is an alarm. */
const alarmMs = 24 * 3_600_000;

export class Health {
  received = 0;
  /** Events of kinds that are not recorded. */
  counted = 0;
  gaps = 0;
  /** Lines that the plugin cut short. */
  torn = 0;
  /** Time of the newest event, milliseconds since 1970; 0 without one. */
  time = 0;
  /** When an event was received last, milliseconds since 1970; 0 without one. */
  receivedAt = 0;
  problem = "";
  /** The system's code for why auditd's log cannot be read. */
  logError = "";
  #lostAt = Number.NEGATIVE_INFINITY;

  receive(time: number): void {
    this.received += 1;
    if (time > this.time) this.time = time;
    this.receivedAt = Date.now();
  }

  lose(count: number): void {
    this.gaps += Math.max(1, count);
    this.#lostAt = performance.now();
  }

  get lostLately(): boolean {
    return performance.now() - this.#lostAt < alarmMs;
  }
}

export function auditdText(
  health: Health,
  outlet: Outlet,
  { connected, stuck }: { connected: boolean; stuck: boolean },
): Pick<SourceStatus, "state" | "text"> {
  if (outlet.trouble !== "") return { state: "alarm", text: outlet.trouble };
  if (health.problem !== "") return { state: "alarm", text: health.problem };
  if (health.lostLately) {
    const text = `${health.gaps} events of the kernel's audit were lost; look at auditd.Gap in the log for when. Where bursts are long, raise num_logs in /etc/audit/auditd.conf, so that auditd keeps more of its own log.`;
    return { state: "alarm", text };
  }
  if (outlet.suppressedLately) {
    const text = "More events came than are recorded; look at auditd.Suppressed in the log.";
    return { state: "alarm", text };
  }
  if (!connected && health.logError !== "") {
    const text =
      health.logError === "ENOENT"
        ? "auditd is not running: apt install auditd, then systemctl enable --now auditd."
        : `auditd's log cannot be read (${health.logError}), and its plugin is not connected.`;
    return { state: "absent", text };
  }
  if (!connected) {
    const text =
      "auditd's plugin is not connected; events are read from its log instead. Run systemctl restart auditd.";
    return { state: "lagging", text };
  }
  if (stuck) return { state: "lagging", text: "Missing events are looked for in auditd's log." };
  return { state: "ok", text: "The kernel's audit events are received." };
}
