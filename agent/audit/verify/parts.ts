/** The parts of a log in their order: segments, and tombstones of those that were removed. */
import { canonical } from "../canonical.ts";
import { bundleEvents, chainBytes, segmentEvents } from "../segments/format.ts";
import { fromHex } from "../tlog/base64.ts";
import { type FileRef, OpenFile, readWhole } from "./files.ts";
import type { Findings } from "./findings.ts";
import type { ToldEvent } from "./job.ts";
import { isTime } from "./payload.ts";

const folder = "log/";
const digits = /^log\/([0-9]{20})\.(segz|seg|gone)$/;
const mostTombstone = 1 << 16;

export interface Part {
  first: number;
  state: "open" | "closed" | "gone";
  ref: FileRef;
}

const stateOf = { seg: "open", segz: "closed", gone: "gone" } as const;
/** A crash may leave a part in two states; the later one counts. */
const order = ["open", "closed", "gone"];

/** @returns oldest first */
export function partsOf(files: ReadonlyMap<string, FileRef>, findings: Findings): Part[] {
  const parts = new Map<number, Part>();
  for (const ref of files.values()) {
    if (!ref.path.startsWith(folder)) continue;
    const [, name = "", ending] = digits.exec(ref.path) ?? [];
    const first = Number(name);
    if (ending === undefined || !Number.isSafeInteger(first) || first % bundleEvents !== 0) {
      if (!/\.(segz?|gone)$/.test(ref.path)) continue;
      const text = "This cannot be the name of a segment.";
      findings.add({ code: "structure.segment", file: ref.path, text });
      continue;
    }
    const state = stateOf[ending as keyof typeof stateOf];
    const known = parts.get(first);
    if (known === undefined || order.indexOf(state) > order.indexOf(known.state)) {
      parts.set(first, { first, state, ref });
    }
  }
  return [...parts.values()].sort((a, b) => a.first - b.first);
}

/**
 * Chain value that an open or closed segment seems to end with, latin1, read where it would stand.
 * @returns nothing when it cannot be told.
 */
export function endOf({ state, ref }: Part, directoryEnd: number): string {
  const file = new OpenFile(ref);
  try {
    const end = state === "open" ? ref.size : ref.size - directoryEnd;
    return file.bytes(Math.max(0, end - chainBytes), chainBytes).toString("latin1");
  } finally {
    file.close();
  }
}

export interface Tombstone {
  first: number;
  count: number;
  chainBefore: string;
  chainAfter: string;
  firstTime: string;
  lastTime: string;
  days: number;
}

/** @returns undefined for what is none; that is told. */
export function readTombstone({ first, ref }: Part, findings: Findings): Tombstone | undefined {
  const text = readWhole(ref, mostTombstone).toString("utf8").replace(/\n$/, "");
  const value = parsed(text);
  const { count, chainBefore, chainAfter, firstTime, lastTime, days } = value ?? {};
  const fits =
    value !== undefined &&
    canonical(value) === text &&
    value.first === first &&
    Object.keys(value).length === 7 &&
    typeof count === "number" &&
    Number.isSafeInteger(count) &&
    count >= bundleEvents &&
    count % bundleEvents === 0 &&
    (first % segmentEvents) + count <= segmentEvents &&
    isChain(chainBefore) &&
    isChain(chainAfter) &&
    typeof firstTime === "string" &&
    typeof lastTime === "string" &&
    isTime(firstTime) &&
    isTime(lastTime) &&
    typeof days === "number";
  if (fits) return value as unknown as Tombstone;
  const told = "This is no tombstone of a segment.";
  findings.add({ code: "structure.segment", file: ref.path, first, text: told });
  return undefined;
}

function isChain(value: unknown): boolean {
  return typeof value === "string" && fromHex(value, chainBytes) !== undefined;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const dayMs = 86_400_000;

/**
 * Each tombstone has an event that tells the same. One that was removed by retention itself cannot
 * be asked for: that is so when what was removed reaches to where the event must have stood.
 */
export function checkTombstones(
  tombstones: readonly (Tombstone & { file: string })[],
  told: readonly ToldEvent[],
  findings: Findings,
): void {
  const events = told
    .filter(({ action }) => action === "audit.Retention")
    .map(({ details }) => details);
  const removedUntil = Math.max(...tombstones.map(({ lastTime }) => Date.parse(lastTime)));
  for (const { file, ...tombstone } of tombstones) {
    const { first, count, days, lastTime } = tombstone;
    const event = events.findLast((details) => details?.first === first);
    const last = first + count - 1;
    if (event !== undefined) {
      if (canonical(event) === canonical(tombstone)) continue;
      const text = "The event that tells of this removal tells something else.";
      findings.add({ code: "tombstone.event", file, first, last, text });
    } else if (removedUntil < Date.parse(lastTime) + days * dayMs) {
      const text = "No event tells that retention removed these events.";
      findings.add({ code: "tombstone.event", file, first, last, text });
    }
  }
}
