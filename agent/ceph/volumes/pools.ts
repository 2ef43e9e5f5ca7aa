/**
 * Pools for volumes: one for each jurisdiction, class and kind, with a placement rule that takes the
 * bucket of the jurisdiction alone. What is there and is not as made here is used for nothing.
 */
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import type { Ceph } from "../link/types.ts";
import type { Change } from "../residency/changes.ts";
import type { JurisdictionMap } from "../residency/map/document.ts";
import { poolName, redundancyOf, ruleName, type StorageClass } from "./classes.ts";
import type { VolumeKindName } from "./kinds/names.ts";
import { bucketOf, isAsMade, requireRoom } from "./places.ts";
import type { CrushBucket, CrushRule, CrushTree } from "./question.ts";

const poolsSchema = v.array(
  v.object({
    pool_name: v.string(),
    pool_id: v.optional(v.number()),
    flags_names: v.optional(v.string(), ""),
    crush_rule: v.number(),
    size: v.number(),
    min_size: v.number(),
    tier_of: v.optional(v.number(), -1),
    read_tier: v.optional(v.number(), -1),
    write_tier: v.optional(v.number(), -1),
    application_metadata: v.optional(v.record(v.string(), v.record(v.string(), v.string())), {}),
  }),
);
export type Pool = v.InferOutput<typeof poolsSchema>[number];

export interface PoolsParts {
  ceph: Pick<Ceph, "mon">;
  /** The CRUSH tree as the cluster has it now. @throws DsecosError */
  crush: () => Promise<CrushTree>;
  /** The map that holds now. @throws DsecosError where there is none */
  map: () => Promise<Pick<JurisdictionMap, "buckets">>;
  /** What speaks against changes by where data must be; empty where nothing does. */
  breaches: (changes: readonly Change[]) => Promise<string[]>;
  /** Puts on record what is about to be made. */
  record: (action: string, object: string, details: Record<string, unknown>) => Promise<void>;
}

/** What was read for one round, so that a thousand volumes ask for it once. */
export interface PoolFacts {
  map: Pick<JurisdictionMap, "buckets">;
  crush: CrushTree;
  pools: Pool[];
}

export interface Place {
  pool: string;
  /** The pool as it was read; undefined where it was made just now. */
  before: Pool | undefined;
  /** Of the jurisdiction, which the pool's rule takes. */
  bucket: CrushBucket;
  facts: PoolFacts;
}

export class Pools {
  readonly #parts: PoolsParts;
  #facts: Promise<PoolFacts> | undefined;
  /** By pool; so that one is made once. */
  readonly #ready = new Map<string, Promise<Place>>();
  /** By rule; kinds share them. */
  readonly #rules = new Map<string, Promise<CrushRule | undefined>>();

  constructor(parts: PoolsParts) {
    this.#parts = parts;
  }

  /** Whatever is asked next is asked of the cluster. */
  forget(): void {
    this.#facts = undefined;
    this.#ready.clear();
    this.#rules.clear();
  }

  /** Makes what is missing. @throws Conflict where data may not be placed there, with why */
  ready(jurisdiction: string, storageClass: StorageClass, kind: VolumeKindName): Promise<Place> {
    const name = poolName(jurisdiction, storageClass, kind);
    const known = this.#ready.get(name);
    if (known !== undefined) return known;
    const place = this.#make(jurisdiction, storageClass, name);
    this.#ready.set(name, place);
    return place;
  }

  async #make(jurisdiction: string, storageClass: StorageClass, pool: string): Promise<Place> {
    const facts = await this.#known();
    try {
      return await this.#makeBy(facts, jurisdiction, storageClass, pool);
    } catch (error) {
      // Another round, or another node, may have made it since they were read.
      if (facts.pools.some(({ pool_name }) => pool_name === pool)) throw error;
      const newer = await this.#read();
      if (!newer.pools.some(({ pool_name }) => pool_name === pool)) throw error;
      this.#rules.delete(ruleName(jurisdiction, storageClass));
      return await this.#makeBy(newer, jurisdiction, storageClass, pool);
    }
  }

  async #makeBy(
    facts: PoolFacts,
    jurisdiction: string,
    storageClass: StorageClass,
    pool: string,
  ): Promise<Place> {
    const { ceph, record } = this.#parts;
    const { map, crush, pools } = facts;
    const redundancy = redundancyOf[storageClass];
    const bucket = bucketOf(crush, map, jurisdiction);
    requireRoom(crush, bucket, jurisdiction, redundancy);
    const name = ruleName(jurisdiction, storageClass);
    const { copies, least, domain } = redundancy;
    const before = pools.find(({ pool_name }) => pool_name === pool);
    if (before === undefined) {
      const isRuled = crush.rules.some(({ rule_name }) => rule_name === name);
      const makeRule: Change = { act: "makeRule", rule: name, bucket: bucket.name, domain };
      const allowed = [jurisdiction];
      await this.#requireStays([
        ...(isRuled ? [] : [makeRule]),
        { act: "makePool", pool, rule: name, copies, allowed },
      ]);
    }
    const rule = await this.#rule(name, crush, bucket, domain);
    if (before === undefined) {
      await record("ceph.PoolMade", pool, { rule: name, copies, least });
      const args = { pool, pool_type: "replicated", rule: name, size: copies };
      await ceph.mon("osd pool create", args);
    } else if (!isPoolAsMade(before, rule, redundancy)) {
      const what = `The pool ${pool} does not have the placement rule ${name}, ${copies} copies, or has a cache; put it right before volumes lie there.`;
      throw new DsecosError("Conflict", what);
    }
    if (before?.min_size !== least) {
      await ceph.mon("osd pool set", { pool, var: "min_size", val: String(least) });
    }
    return { pool, before, bucket, facts };
  }

  /** @throws Conflict where data would not stay where it must */
  async #requireStays(changes: readonly Change[]): Promise<void> {
    const [why] = await this.#parts.breaches(changes);
    if (why !== undefined) throw new DsecosError("Conflict", why);
  }

  /** @returns undefined where it was made just now */
  #rule(
    name: string,
    crush: CrushTree,
    bucket: CrushBucket,
    domain: string,
  ): Promise<CrushRule | undefined> {
    const known = this.#rules.get(name);
    if (known !== undefined) return known;
    const making = this.#makeRule(name, crush, bucket, domain);
    this.#rules.set(name, making);
    return making;
  }

  async #makeRule(
    name: string,
    crush: CrushTree,
    bucket: CrushBucket,
    domain: string,
  ): Promise<CrushRule | undefined> {
    const { ceph, record } = this.#parts;
    const found = crush.rules.find(({ rule_name }) => rule_name === name);
    if (found === undefined) {
      await record("ceph.RuleMade", name, { bucket: bucket.name, domain });
      const args = { name, root: bucket.name, type: domain };
      await ceph.mon("osd crush rule create-replicated", args);
    } else if (!isAsMade(found, bucket, domain)) {
      const what = `The placement rule ${name} does not place one copy in each ${domain} of ${bucket.name}; put it right or remove it, so that it is made anew.`;
      throw new DsecosError("Conflict", what);
    }
    return found;
  }

  #known(): Promise<PoolFacts> {
    this.#facts ??= this.#read();
    return this.#facts;
  }

  async #read(): Promise<PoolFacts> {
    const { ceph, crush: tree, map } = this.#parts;
    const [signed, crush, pools] = await Promise.all([
      map(),
      tree(),
      ceph.mon("osd pool ls", { detail: "detail" }),
    ]);
    return { map: signed, crush, pools: v.parse(poolsSchema, pools) };
  }
}

function isPoolAsMade(
  pool: Pool,
  rule: CrushRule | undefined,
  { copies }: { copies: number },
): boolean {
  const tiers = [pool.tier_of, pool.read_tier, pool.write_tier];
  return (
    pool.crush_rule === rule?.rule_id && pool.size === copies && tiers.every((tier) => tier === -1)
  );
}
