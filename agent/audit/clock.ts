/** Notices when the node's clock is set, by a clock that cannot be. */
import { explain, type Log } from "../log.ts";
import type { Alarm } from "./answers.ts";
import type { AuditWriter } from "./types.ts";

const everyMs = 10_000;
/** Time services slew what is less. */
const leastMs = 2_000;
const alarmFor = 86_400_000;

export interface ClockWatch {
  stop(): void;
  alarms(): Alarm[];
}

/** @param now,steady in milliseconds: the clock that is watched, and one that is never set */
export function watchClock(
  audit: AuditWriter,
  log: Log,
  now = () => Date.now(),
  steady = () => performance.now(),
): ClockWatch {
  let offset = now() - steady();
  let alarm: Alarm | undefined;
  const look = () => {
    const step = now() - steady() - offset;
    if (Math.abs(step) < leastMs) return;
    offset += step;
    const seconds = Math.round(step / 1000);
    const since = new Date(now()).toISOString();
    const direction = seconds > 0 ? "forward" : "back";
    const text = `The clock of the node was set ${direction} by ${Math.abs(seconds)} seconds.`;
    const todo = "Find out who set it, and whether the time service can be trusted.";
    alarm = { kind: "clock", since, text, todo };
    audit
      .append({
        action: "audit.ClockSet",
        outcome: "note",
        source: "log",
        actor: "agent",
        uid: process.getuid?.() ?? 0,
        details: { seconds },
      })
      .catch((error) =>
        log("warning", "a step of the clock is not on record", { error: explain(error) }),
      );
  };
  const timer = setInterval(look, everyMs).unref();
  return {
    stop: () => clearInterval(timer),
    alarms: () => {
      look();
      return alarm !== undefined && now() - Date.parse(alarm.since) < alarmFor ? [alarm] : [];
    },
  };
}
