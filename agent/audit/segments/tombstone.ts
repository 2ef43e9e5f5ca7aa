/** What stands in the place of a segment that retention removed. */
import { readFileSync } from "node:fs";
import { canonical } from "../canonical.ts";
import { DamagedLog } from "./frames.ts";

/** Equals the details of its event `audit.Retention`. A type, so that it fits details. */
export type Tombstone = {
  first: number;
  count: number;
  /** Hexadecimal; as in the header of the segment. */
  chainBefore: string;
  /** Hexadecimal; after its last event. */
  chainAfter: string;
  /** When its first and its last frame were committed. */
  firstTime: string;
  lastTime: string;
  /** The policy: events are kept for so many days at least. */
  days: number;
};

export function tombstoneText(tombstone: Tombstone): string {
  return canonical(tombstone);
}

/** @throws DamagedLog for what is no tombstone. */
export function readTombstone(path: string): Tombstone {
  let value: Partial<Tombstone>;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new DamagedLog(`${path} is no JSON`, { cause });
  }
  const numbers = [value?.first, value?.count, value?.days];
  const chains = [value?.chainBefore, value?.chainAfter];
  const fits =
    numbers.every((number) => Number.isSafeInteger(number)) &&
    chains.every((chain) => typeof chain === "string" && /^[0-9a-f]{128}$/.test(chain));
  if (!fits) throw new DamagedLog(`${path} is no tombstone`);
  return value as Tombstone;
}
