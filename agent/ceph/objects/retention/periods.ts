/** A calendar that stays short: days where they are near, months beyond. */
import type { Held } from "./answers.ts";
import type { Amount } from "./scan.ts";

const dayMs = 86_400_000;
const nearDays = 62;

/** @param days by day on which holds end, `2026-11-22` */
export function periods(days: ReadonlyMap<string, Amount>, now: number): Held["until"] {
  const far = new Date(now + nearDays * dayMs).toISOString().slice(0, 10);
  const found = new Map<string, Amount>();
  for (const [day, { objects, bytes }] of days) {
    const period = day <= far ? day : day.slice(0, 7);
    const before = found.get(period) ?? { objects: 0, bytes: 0 };
    found.set(period, { objects: before.objects + objects, bytes: before.bytes + bytes });
  }
  return [...found]
    .map(([period, amount]) => ({ period, ...amount }))
    .sort((a, b) => (orderOf(a.period) < orderOf(b.period) ? -1 : 1));
}

/** What is left of a month comes behind its days. */
const orderOf = (period: string) => (period.length === "2026-11".length ? `${period}-99` : period);
