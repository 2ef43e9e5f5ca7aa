/** What the index holds of an event. */
import { outcomes, sources } from "../entry.ts";

export interface Fields {
  /** Milliseconds since 1970. */
  time: number;
  action: string;
  actor: string;
  source: number;
  outcome: number;
  tenant: string | undefined;
  object: string | undefined;
  flow: string | undefined;
}

/** Places in the lists of the contract; one behind them for what is in neither. */
const sourceNumbers = new Map<unknown, number>(sources.map((name, i) => [name, i]));
const outcomeNumbers = new Map<unknown, number>(outcomes.map((name, i) => [name, i]));
const unknownNumber = 7;

export const sourceNumber = (name: unknown): number => sourceNumbers.get(name) ?? unknownNumber;
export const outcomeNumber = (name: unknown): number => outcomeNumbers.get(name) ?? unknownNumber;

/**
 * @param payload undefined for an event that cannot be read
 * @returns what can be made out. A damaged event is for verification to tell of; here it must not
 *   hide the events beside it.
 */
export function fieldsOf(payload: Buffer | undefined): Fields {
  const event = payload === undefined ? {} : (parsed(payload) ?? {});
  return {
    time: millisecondsOf(event.time),
    action: text(event.action) ?? "",
    actor: text(event.actor) ?? "",
    source: sourceNumber(event.source),
    outcome: outcomeNumber(event.outcome),
    tenant: text(event.tenant),
    object: text(event.object),
    flow: text(event.flow),
  };
}

/** @returns undefined for what is no JSON object. */
export function parsed(payload: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(payload.toString("utf8"));
    return typeof value === "object" && value !== null ? (value as never) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

let lastSecond = "";
let lastValue = 0;

/** Events of one second share what is costly. @returns 0 for what is no time. */
export function millisecondsOf(time: unknown): number {
  if (typeof time !== "string") return 0;
  if (time.length !== 24) return Date.parse(time) || 0;
  const second = time.slice(0, 19);
  if (second !== lastSecond) {
    lastValue = Date.parse(`${second}.000Z`) || 0;
    lastSecond = second;
  }
  return lastValue + (Number(time.slice(20, 23)) || 0);
}
