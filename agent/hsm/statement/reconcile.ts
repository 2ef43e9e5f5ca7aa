/**
 * Receipts against counters. A use lies in the period of the reading that its receipt names; the
 * counters' growth until the next reading must be what the receipts of the period add up to.
 */
import type { DifferenceReason, Statement, StatementRow } from "./members.ts";
import { type Growth, growthBetween, type Reading } from "./readings.ts";
import type { RecordedUse, Unfinished } from "./uses.ts";

/** What no private key is needed for, and so no driver counts. */
const uncounted: ReadonlySet<string> = new Set(["verify", "sealEnvelope", "random"]);

interface Sum {
  readonly key: string;
  readonly version: number;
  readonly operation: string;
  receipts: number;
  failed: number;
  /** Growth by object: a key of two halves has two, which are used together. */
  readonly grown: Map<string, number>;
  lost: boolean;
}

export interface Reconciled {
  readonly tokens: Statement["tokens"];
  readonly rows: StatementRow[];
  readonly own: Statement["own"];
  /** Receipts that name readings which are not in the log. */
  readonly orphans: number;
}

/**
 * @param own ids of the tenant's tokens
 * @param readings by token, oldest first: those of the month, and the one after it
 */
export function reconcile(
  own: ReadonlySet<string>,
  readings: ReadonlyMap<string, readonly Reading[]>,
  uses: readonly RecordedUse[],
  unfinished: readonly Unfinished[],
): Reconciled {
  const sums = new Map<string, Sum>();
  const unnamed = new Map<string, Statement["own"][number]>();
  const sumOf = (key: string, version: number, operation: string): Sum => {
    const name = `${key}\n${version}\n${operation}`;
    const fresh = { key, version, operation, receipts: 0, failed: 0, lost: false };
    const sum = sums.get(name) ?? { ...fresh, grown: new Map() };
    sums.set(name, sum);
    return sum;
  };
  const grow = ({ key, version, object, operation, grown, lost }: Growth) => {
    if (key === "") {
      const name = `${object}\n${operation}`;
      const row = unnamed.get(name) ?? { object, operation, counted: 0 };
      unnamed.set(name, { ...row, counted: row.counted + grown });
      return;
    }
    const sum = sumOf(key, version, operation);
    sum.grown.set(object, (sum.grown.get(object) ?? 0) + grown);
    sum.lost ||= lost;
  };
  const periods = new Set<string>();
  const crashes: { from: string; to: string }[] = [];
  let restarts = 0;
  for (const [token, list] of readings) {
    for (const [at, next] of list.slice(1).entries()) {
      const from = list[at] as Reading;
      periods.add(`${token}\n${from.reading}`);
      if (next.first) crashes.push({ from: minuteBefore(from.reading), to: next.reading });
      else restarts += Math.max(0, next.restarts - from.restarts);
      for (const growth of growthBetween(from.counted, next.counted)) grow(growth);
    }
  }
  let orphans = 0;
  for (const { receipt, failed } of uses) {
    const { key, version, operation, count, token, reading } = receipt;
    // The node's root signs for a tenant with a token that is none of the tenant's.
    if (token !== "" && !own.has(token)) continue;
    if (token !== "" && !periods.has(`${token}\n${reading}`)) {
      orphans += 1;
      continue;
    }
    const sum = sumOf(key, version, operation);
    if (failed) sum.failed += count;
    else sum.receipts += count;
  }
  const lost = unfinished.filter(({ time }) =>
    crashes.some(({ from, to }) => from <= time && time < to),
  );
  const tokens = [...readings].map(([token, list]) => ({
    token,
    from: list[0]?.reading ?? "",
    to: list.at(-1)?.reading ?? "",
    readings: list.length,
  }));
  const rows = [...sums.values()]
    .toSorted(
      (a, b) => compare(a.key, b.key) || a.version - b.version || compare(a.operation, b.operation),
    )
    .map((sum) => rowOf(sum, lost, restarts));
  return { tokens, rows, own: [...unnamed.values()], orphans };
}

function rowOf(sum: Sum, lost: readonly Unfinished[], restarts: number): StatementRow {
  const { key, version, operation, receipts, failed } = sum;
  const shared = { key, version, operation, receipts, failed };
  if (uncounted.has(operation)) {
    return { ...shared, counted: null, difference: 0, reason: "none", sentence: "" };
  }
  // Of two halves, that which is further from what the receipts say.
  const counted = [...sum.grown.values(), ...(sum.grown.size === 0 ? [0] : [])].reduce((a, b) =>
    Math.abs(b - receipts) > Math.abs(a - receipts) ? b : a,
  );
  const difference = counted - receipts;
  const begun = lost
    .filter((one) => one.key === key && one.operation === operation)
    .reduce((count, one) => count + one.count, 0);
  const reason = reasonOf({ difference, begun, restarts, failed, lost: sum.lost });
  return { ...shared, counted, difference, reason, sentence: sentences[reason](begun, restarts) };
}

interface Known {
  readonly difference: number;
  readonly begun: number;
  readonly restarts: number;
  readonly failed: number;
  readonly lost: boolean;
}

function reasonOf({ difference, begun, restarts, failed, lost }: Known): DifferenceReason {
  if (difference === 0) return "none";
  if (lost) return "counterLost";
  if (difference < 0) return "unexplained";
  if (difference <= begun) return "interrupted";
  if (difference <= begun + failed) return "failed";
  // How many were under way when a process ended is not known; that it ended is.
  return restarts > 0 ? "repeated" : "unexplained";
}

const sentences: Record<DifferenceReason, (begun: number, restarts: number) => string> = {
  none: () => "",
  interrupted: (begun) =>
    `The agent ended while ${begun} of these were under way; their intents are on record, and their outcomes are not.`,
  repeated: (_begun, restarts) =>
    `The driver's process ended ${restarts} times, and what was under way then was asked for once more.`,
  failed: () =>
    "Some of these failed for their caller although the token had done them; their failures are on record.",
  counterLost: () =>
    "The counter is lower than it was: its file was lost or set back. Hold the receipts against what the HSM itself has counted.",
  unexplained: () =>
    "Nothing on record explains this: the key was used past the agent, or the record or the counter was changed. Verify the audit log, and look at who can reach the token.",
};

/** An intent is on record before the reading that its use waited for. */
function minuteBefore(time: string): string {
  return new Date(Date.parse(time) - 60_000).toISOString();
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
