/** Where in the CRUSH tree a jurisdiction is, so that a rule can take all of it and nothing else. */
import { DsecosError } from "../../bus/errors.ts";
import type { JurisdictionMap } from "../residency/map/document.ts";
import type { Redundancy } from "./classes.ts";
import type { CrushBucket, CrushRule, CrushTree } from "./question.ts";

/** A bucket and all buckets below it. */
function below(crush: CrushTree, top: number): CrushBucket[] {
  const byId = new Map(crush.buckets.map((bucket) => [bucket.id, bucket]));
  const found = new Map<number, CrushBucket>();
  const look = (id: number) => {
    const bucket = byId.get(id);
    if (bucket === undefined || found.has(id)) return;
    found.set(id, bucket);
    for (const inner of bucket.below) look(inner);
  };
  look(top);
  return [...found.values()];
}

/**
 * The one bucket that has all of a jurisdiction and nothing of another.
 * @throws Conflict where there is none, with what to do
 */
export function bucketOf(
  crush: CrushTree,
  { buckets }: Pick<JurisdictionMap, "buckets">,
  jurisdiction: string,
): CrushBucket {
  const own = buckets.filter((bucket) => bucket.jurisdiction === jurisdiction);
  for (const { id, name } of own) {
    const isThere = crush.buckets.some((bucket) => bucket.id === id && bucket.name === name);
    if (isThere) continue;
    const what = `The map of jurisdictions names the bucket ${name} (${id}), which the cluster does not have; have a map signed that fits the cluster.`;
    throw new DsecosError("Conflict", what);
  }
  const isBelowAnother = ({ id }: { id: number }) =>
    own.some((other) => other.id !== id && below(crush, other.id).some((each) => each.id === id));
  const [top, ...more] = own.filter((bucket) => !isBelowAnother(bucket));
  if (top === undefined) {
    const what = `No part of the cluster is known to be in ${jurisdiction}; have a map of jurisdictions signed that names its CRUSH bucket.`;
    throw new DsecosError("Conflict", what);
  }
  if (more.length > 0) {
    const names = [top, ...more].map(({ name }) => name).join(", ");
    const what = `${jurisdiction} has several CRUSH buckets (${names}); put them below one of their own, since a placement rule takes one.`;
    throw new DsecosError("Conflict", what);
  }
  const inside = below(crush, top.id);
  const foreign = buckets.find(
    (bucket) => bucket.jurisdiction !== jurisdiction && inside.some(({ id }) => id === bucket.id),
  );
  if (foreign !== undefined) {
    const what = `${foreign.name}, which is in ${foreign.jurisdiction}, lies below ${top.name} of ${jurisdiction}; move it out before data is placed there.`;
    throw new DsecosError("Conflict", what);
  }
  return crush.buckets.find(({ id }) => id === top.id) as CrushBucket;
}

/** @throws Conflict where a jurisdiction has not as many hosts or sites as there are copies */
export function requireRoom(
  crush: CrushTree,
  bucket: CrushBucket,
  jurisdiction: string,
  { copies, domain }: Redundancy,
): void {
  const found = below(crush, bucket.id).filter(
    ({ type_name, isEmpty }) => type_name === domain && !isEmpty,
  ).length;
  if (found >= copies) return;
  const kind = domain === "host" ? "hosts" : "sites";
  const what = `${jurisdiction} has ${found} ${kind} with storage, and ${copies} copies need as many; choose a class with fewer, or add ${kind}.`;
  throw new DsecosError("Conflict", what);
}

/** Whether a rule does what one of ours does: one copy in each of the domains of this bucket. */
export function isAsMade({ steps }: CrushRule, bucket: CrushBucket, domain: string): boolean {
  const acting = steps.filter(({ op }) => !op.startsWith("set_"));
  const [take, choose, emit] = acting;
  return (
    acting.length === 3 &&
    take?.op === "take" &&
    take.item === bucket.id &&
    choose?.op === "chooseleaf_firstn" &&
    choose.num === 0 &&
    choose.type === domain &&
    emit?.op === "emit"
  );
}

/** Whether all that a rule takes lies in a bucket. */
export function staysIn(crush: CrushTree, { steps }: CrushRule, bucket: CrushBucket): boolean {
  const inside = new Set(below(crush, bucket.id).map(({ id }) => id));
  const taken = steps.filter(({ op }) => op === "take");
  return taken.length > 0 && taken.every(({ item }) => item !== undefined && inside.has(item));
}
