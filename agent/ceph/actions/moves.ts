/** What moves between two placements of all groups. */
import { type Groups, noItem, type PoolOfDump } from "../crush/groups.ts";
import { NotComputed } from "../crush/map.ts";
import type { Load, Loads } from "./load.ts";

type Profiles = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Of a pool's groups, one after the other. */
export interface Placed {
  pool: number;
  type: number;
  size: number;
  /** As many for each group as the pool has copies; -1 where there is none. */
  osds: Int32Array;
  /** What one OSD of each group has of it. */
  bytes: Float64Array;
}

export interface Moves {
  groups: { total: number; moved: number; short: number; belowMinimum: number; unknown: number };
  bytes: number;
  objects: number;
  /** In bytes, by OSD. */
  gains: Map<number, number>;
  loses: Map<number, number>;
}

export const noMoves = (): Moves => ({
  groups: { total: 0, moved: 0, short: 0, belowMinimum: 0, unknown: 0 },
  ...{ bytes: 0, objects: 0, gains: new Map(), loses: new Map() },
});

/** @throws NotComputed */
export function placementOf(groups: Groups, loads: Loads): Placed[] {
  const { pools, erasure_code_profiles } = groups.osdmap;
  return pools.map((pool) => {
    const { pool: id, type, size, pg_num } = pool;
    const share = shareOf(pool, erasure_code_profiles);
    const osds = new Int32Array(size * pg_num).fill(-1);
    for (const [group, found] of groups.ofPool(pool).entries()) {
      osds.set(padded(found, size), group * size);
    }
    const bytes = Float64Array.from(
      { length: pg_num },
      (_, group) => loads.of(pool, nameOf(id, group)).bytes * share,
    );
    return { pool: id, type, size, osds, bytes };
  });
}

/** As Ceph tells the OSDs of a group, in the form that is kept here. */
export function padded(found: readonly number[], size: number): number[] {
  // Somebody can give a group more OSDs by hand than its pool has copies.
  const osds = found.slice(0, size).map((osd) => (osd === noItem ? -1 : osd));
  return [...osds, ...new Array<number>(size - osds.length).fill(-1)];
}

export function groupOf({ size, osds }: Placed, group: number): number[] {
  return [...osds.subarray(group * size, (group + 1) * size)];
}

export const nameOf = (pool: number, group: number) => `${pool}.${group.toString(16)}`;

const replicated = 1;

/** Which OSDs get a copy or a part that they had not, and which lose theirs. */
export function difference(type: number, before: readonly number[], after: readonly number[]) {
  // Copies are all the same, and parts of a code are not.
  const isNew = (osds: readonly number[]) => (osd: number, at: number) =>
    osd >= 0 && (type === replicated ? !osds.includes(osd) : osds[at] !== osd);
  return { gained: after.filter(isNew(before)), lost: before.filter(isNew(after)) };
}

/** How much of a group's data one of its OSDs has. @throws NotComputed */
function shareOf({ type, pool_name, erasure_code_profile }: PoolOfDump, profiles: Profiles) {
  if (type === replicated) return 1;
  const parts = Number(profiles[erasure_code_profile]?.k);
  if (Number.isInteger(parts) && parts > 0) return 1 / parts;
  throw new NotComputed(`it is not known of how many parts data of ${pool_name} is made`);
}

const count = (osds: readonly number[]) => osds.filter((osd) => osd >= 0).length;

export interface Between {
  before: readonly Placed[];
  after: readonly Placed[];
  pools: readonly PoolOfDump[];
  loads: Loads;
  /** Of which nothing is said. */
  isUnknown: (pool: PoolOfDump, pgid: string) => boolean;
}

export function movesBetween({ before, after, pools, loads, isUnknown }: Between): Moves {
  const moves = noMoves();
  for (const [at, pool] of pools.entries()) {
    const [from, to] = [before[at] as Placed, after[at] as Placed];
    moves.groups.total += pool.pg_num;
    for (let group = 0; group < pool.pg_num; group += 1) {
      const pgid = nameOf(pool.pool, group);
      if (isUnknown(pool, pgid)) moves.groups.unknown += 1;
      else {
        const part = { bytes: from.bytes[group] as number, load: () => loads.of(pool, pgid) };
        addMove(moves, pool, groupOf(from, group), groupOf(to, group), part);
      }
    }
  }
  return moves;
}

interface Part {
  /** That one OSD has. */
  bytes: number;
  load: () => Load;
}

function addMove(
  moves: Moves,
  pool: PoolOfDump,
  old: readonly number[],
  next: readonly number[],
  { bytes, load }: Part,
): void {
  const { groups, gains, loses } = moves;
  const { gained, lost } = difference(pool.type, old, next);
  if (gained.length === 0 && lost.length === 0) return;
  groups.moved += 1;
  const [had, has] = [count(old), count(next)];
  if (has < pool.size && has < had) groups.short += 1;
  if (has < pool.min_size && had >= pool.min_size) groups.belowMinimum += 1;
  for (const osd of gained) gains.set(osd, (gains.get(osd) ?? 0) + bytes);
  for (const osd of lost) loses.set(osd, (loses.get(osd) ?? 0) + bytes);
  moves.bytes += bytes * gained.length;
  moves.objects += load().objects * gained.length;
}
