/** Uses by day, from readings of counters: each day's first use comes after a reading. */
import type { Usage } from "./members.ts";
import { growthBetween, type Reading } from "./readings.ts";

const dayMs = 86_400_000;

/** @param readings of the key's token, oldest first */
export function usageOf(
  key: string,
  readings: readonly Reading[],
  { from, days }: { from: string; days: number },
): Usage["days"] {
  const byDay = new Map<string, Record<string, number>>();
  for (let i = 0; i < days; i += 1) {
    byDay.set(new Date(Date.parse(from) + i * dayMs).toISOString().slice(0, 10), {});
  }
  for (const [at, next] of readings.slice(1).entries()) {
    const before = readings[at] as Reading;
    const uses = byDay.get(before.reading.slice(0, 10));
    if (uses === undefined) continue;
    for (const [operation, grown] of grownOf(key, before, next)) {
      uses[operation] = (uses[operation] ?? 0) + grown;
    }
  }
  return [...byDay].map(([day, uses]) => ({ day, uses }));
}

/** By operation; of two halves that are used together, one. */
function grownOf(key: string, before: Reading, next: Reading): Map<string, number> {
  const versions = new Map<string, { operation: string; grown: number }>();
  for (const growth of growthBetween(before.counted, next.counted)) {
    if (growth.key !== key) continue;
    const { version, operation, grown } = growth;
    const name = `${version} ${operation}`;
    const most = Math.max(versions.get(name)?.grown ?? 0, grown);
    versions.set(name, { operation, grown: most });
  }
  const sums = new Map<string, number>();
  for (const { operation, grown } of versions.values()) {
    sums.set(operation, (sums.get(operation) ?? 0) + grown);
  }
  return sums;
}
