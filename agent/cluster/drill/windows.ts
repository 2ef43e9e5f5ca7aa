/** Maintenance windows as the agent's configuration declares them, in UTC. */
import * as v from "valibot";

const days = [
  "sunday",
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
] as const;
const dayMs = 86_400_000;

const clockSchema = v.pipe(
  v.string(),
  v.regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, "must be a time of day such as 02:30, in UTC"),
);

export const maintenanceSchema = v.pipe(
  v.array(
    v.pipe(
      v.strictObject({
        /** Every day where it is left out. */
        days: v.optional(v.pipe(v.array(v.picklist(days)), v.minLength(1)), [...days]),
        from: clockSchema,
        /** Of the same day; one over midnight is two. */
        until: clockSchema,
      }),
      v.check(({ from, until }) => from < until, "must end after it begins"),
    ),
  ),
  v.maxLength(50),
);

export type Maintenance = v.InferOutput<typeof maintenanceSchema>;

const msOf = (clock: string) => {
  const [hours = 0, minutes = 0] = clock.split(":").map(Number);
  return (hours * 60 + minutes) * 60_000;
};

/**
 * @param now in milliseconds since 1970
 * @returns how long a window is still open, in milliseconds; 0 where none is
 */
export function openMs(windows: Maintenance, now: number): number {
  let until = now;
  // A window that begins where another ends goes on with it.
  for (let grown = true; grown && until - now < dayMs; ) {
    grown = false;
    const midnight = Math.floor(until / dayMs) * dayMs;
    const day = days[new Date(midnight).getUTCDay()];
    for (const window of windows) {
      const end = midnight + msOf(window.until);
      const isOpen = midnight + msOf(window.from) <= until && until < end;
      if (!isOpen || !window.days.some((one) => one === day)) continue;
      until = end;
      grown = true;
    }
  }
  return until - now;
}

/** In words, for people. */
export function windowsText(windows: Maintenance): string {
  if (windows.length === 0) {
    return "None is declared: write “maintenance” into /etc/dsecos/agent.json and restart dsecos-agent.service.";
  }
  const each = windows.map(({ days: on, from, until }) => {
    return `${on.length === days.length ? "every day" : on.join(", ")} ${from} to ${until} UTC`;
  });
  return `${each.join("; ")}.`;
}
