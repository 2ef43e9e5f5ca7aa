/**
 * Snapshots of a WORM file volume: how often they are taken, and how they are named. A name says when
 * it was taken and until when it is kept, so that what is declared later shortens nothing. Imports
 * nothing from node:, since the pages use it too.
 */

const hourSeconds = 3600;
export const daySeconds = 24 * hourSeconds;
/** Of Ceph's 100 for a directory (`mds_max_snaps_per_dir`) so many are those of the schedule. */
const mostScheduled = 80;
/** And so many those that somebody asked for. */
export const mostAsked = 15;
const rarestHours = 7 * 24;

/** With more days a snapshot would be taken less than once a week, which holds next to nothing. */
export const mostSnapshotDays = Math.floor((rarestHours * mostScheduled) / 24);

/**
 * Each hour, where that is no more snapshots than a directory may have; else as often as it may.
 * @param days that each is kept
 * @returns hours between two
 */
export const everyHours = (days: number) => Math.max(1, Math.ceil((days * 24) / mostScheduled));

export interface Snapshot {
  name: string;
  /** When it was taken, in seconds since 1970. */
  at: number;
  /** Until when it is kept, in seconds since 1970. */
  until: number;
}

const pattern = /^dsecos-(\d{8}T\d{6}Z)-until-(\d{8}T\d{6}Z)$/;

/** @param at seconds since 1970 */
export function snapshotOf(at: number, days: number): Snapshot {
  const until = at + days * daySeconds;
  return { name: `dsecos-${stamp(at)}-until-${stamp(until)}`, at, until };
}

/** @returns undefined for a name that is not one of ours */
export function parseSnapshot(name: string): Snapshot | undefined {
  const [, from = "", to = ""] = pattern.exec(name) ?? [];
  const [at, until] = [secondsOf(from), secondsOf(to)];
  return Number.isNaN(at) || Number.isNaN(until) ? undefined : { name, at, until };
}

/** What the schedule takes has the same name on every node, since it is of a whole minute. */
export const scheduledAt = (now: number) => now - (now % 60);
/** What somebody asks for is never of a whole minute, so that both can be told apart. */
export const askedAt = (now: number) => (now % 60 === 0 ? now - 1 : now);
export const wasAsked = ({ at }: Snapshot) => at % 60 !== 0;

/** @param seconds since 1970 @returns as on the page, RFC 3339 */
export const timeOf = (seconds: number) => new Date(seconds * 1000).toISOString();
export const dayOf = (seconds: number) => timeOf(seconds).slice(0, 10);

const stamp = (seconds: number) => timeOf(seconds).replace(/[-:]|\.\d+/g, "");

function secondsOf(text: string): number {
  const iso = text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z");
  return Date.parse(iso) / 1000;
}
