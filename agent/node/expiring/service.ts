/**
 * Everything with an end in one list. Each source is asked by itself and for a limited time, and only
 * where the caller may see at home what it tells, so that this list is no way round a permission.
 */
import type { Call, Caller } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import { type Expiring, expiringDays } from "./answers.ts";
import type { Ends, Source } from "./types.ts";

export interface ExpiringParts {
  sources: readonly Source[];
  /** Whether polkit lets the caller do this. */
  allows: (caller: Caller, action: string) => Promise<boolean>;
  log: Log;
  now?: () => number;
  /** A source that takes longer is left out, in milliseconds; 5 s unless told. */
  patienceMs?: number;
}

const dayMs = 86_400_000;
const mostRows = 200;

type Missing = Expiring["missing"][number];
interface Told {
  rows: Ends["rows"];
  missing: Missing[];
}

export function createExpiring(parts: ExpiringParts) {
  const { sources, allows, log, patienceMs = 5000 } = parts;

  async function ask(one: Source, call: Call, now: number): Promise<Told> {
    const { source, action } = one;
    const without = (state: Missing["state"], text: string): Told => ({
      rows: [],
      missing: [{ source, state, text }],
    });
    if (!(await allows(call.caller, action))) {
      return without("denied", `You may not see these: ${action} is not allowed to you.`);
    }
    try {
      const { rows, missing } = await within(one.ask(call, now), patienceMs);
      return {
        rows,
        missing: missing.map((text) => ({ source, state: "failed" as const, text })),
      };
    } catch (error) {
      if (error instanceof DsecosError) return without("failed", error.message);
      log("error", "what ends could not be told", { source, error: explain(error) });
      const what = "It could not be read; the journal of dsecos-agent.service says why.";
      return without("failed", what);
    }
  }

  return async (call: Call): Promise<Expiring> => {
    const now = parts.now?.() ?? Date.now();
    const told = await Promise.all(sources.map((source) => ask(source, call, now)));
    const until = now + expiringDays * dayMs;
    const rows = told
      .flatMap((one) => one.rows)
      .filter(({ endsAt }) => Date.parse(endsAt) <= until)
      .sort((a, b) => Date.parse(a.endsAt) - Date.parse(b.endsAt) || compare(a.name, b.name));
    return {
      at: new Date(now).toISOString(),
      days: expiringDays,
      total: rows.length,
      rows: rows.slice(0, mostRows),
      missing: told.flatMap((one) => one.missing),
    };
  };
}

const compare = (one: string, other: string) => (one < other ? -1 : Number(one > other));

/** What comes later is not waited for, and nobody hears of its failure. */
async function within<T>(asked: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const what = "It does not answer just now; it is asked again with the next look.";
    timer = setTimeout(() => reject(new DsecosError("Timeout", what)), ms);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
