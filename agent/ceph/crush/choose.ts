/**
 * Choosing by CRUSH: Weil, Brandt, Miller and Maltzahn, “CRUSH: Controlled, Scalable, Decentralized
 * Placement of Replicated Data” (2006), with straw2 buckets and the tunables up to those of Jewel.
 */
import { hashThree, hashTwo } from "./hash.ts";
import { straws } from "./logarithm.ts";
import { type Bucket, type CrushMap, NotComputed, type Override } from "./map.ts";

/** Stands in the place of an OSD where none was found. */
export const noItem = 2_147_483_647;
/** No try has found one yet. */
const open = 2_147_483_646;
const osdType = 0;
/** A weight that makes an OSD take all that falls on it. */
export const whole = 65_536;

let lengths: Float64Array | undefined;

/** What one descent needs, whichever way it chooses. */
export interface Choice {
  map: CrushMap;
  /** What replaces weights of buckets for this pool. */
  overrides: ReadonlyMap<number, Override> | undefined;
  /** In units of 1/65536, by OSD; those beyond are out. */
  weights: Float64Array;
  /** What is placed. */
  x: number;
  varyR: number;
  stable: boolean;
}

/** How many tries there are in all, and for the OSD below what was chosen. */
export interface Tries {
  total: number;
  leaf: number;
}

/** The item whose straw is the longest: a logarithm below zero, divided by its weight. */
function draw(choice: Choice, bucket: Bucket, r: number, position: number): number {
  if (bucket.problem !== "") throw new NotComputed(bucket.problem);
  lengths ??= straws();
  const { items } = bucket;
  const override = choice.overrides?.get(bucket.id);
  const sets = override?.weights ?? [];
  const weights = sets[Math.min(position, sets.length - 1)] ?? bucket.weights;
  const ids = override?.ids ?? items;
  let best = 0;
  let shortest = Number.POSITIVE_INFINITY;
  for (let at = 0; at < items.length; at += 1) {
    const weight = weights[at] as number;
    if (weight === 0) continue;
    const length = lengths[hashThree(choice.x, ids[at] as number, r) & 65_535] as number;
    // Whole numbers below 2^53, so that only the quotient was rounded, and by one at most.
    let quotient = Math.floor(length / weight);
    if (quotient * weight > length) quotient -= 1;
    if (quotient < shortest) {
      shortest = quotient;
      best = at;
    }
  }
  return items[best] as number;
}

/** Whether an OSD refuses this, by the share that it takes. */
function isOut({ weights, x }: Choice, osd: number): boolean {
  const weight = weights[osd] ?? 0;
  if (weight >= whole) return false;
  return weight === 0 || (hashTwo(x, osd) & 65_535) >= weight;
}

/**
 * One item of the type from a bucket, through those between.
 * @returns undefined where a bucket on the way is empty, null where none can be there
 */
function descend(
  choice: Choice,
  from: Bucket,
  type: number,
  r: number,
  position: number,
): number | undefined | null {
  const { buckets } = choice.map;
  for (let bucket: Bucket = from; ; ) {
    if (bucket.items.length === 0) return undefined;
    const item = draw(choice, bucket, r, position);
    const inner = item < 0 ? buckets.get(item) : undefined;
    if (item < 0 && inner === undefined) throw new NotComputed(`there is no bucket ${item}`);
    if ((inner?.type ?? osdType) === type) return item;
    if (inner === undefined) return null;
    bucket = inner;
  }
}

export interface Wanted {
  type: number;
  count: number;
  /** Whether an OSD below each is wanted. */
  leaves: boolean;
}

/** What was chosen, and the OSDs below where those are wanted. */
interface Chosen {
  items: number[];
  leaves: number[];
}

/**
 * For copies that are all the same: fewer are returned where fewer are found, without gaps.
 * @param most that are returned
 */
export function chooseFirst(
  choice: Choice,
  from: Bucket,
  { type, count, leaves }: Wanted,
  tries: Tries,
  most: number,
): Chosen {
  const chosen: Chosen = { items: [], leaves: [] };
  for (let copy = 0; copy < count && chosen.items.length < most; copy += 1) {
    for (let failures = 0; failures < tries.total; failures += 1) {
      const r = copy + failures;
      const item = descend(choice, from, type, r, chosen.items.length);
      if (item === null) break;
      if (item === undefined || chosen.items.includes(item)) continue;
      if (leaves) {
        const leaf = item < 0 ? leafOf(choice, item, r, tries.leaf, chosen.leaves) : item;
        if (leaf === undefined) continue;
        if (item >= 0 && isOut(choice, item)) continue;
        chosen.leaves.push(leaf);
      } else if (type === osdType && isOut(choice, item)) continue;
      chosen.items.push(item);
      break;
    }
  }
  return chosen;
}

/** An OSD below a bucket that is none of those chosen before. */
function leafOf(
  choice: Choice,
  id: number,
  r: number,
  tries: number,
  before: readonly number[],
): number | undefined {
  const bucket = choice.map.buckets.get(id) as Bucket;
  const base = choice.varyR === 0 ? 0 : r >> (choice.varyR - 1);
  // Before Jewel each copy began where the number of those chosen before says.
  const start = choice.stable ? 0 : before.length;
  for (let failures = 0; failures < tries; failures += 1) {
    const item = descend(choice, bucket, osdType, start + base + failures, before.length);
    if (item === null) return undefined;
    if (item === undefined || before.includes(item) || isOut(choice, item)) continue;
    return item;
  }
  return undefined;
}

/** For parts that are not the same: each keeps its place, and a place may stay empty. */
export function chooseApart(
  choice: Choice,
  from: Bucket,
  { type, count, leaves }: Wanted,
  tries: Tries,
  most: number,
): Chosen {
  const size = Math.min(count, most);
  const items = new Array<number>(size).fill(open);
  const below = new Array<number>(size).fill(open);
  let left = size;
  for (let failures = 0; left > 0 && failures < tries.total; failures += 1) {
    for (let at = 0; at < size; at += 1) {
      if (items[at] !== open) continue;
      const r = at + count * failures;
      const item = descend(choice, from, type, r, 0);
      if (item === null) {
        items[at] = noItem;
        below[at] = noItem;
        left -= 1;
        continue;
      }
      if (item === undefined || items.includes(item)) continue;
      if (leaves) {
        below[at] = item < 0 ? leafApart(choice, item, at, count, r, tries.leaf) : item;
        if (below[at] === noItem) continue;
      }
      if (type === osdType && isOut(choice, item)) continue;
      items[at] = item;
      left -= 1;
    }
  }
  const closed = (all: number[]) => all.map((item) => (item === open ? noItem : item));
  return { items: closed(items), leaves: closed(below) };
}

function leafApart(
  choice: Choice,
  id: number,
  at: number,
  count: number,
  base: number,
  tries: number,
): number {
  const bucket = choice.map.buckets.get(id) as Bucket;
  for (let failures = 0; failures < tries; failures += 1) {
    const item = descend(choice, bucket, osdType, at + base + count * failures, at);
    if (item === null) return noItem;
    if (item !== undefined && !isOut(choice, item)) return item;
  }
  return noItem;
}
