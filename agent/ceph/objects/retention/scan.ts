/** Looks through a bucket for what it holds until when. */
import type { Credentials, S3 } from "../s3.ts";
import { holdOf, type Version, versionsOf } from "./versions.ts";

const dayMs = 86_400_000;

export interface Bounds {
  /** Versions that are listed, at most. */
  versions: number;
  /** Versions that are asked for their hold, at most. */
  asked: number;
  milliseconds: number;
}

export const ownBounds: Bounds = { versions: 50_000, asked: 5_000, milliseconds: 20_000 };

export interface Amount {
  objects: number;
  bytes: number;
}

export interface Scan {
  versions: number;
  asked: number;
  complete: boolean;
  /** By day, `2026-11-22`, on which the hold ends. */
  days: Map<string, Amount>;
  /** Milliseconds since 1970; 0 where nothing is held. */
  last: number;
  free: Amount;
  endable: Amount;
  legal: Amount;
  lost: number;
}

/**
 * @param days that the bucket holds what is written, for versions beyond what is asked for one by one
 * @throws S3Error, DsecosError Unavailable
 */
export async function scanBucket(
  s3: S3,
  credentials: Credentials,
  { bucket, days, now }: { bucket: string; days: number; now: number },
  bounds: Bounds = ownBounds,
): Promise<Scan> {
  const none = () => ({ objects: 0, bytes: 0 });
  const scan: Scan = {
    ...{ versions: 0, asked: 0, complete: true, days: new Map(), last: 0, lost: 0 },
    ...{ free: none(), endable: none(), legal: none() },
  };
  const end = performance.now() + bounds.milliseconds;
  for await (const version of versionsOf(s3, credentials, bucket)) {
    if (scan.versions >= bounds.versions || performance.now() > end) {
      scan.complete = false;
      break;
    }
    if (version.isMarker) continue;
    scan.versions += 1;
    if (scan.asked >= bounds.asked) {
      count(scan, version, version.at + days * dayMs, now);
      continue;
    }
    scan.asked += 1;
    const hold = await holdOf(s3, credentials, bucket, version);
    if (hold === undefined) {
      scan.lost += 1;
      continue;
    }
    if (hold.legal) add(scan.legal, version);
    else if (hold.canBeEnded && hold.until > now) add(scan.endable, version);
    else count(scan, version, hold.until, now);
  }
  return scan;
}

function count(scan: Scan, version: Version, until: number, now: number): void {
  if (until <= now) {
    add(scan.free, version);
    return;
  }
  const day = new Date(until).toISOString().slice(0, 10);
  const amount = scan.days.get(day) ?? { objects: 0, bytes: 0 };
  add(amount, version);
  scan.days.set(day, amount);
  scan.last = Math.max(scan.last, until);
}

function add(amount: Amount, { bytes }: Version): void {
  amount.objects += 1;
  amount.bytes += bytes;
}

/**
 * How many fewer objects are held beyond some day than were before: holds are only ever lengthened, so
 * whatever is missing was removed past S3.
 */
export function missingSince(before: Scan, after: Scan, now: number): number {
  if (!before.complete || !after.complete) return 0;
  const days = [...before.days.keys()].filter((day) => Date.parse(day) > now);
  const beyond = ({ days: all, legal }: Scan, from: string) =>
    [...all].reduce((sum, [day, { objects }]) => (day >= from ? sum + objects : sum), 0) +
    legal.objects;
  return Math.max(0, ...days.map((day) => beyond(before, day) - beyond(after, day)));
}
