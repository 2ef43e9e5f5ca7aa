import type { Bucket } from "./crush.ts";
import { NotUnderstood } from "./shape.ts";

/**
 * Shadow buckets have no say in where OSDs are, so that each must be a part of a bucket that has. It is
 * found by what is in both, since renaming a bucket leaves its shadows with the old name.
 *
 * @throws NotUnderstood
 */
export function refuseFalseShadows(
  buckets: ReadonlyMap<number, Bucket>,
  parents: ReadonlyMap<number, readonly Bucket[]>,
): void {
  const found = new Map<number, ReadonlySet<Bucket> | undefined>();
  /** @returns buckets of which it may be a part; undefined for one without OSDs, which is of any */
  const basesOf = (shadow: Bucket): ReadonlySet<Bucket> | undefined => {
    if (found.has(shadow.id)) return found.get(shadow.id);
    let bases: Set<Bucket> | undefined;
    for (const item of shadow.items) {
      const of = item >= 0 ? [item] : basesOfItem(item);
      if (of === undefined) continue;
      const above = of
        .flatMap((id) => parents.get(id) ?? [])
        .filter((bucket) => !bucket.shadow && bucket.type === shadow.type);
      const before = bases;
      bases = new Set(before === undefined ? above : above.filter((bucket) => before.has(bucket)));
    }
    if (bases?.size === 0) {
      throw new NotUnderstood(`bucket ${shadow.name} holds what no bucket of its type holds`);
    }
    found.set(shadow.id, bases);
    return bases;
  };
  const basesOfItem = (id: number): number[] | undefined => {
    const inner = buckets.get(id);
    if (inner === undefined) return [];
    if (!inner.shadow) return [id];
    const bases = basesOf(inner);
    return bases === undefined ? undefined : [...bases].map((bucket) => bucket.id);
  };
  for (const bucket of buckets.values()) if (bucket.shadow) basesOf(bucket);
}
