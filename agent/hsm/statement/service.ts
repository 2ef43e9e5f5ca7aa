/** Statements of a month, and uses by day. */
import { DsecosError } from "../../bus/errors.ts";
import type { Answers } from "../area.ts";
import type { Keys, Token, Tokens } from "../parts.ts";
import type { Meter } from "../use/meter.ts";
import type { Statement, statementMembers } from "./members.ts";
import { type Reading, readingsIn } from "./readings.ts";
import { reconcile } from "./reconcile.ts";
import { type AskRecord, entriesOf, readingEntries } from "./record.ts";
import { usageOf } from "./usage.ts";
import { usesIn } from "./uses.ts";

export interface StatementParts {
  node: string;
  tokens: Pick<Tokens, "all">;
  keys: Pick<Keys, "find">;
  meter: Meter;
  ask: AskRecord;
  /** @throws NotFound where there is no such tenant */
  tenant: (name: string) => Promise<unknown>;
  now?: () => Date;
}

const hourMs = 3_600_000;

export function createStatements(parts: StatementParts): {
  handlers: Answers<typeof statementMembers>;
} {
  const { node, tokens, keys, meter, ask, tenant } = parts;
  const now = () => parts.now?.() ?? new Date();

  async function statement(name: string, month: string, signal: AbortSignal): Promise<Statement> {
    await tenant(name);
    const at = now().toISOString();
    const { from, to } = spanOf(month);
    if (from > at) {
      throw new DsecosError("InvalidArgument", `${month} has not begun; ask for one that has.`);
    }
    const remarks: string[] = [];
    const closed = readingsIn(await readingEntries(ask, { tenant: name, from: to, signal }));
    const own = await tokens.all(name);
    for (const token of own) {
      if (!closed.has(token.id)) await close(token, remarks);
    }
    // Its own readings, and of each token the first one after it.
    const all = readingsIn(await readingEntries(ask, { tenant: name, from, signal }));
    const readings = new Map([...all].flatMap(([token, list]) => withinMonth(token, list, to)));
    // An outcome may be later than the month in which its use began.
    const end = new Date(Date.parse(to) + hourMs).toISOString();
    const span = { tenant: name, action: "hsm.", from, to: end, signal };
    const { uses, unfinished } = usesIn(await entriesOf(ask, span));
    const ofMonth = uses.filter(({ receipt }) => receipt.reading === "" || receipt.reading < to);
    // A token that was forgotten meanwhile still has its uses on record.
    const ids = new Set([...own.map(({ id }) => id), ...readings.keys()]);
    const { orphans, ...sums } = reconcile(ids, readings, ofMonth, unfinished);
    if (orphans > 0) {
      remarks.push(
        `${orphans} receipts name readings of counters that are not in this month's record: from before it, or kept no longer; they are left out.`,
      );
    }
    const reasons = new Set(sums.rows.map(({ reason }) => reason));
    const isUnexplained = reasons.has("unexplained") || reasons.has("counterLost");
    const agrees = [...reasons].every((reason) => reason === "none");
    const verdict = isUnexplained ? "unexplained" : agrees ? "agrees" : "explained";
    return { tenant: name, month, node, at, ...sums, remarks, verdict };
  }

  /** Reads a token's counters now, so that its last uses lie between two readings. */
  async function close(token: Token, remarks: string[]): Promise<void> {
    try {
      await meter.read(token);
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      remarks.push(
        `The counters of ${token.id} cannot be read now, so uses since its last reading are left out: ${error.message}`,
      );
    }
  }

  return {
    handlers: {
      Statement: (call, name, month) => statement(name, month, call.signal),
      async Usage(call, name, key, days) {
        const { token } = await keys.find(name, key);
        const today = now();
        const from = new Date(Date.parse(dayOf(today)) - (days - 1) * 24 * hourMs).toISOString();
        const span = { tenant: name, from, signal: call.signal };
        const readings = readingsIn(await readingEntries(ask, span)).get(token.id) ?? [];
        const { latest, unknown } = await latestOf(token, readings, today);
        return { days: usageOf(key, [...readings, ...latest], { from, days }), unknown };
      },
    },
  };

  /** What was used since the newest reading; nobody waits for that. */
  async function latestOf(token: Token, readings: readonly Reading[], at: Date) {
    if (readings.length === 0) return { latest: [], unknown: "" };
    try {
      const counted = await meter.glance(token);
      const place = { token: token.id, reading: at.toISOString(), first: false, restarts: 0 };
      return { latest: [{ ...place, counted }], unknown: "" };
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      return { latest: [], unknown: error.message };
    }
  }
}

/** A token's readings of the month and the next one; none where it has no period in it. */
function withinMonth(
  token: string,
  list: readonly Reading[],
  to: string,
): [string, readonly Reading[]][] {
  const after = list.findIndex(({ reading }) => reading >= to);
  const own = after < 0 ? list : list.slice(0, after + 1);
  return own[0] !== undefined && own[0].reading < to ? [[token, own]] : [];
}

function spanOf(month: string): { from: string; to: string } {
  const [year = 0, number = 0] = month.split("-").map(Number);
  const from = new Date(Date.UTC(year, number - 1, 1)).toISOString();
  return { from, to: new Date(Date.UTC(year, number, 1)).toISOString() };
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}
