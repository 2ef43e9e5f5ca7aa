/**
 * MCS levels of instances. The types keep tenants apart; the two categories of a level keep the
 * instances of one tenant apart: a process reaches what its own categories cover, and no pair covers
 * another pair.
 *
 * Which instance has which level is computed from the list of all instances of the cluster, so every
 * node that sees the same list says the same; nothing is drawn by lot, and nothing is kept beside
 * the instances themselves.
 */
import { choose, rank, unrank } from "./subsets.ts";

/** c0 to c1023, as Debian's policy declares them. */
export const CATEGORIES = 1024;

/** So many different levels there are: pairs of categories, 523,776. */
export const LEVELS = choose(CATEGORIES, 2);

export interface Holder {
  /** Tells the instance from all others of the cluster, for example its UUID. */
  readonly id: string;
  /** The level it has, if any. */
  readonly level?: string;
}

/** @param index from 0 to {@link LEVELS} - 1 @returns for example `s0:c4,c17` */
export function levelAt(index: number): string {
  if (!Number.isSafeInteger(index) || index < 0 || index >= LEVELS)
    throw new RangeError(`${index} is no level: there are ${LEVELS}, from 0`);
  const [low, high] = unrank(index, 2);
  return `s0:c${low},c${high}`;
}

/** @returns the index of a level as {@link levelAt} writes it, or undefined for any other text */
export function indexOf(level: string): number | undefined {
  const match = /^s0:c(\d{1,4}),c(\d{1,4})$/.exec(level);
  if (match === null) return undefined;
  const [low, high] = [Number(match[1]), Number(match[2])];
  if (low >= high || high >= CATEGORIES) return undefined;
  const index = rank([low, high]);
  return levelAt(index) === level ? index : undefined;
}

/**
 * Gives every instance a level that no other has. Whoever has a level keeps it; of two with the same
 * one, which can happen when two nodes start instances at the same moment, the one whose id sorts
 * first does. The others get the lowest levels that are free, in the order of their ids.
 *
 * @returns the level of every id
 * @throws RangeError where there are more instances than levels, or an id is there twice
 */
export function allot(instances: readonly Holder[]): Map<string, string> {
  if (instances.length > LEVELS)
    throw new RangeError(`${instances.length} instances need a level, and there are ${LEVELS}`);
  const ordered = [...instances].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const held = new Set<number>();
  const levels = new Map<string, string>();
  const without: string[] = [];
  let last: string | undefined;
  for (const { id, level } of ordered) {
    if (id === last) throw new RangeError(`two instances have the id ${id}`);
    last = id;
    const index = level === undefined ? undefined : indexOf(level);
    if (index === undefined || held.has(index)) {
      without.push(id);
    } else {
      held.add(index);
      levels.set(id, levelAt(index));
    }
  }
  let next = 0;
  for (const id of without) {
    while (held.has(next)) next += 1;
    levels.set(id, levelAt(next));
    next += 1;
  }
  return levels;
}
