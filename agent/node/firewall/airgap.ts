/**
 * What left this node, by counters of the kernel. A statement is the difference of two readings of the
 * same table; whatever makes readings differ for another reason (rules loaded anew, counters that were
 * reset, a restart, rules that nobody confirmed) is named in it, and then it is not whole.
 */
import type { AuditEntry } from "../../audit/contract.ts";
import type { AuditWriter } from "../../audit/types.ts";
import { explain, type Log } from "../../log.ts";
import type { Statement } from "./answers.ts";
import type { Loaded } from "./nft.ts";

/** Not the name of the member, by which readings are on record. */
export const airGapAction = "node.AirGapFiled";

export const hourMs = 3_600_000;
/** How often the counters are read in between, so that a reset is seen soon. */
const everyMs = 60_000;

export interface AirGapParts {
  readonly audit: AuditWriter;
  readonly log: Log;
  readonly read: () => Promise<Loaded | undefined>;
  /** Why what is loaded is not to be relied on; empty where it is. */
  readonly doubt: (loaded: Loaded) => Promise<string>;
  readonly boot: () => Promise<string>;
  /** The newest statement on record. */
  readonly last: () => Promise<AuditEntry | undefined>;
  readonly now?: () => number;
}

/** Of the last reading. A value that a counter has only now begins at nothing. */
interface Reading {
  at: number;
  boot: string;
  handle: number;
  counters: Map<string, bigint>;
}

const self = { actor: "agent", uid: process.getuid?.() ?? 0 };

export class AirGap {
  readonly #parts: AirGapParts;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #last: Reading | undefined;
  #from = 0;
  readonly #left = new Map<string, bigint>();
  readonly #meanings = new Map<string, string>();
  readonly #gaps = new Set<string>();
  /** What was said of the last failure, which is not said each minute. */
  #trouble = "";
  /** One thing at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: AirGapParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
  }

  /** Goes on where the last statement ended: the kernel counted while no agent ran. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.#everyMinute(), everyMs).unref();
    await this.#inTurn(async () => {
      this.#from = this.#now();
      const entry = await this.#parts.last();
      this.#last = entry && readingOf(entry);
      this.#from = this.#last?.at ?? this.#from;
      await this.#sample();
    });
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** @returns what there is to say since the last statement */
  now(): Promise<Statement> {
    return this.#inTurn(async () => {
      await this.#sample();
      return this.#statement();
    });
  }

  /** Puts the statement on record and begins another. @param why before the hour is over */
  file(why?: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#sample();
      if (why !== undefined) this.#gaps.add(`It ends before the hour, since ${why}.`);
      await this.#file();
    });
  }

  async #everyMinute(): Promise<void> {
    try {
      await this.#inTurn(async () => {
        await this.#sample();
        if (this.#now() - this.#from >= hourMs) await this.#file();
      });
      this.#trouble = "";
    } catch (cause) {
      const error = explain(cause);
      if (error === this.#trouble) return;
      this.#trouble = error;
      this.#parts.log("warning", "what leaves is not counted; it is tried every minute", { error });
    }
  }

  async #file(): Promise<void> {
    const statement = this.#statement();
    const reading = this.#last;
    await this.#parts.audit.append({
      ...{ action: airGapAction, outcome: "note", ...self },
      details: {
        ...statement,
        ...(reading && {
          ...{ boot: reading.boot, handle: reading.handle },
          counters: Object.fromEntries([...reading.counters].map(([k, n]) => [k, String(n)])),
        }),
      },
    });
    this.#from = Date.parse(statement.to);
    this.#left.clear();
    this.#gaps.clear();
  }

  /** Reads the counters and adds what they counted since. */
  async #sample(): Promise<void> {
    const at = this.#now();
    const loaded = await this.#parts.read();
    if (loaded === undefined) {
      this.#gaps.add("No rules of ours were loaded for some of the time.");
      this.#last = undefined;
      return;
    }
    const doubt = await this.#parts.doubt(loaded);
    if (doubt !== "") this.#gaps.add(doubt);
    const boot = await this.#parts.boot();
    const counters = new Map(loaded.counters.map(({ name, packets }) => [name, packets]));
    const base = this.#base({ at, boot, handle: loaded.handle, counters });
    for (const { name, meaning, packets } of loaded.counters) {
      this.#meanings.set(name, meaning);
      this.#left.set(name, (this.#left.get(name) ?? 0n) + packets - (base.get(name) ?? 0n));
    }
    this.#last = { at, boot, handle: loaded.handle, counters };
  }

  /** @returns from where to count; nothing where the counters began anew, which is a gap */
  #base(next: Reading): Map<string, bigint> {
    const last = this.#last;
    const none = new Map<string, bigint>();
    if (last === undefined) {
      this.#gaps.add("Nobody counted before the rules were loaded.");
      return none;
    }
    if (last.boot !== next.boot) {
      this.#gaps.add("The machine was started anew, and its counters began anew.");
      return none;
    }
    if (last.handle !== next.handle) {
      this.#gaps.add("The rules were loaded anew, and their counters began anew.");
      return none;
    }
    const reset = [...last.counters].some(([name, n]) => (next.counters.get(name) ?? 0n) < n);
    if (!reset) return last.counters;
    this.#gaps.add("Somebody reset counters.");
    return none;
  }

  #statement(): Statement {
    const to = Math.max(this.#last?.at ?? 0, this.#now());
    const counted = [...this.#left].filter(([name, n]) => n > 0n && leaves(name));
    const left = Object.fromEntries(counted.map(([name, n]) => [name, String(n)]));
    const refused = String(
      (this.#left.get("out_refused") ?? 0n) + (this.#left.get("pass_refused") ?? 0n),
    );
    const times = { from: new Date(this.#from).toISOString(), to: new Date(to).toISOString() };
    const parts = counted.map(([name, n]) => `${n} ${this.#meanings.get(name) || name}`);
    const except = parts.length > 0 ? ` except: ${parts.join("; ")}` : "";
    const gaps = [...this.#gaps];
    const known = gaps.length > 0 ? "As far as was counted, no" : "No";
    const text =
      this.#left.size > 0
        ? `${known} packet left this node${except}. ${refused} were refused.`
        : "Nothing was counted, so what left is not known.";
    return { ...times, text, whole: gaps.length === 0, gaps, left, refused };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work);
    // Whoever asked is told; the next one goes on anyway.
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** What goes to tenants on this node stays on it. */
function leaves(name: string): boolean {
  if (name === "out_refused" || name === "out_tenants") return false;
  return /^(out|way|tenant_way)_/.test(name);
}

function readingOf({ details = {} }: AuditEntry): Reading | undefined {
  const { to, boot, handle, counters } = details as Record<string, unknown>;
  const isWhole = typeof to === "string" && typeof boot === "string" && typeof handle === "number";
  if (!isWhole || typeof counters !== "object" || counters === null) return undefined;
  const counts = Object.entries(counters as Record<string, string>);
  return {
    ...{ at: Date.parse(to), boot, handle },
    counters: new Map(counts.map(([name, n]) => [name, BigInt(n)])),
  };
}
