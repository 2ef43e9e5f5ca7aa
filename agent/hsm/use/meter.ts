/**
 * Holds uses of a token against the driver's counters. Before the first use of a token since the
 * agent started, and before the first of each day, its counters are read, alone, and put on record:
 * so each use lies between two readings, and each day's uses are those of its readings. A token that
 * nobody uses costs nothing.
 */
import type { AuditWriter } from "../../audit/types.ts";
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import { Gate } from "../driver/host/gate.ts";
import { asking } from "../errors.ts";
import type { Keys, Token } from "../parts.ts";
import { namesOf } from "./counters.ts";
import { type Counted, type ReadingPart, readingAction } from "./receipt.ts";

/** Rows of one entry, so that it stays below the log's bound for details. */
const rowsPerEntry = 50;

/** NIST SP 800-38D, section 8.3: so many encryptions under one key with random ivs. */
export const mostEncryptions = 2 ** 32;
/** Operations that encrypt under the key itself. */
const encrypting: ReadonlySet<string> = new Set(["encrypt", "dataKeys"]);

interface State {
  readonly gate: Gate;
  /** Id of the newest reading; empty before the first. */
  reading: string;
  /** Encryptions by object: what the counters said, and what was begun since. */
  encryptions: Map<string, number>;
}

export interface MeterParts {
  audit: AuditWriter;
  keys: Pick<Keys, "list">;
  log: Log;
  now?: () => number;
}

export class Meter {
  readonly #parts: MeterParts;
  readonly #states = new Map<string, State>();

  constructor(parts: MeterParts) {
    this.#parts = parts;
  }

  /**
   * Begins a use of the token; `work` gets the name of the reading before it.
   * @throws DsecosError Unavailable where counters cannot be read or not be put on record
   */
  async during<T>(token: Token, work: (reading: string) => Promise<T>): Promise<T> {
    const state = this.#stateOf(token);
    for (;;) {
      await state.gate.enter();
      // Of a clock that was set back, the day of the newest reading goes on.
      if (state.reading.slice(0, 10) >= this.#time().slice(0, 10)) break;
      state.gate.leave();
      await this.#readOnce(token, state, state.reading);
    }
    try {
      return await work(state.reading);
    } finally {
      state.gate.leave();
    }
  }

  /** Reads the counters now, and puts them on record. @returns what they say */
  read(token: Token): Promise<Counted[]> {
    const state = this.#stateOf(token);
    return state.gate.alone(() => this.#read(token, state));
  }

  /** What the counters say now, while uses go on; nothing goes on record. */
  async glance(token: Token): Promise<Counted[]> {
    return this.#counted(token);
  }

  /** Of the newest reading; empty where there is none since the agent started. */
  newest(token: Token): string {
    return this.#stateOf(token).reading;
  }

  /**
   * Takes note that so many encryptions under an AES key begin.
   * @throws DsecosError Conflict where it had as many as a key may have
   */
  encrypting(token: Token, object: string, count: number): void {
    const { encryptions } = this.#stateOf(token);
    const after = (encryptions.get(object) ?? 0) + count;
    if (after > mostEncryptions) {
      const what =
        "This version of the key encrypted 2^32 times, which is as often as is safe with AES-GCM; rotate the key, its older versions still decrypt.";
      throw new DsecosError("Conflict", what);
    }
    encryptions.set(object, after);
  }

  /** Of those who wait for the same reading, one takes it. */
  #readOnce(token: Token, state: State, before: string): Promise<unknown> {
    return state.gate.alone(async () => {
      if (state.reading === before) await this.#read(token, state);
    });
  }

  async #read(token: Token, state: State): Promise<Counted[]> {
    const counted = await this.#counted(token);
    const reading = this.#time(state.reading);
    const parts = Math.max(1, Math.ceil(counted.length / rowsPerEntry));
    const { restarts } = token.driver.status();
    const shared = { reading, token: token.id, first: state.reading === "", restarts, parts };
    for (let part = 0; part < parts; part += 1) {
      const rows = counted.slice(part * rowsPerEntry, (part + 1) * rowsPerEntry);
      const details: ReadingPart = { ...shared, part, counted: rows };
      await this.#parts.audit.append({
        ...{ action: readingAction, outcome: "note", actor: "agent" },
        uid: process.getuid?.() ?? 0,
        ...(token.tenant === "" ? {} : { tenant: token.tenant }),
        object: token.id,
        details,
      });
    }
    state.reading = reading;
    state.encryptions = new Map(
      counted.map(({ object, uses }) => [
        object,
        Object.entries(uses)
          .filter(([operation]) => encrypting.has(operation))
          .reduce((sum, [, count]) => sum + count, 0),
      ]),
    );
    return counted;
  }

  async #counted(token: Token): Promise<Counted[]> {
    const asked = { driver: token.driver.name, token: token.id };
    const all = await asking(asked, () => token.driver.counters());
    const objects = Object.entries(all[token.label] ?? {});
    const names = await this.#names(token);
    return objects.map(([object, uses]) => {
      const { key, version } = names.get(object) ?? { key: "", version: 0 };
      return { key, version, object, uses: { ...uses } };
    });
  }

  /** Where records cannot be read now, counters still can, and are on record by object. */
  async #names(token: Token) {
    if (token.tenant === "") return namesOf([]);
    try {
      const found = await this.#parts.keys.list(token.tenant);
      return namesOf(found.map(({ record }) => record));
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      const facts = { token: token.id, error: explain(error) };
      this.#parts.log("warning", "counters are read without names of keys", facts);
      return namesOf([]);
    }
  }

  #stateOf({ id }: Token): State {
    const known = this.#states.get(id);
    if (known !== undefined) return known;
    const state: State = { gate: new Gate(), reading: "", encryptions: new Map() };
    this.#states.set(id, state);
    return state;
  }

  /** Later than `after`, should the clock have been set back or have stood still. */
  #time(after = ""): string {
    const now = new Date((this.#parts.now ?? Date.now)()).toISOString();
    return now > after ? now : new Date(Date.parse(after) + 1).toISOString();
  }
}
