/**
 * What placement is computed from: the CRUSH map, as `ceph osd crush dump -f json` prints it. What the
 * computation does not know is refused here or where the rule is walked, never guessed.
 */
import * as v from "valibot";

/** What is there is not computed by this version; says what. */
export class NotComputed extends Error {}

const whole = v.pipe(v.number(), v.safeInteger());

const bucketSchema = v.object({
  id: whole,
  name: v.string(),
  type_id: whole,
  type_name: v.string(),
  weight: whole,
  alg: v.string(),
  hash: v.string(),
  items: v.array(v.object({ id: whole, weight: whole })),
});
export type BucketOfDump = v.InferOutput<typeof bucketSchema>;

const stepSchema = v.object({
  op: v.optional(v.string(), ""),
  num: v.optional(whole, 0),
  type: v.optional(v.string(), ""),
  item: v.optional(whole),
});

const ruleSchema = v.object({
  rule_id: whole,
  rule_name: v.string(),
  type: whole,
  ruleset: v.optional(whole),
  min_size: v.optional(whole, 1),
  max_size: v.optional(whole, 255),
  steps: v.array(stepSchema),
});
export type RuleOfDump = v.InferOutput<typeof ruleSchema>;

const overridesSchema = v.array(
  v.object({
    bucket_id: whole,
    weight_set: v.optional(v.array(v.array(v.number()))),
    ids: v.optional(v.array(whole)),
  }),
);

const dumpSchema = v.object({
  devices: v.array(v.object({ id: whole, class: v.optional(v.string()) })),
  types: v.array(v.object({ type_id: whole, name: v.string() })),
  buckets: v.array(bucketSchema),
  rules: v.array(ruleSchema),
  tunables: v.object({
    choose_local_tries: whole,
    choose_local_fallback_tries: whole,
    choose_total_tries: whole,
    chooseleaf_descend_once: whole,
    chooseleaf_vary_r: whole,
    chooseleaf_stable: whole,
  }),
  choose_args: v.optional(v.record(v.string(), overridesSchema), {}),
});
export type CrushDump = v.InferOutput<typeof dumpSchema>;

export interface Bucket {
  id: number;
  type: number;
  /** Why it cannot be chosen from; empty where it can. */
  problem: string;
  items: Int32Array;
  /** In units of 1/65536, by item. */
  weights: Float64Array;
}

/** What replaces a bucket's weights or the numbers its items are hashed by. */
export interface Override {
  /** By position in what is chosen, the last for all after it; then by item. */
  weights: Float64Array[];
  ids: Int32Array | undefined;
}

export interface CrushMap {
  types: ReadonlyMap<string, number>;
  buckets: ReadonlyMap<number, Bucket>;
  rules: ReadonlyMap<number, RuleOfDump>;
  tunables: CrushDump["tunables"];
  /** By id of a pool, or -1 for all that have none of their own; then by bucket. */
  overrides: ReadonlyMap<number, ReadonlyMap<number, Override>>;
}

const fixedPoint = 65_536;

/** @throws NotComputed */
export function readDump(dump: unknown): CrushDump {
  const result = v.safeParse(dumpSchema, dump);
  if (result.success) return result.output;
  const place = v.getDotPath(result.issues[0]) ?? "its top level";
  throw new NotComputed(`the CRUSH map is of another form than is known (${place})`);
}

/** @throws NotComputed */
export function crushMap(dump: CrushDump): CrushMap {
  const { choose_local_tries, choose_local_fallback_tries } = dump.tunables;
  if (choose_local_tries !== 0 || choose_local_fallback_tries !== 0) {
    throw new NotComputed("the CRUSH map has tunables from before Ceph 0.55 (bobtail)");
  }
  const buckets = new Map(dump.buckets.map((bucket) => [bucket.id, bucketOf(bucket)]));
  return {
    types: new Map(dump.types.map(({ name, type_id }) => [name, type_id])),
    buckets,
    rules: new Map(dump.rules.map((rule) => [rule.rule_id, rule])),
    tunables: dump.tunables,
    overrides: new Map(
      Object.entries(dump.choose_args).map(([pool, args]) => [
        Number(pool),
        overridesOf(args, buckets),
      ]),
    ),
  };
}

function bucketOf({ id, name, type_id, alg, hash, items }: BucketOfDump): Bucket {
  const known = alg === "straw2" && hash === "rjenkins1";
  return {
    ...{ id, type: type_id },
    problem: known ? "" : `bucket ${name} chooses by ${alg} with ${hash}`,
    items: Int32Array.from(items, (item) => item.id),
    weights: Float64Array.from(items, (item) => item.weight),
  };
}

function overridesOf(
  args: v.InferOutput<typeof overridesSchema>,
  buckets: CrushMap["buckets"],
): Map<number, Override> {
  for (const { bucket_id, weight_set = [], ids = [] } of args) {
    const count = buckets.get(bucket_id)?.items.length;
    const isFitting = (list: readonly number[]) => count === undefined || list.length === count;
    if (!weight_set.every(isFitting) || (ids.length > 0 && !isFitting(ids))) {
      throw new NotComputed(`what replaces weights of bucket ${bucket_id} is not of its size`);
    }
  }
  return new Map(
    args.map(({ bucket_id, weight_set = [], ids }) => [
      bucket_id,
      {
        weights: weight_set.map((weights) =>
          Float64Array.from(weights, (weight) => Math.round(weight * fixedPoint)),
        ),
        ids: ids === undefined || ids.length === 0 ? undefined : Int32Array.from(ids),
      },
    ]),
  );
}
