/**
 * Pools for file volumes: one for each jurisdiction and class, with a placement rule that takes the
 * bucket of the jurisdiction alone. What is there and is not as made here is used for nothing.
 */
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import type { Ceph } from "../link/types.ts";
import type { JurisdictionMap } from "../residency/map/document.ts";
import { filePoolName, redundancyOf, ruleName, type StorageClass } from "./classes.ts";
import {
  bucketOf,
  type CrushDump,
  isAsMade,
  parseCrush,
  type Rule,
  requireRoom,
  staysIn,
} from "./places.ts";

const poolsSchema = v.array(
  v.object({
    pool_name: v.string(),
    crush_rule: v.number(),
    size: v.number(),
    min_size: v.number(),
    tier_of: v.optional(v.number(), -1),
    read_tier: v.optional(v.number(), -1),
    write_tier: v.optional(v.number(), -1),
  }),
);
type Pool = v.InferOutput<typeof poolsSchema>[number];

const fileSystemsSchema = v.array(
  v.object({ name: v.string(), metadata_pool: v.string(), data_pools: v.array(v.string()) }),
);
export type FileSystem = v.InferOutput<typeof fileSystemsSchema>[number];

/** Name of the file system that is ours where a cluster has several. */
const ownFileSystem = "dsecos";

export interface PoolsParts {
  ceph: Pick<Ceph, "mon">;
  /** The map that holds now. @throws DsecosError where there is none */
  map: () => Promise<Pick<JurisdictionMap, "buckets">>;
  /** Puts on record what is about to be made. */
  record: (action: string, object: string, details: Record<string, unknown>) => Promise<void>;
}

export interface Place {
  fileSystem: string;
  pool: string;
  caveat: string;
}

/** What was read for one round, so that a thousand volumes ask for it once. */
interface Facts {
  fileSystem: FileSystem;
  map: Pick<JurisdictionMap, "buckets">;
  crush: CrushDump;
  pools: Pool[];
}

export class FilePools {
  readonly #parts: PoolsParts;
  #facts: Promise<Facts> | undefined;
  /** By pool; so that one is made once. */
  readonly #ready = new Map<string, Promise<Place>>();

  constructor(parts: PoolsParts) {
    this.#parts = parts;
  }

  /** Whatever is asked next is asked of the cluster. */
  forget(): void {
    this.#facts = undefined;
    this.#ready.clear();
  }

  async fileSystem(): Promise<string> {
    return (await findFileSystem(this.#parts.ceph)).name;
  }

  /** Makes what is missing. @throws Conflict where data may not be placed there, with why */
  ready(jurisdiction: string, storageClass: StorageClass): Promise<Place> {
    const name = filePoolName(jurisdiction, storageClass);
    const known = this.#ready.get(name);
    if (known !== undefined) return known;
    const place = this.#make(jurisdiction, storageClass);
    this.#ready.set(name, place);
    return place;
  }

  async #make(jurisdiction: string, storageClass: StorageClass): Promise<Place> {
    const { ceph, record } = this.#parts;
    const facts = await this.#known();
    const { fileSystem, map, crush, pools } = facts;
    const redundancy = redundancyOf[storageClass];
    const bucket = bucketOf(crush, map, jurisdiction);
    requireRoom(crush, bucket, jurisdiction, redundancy);
    const rule = ruleName(jurisdiction, storageClass);
    const pool = filePoolName(jurisdiction, storageClass);
    const { copies, least, domain } = redundancy;
    const found = crush.rules.find(({ rule_name }) => rule_name === rule);
    if (found === undefined) {
      await record("ceph.RuleMade", rule, { bucket: bucket.name, domain });
      const args = { name: rule, root: bucket.name, type: domain };
      await ceph.mon("osd crush rule create-replicated", args);
    } else if (!isAsMade(found, bucket, domain)) {
      const what = `The placement rule ${rule} does not place one copy in each ${domain} of ${bucket.name}; put it right or remove it, so that it is made anew.`;
      throw new DsecosError("Conflict", what);
    }
    const there = pools.find(({ pool_name }) => pool_name === pool);
    if (there === undefined) {
      await record("ceph.PoolMade", pool, { rule, copies, least });
      const args = { pool, pool_type: "replicated", rule, size: copies };
      await ceph.mon("osd pool create", args);
    } else if (!isPoolAsMade(there, found, redundancy)) {
      const what = `The pool ${pool} does not have the placement rule ${rule}, ${copies} copies, or has a cache; put it right before volumes lie there.`;
      throw new DsecosError("Conflict", what);
    }
    if (there?.min_size !== least) {
      await ceph.mon("osd pool set", { pool, var: "min_size", val: String(least) });
    }
    if (!fileSystem.data_pools.includes(pool)) {
      // A pool that a file system uses cannot be deleted; this holds before that, too.
      await ceph.mon("osd pool set", { pool, var: "nodelete", val: "true" });
      await ceph.mon("fs add_data_pool", { fs_name: fileSystem.name, pool });
    }
    return { fileSystem: fileSystem.name, pool, caveat: caveatOf(facts, bucket, jurisdiction) };
  }

  #known(): Promise<Facts> {
    this.#facts ??= this.#read();
    return this.#facts;
  }

  async #read(): Promise<Facts> {
    const { ceph, map } = this.#parts;
    const [fileSystem, signed, crush, pools] = await Promise.all([
      findFileSystem(ceph),
      map(),
      ceph.mon("osd crush dump").then(parseCrush),
      ceph.mon("osd pool ls", { detail: "detail" }),
    ]);
    return { fileSystem, map: signed, crush, pools: v.parse(poolsSchema, pools) };
  }
}

function isPoolAsMade(pool: Pool, rule: Rule | undefined, { copies }: { copies: number }): boolean {
  const tiers = [pool.tier_of, pool.read_tier, pool.write_tier];
  return (
    pool.crush_rule === rule?.rule_id && pool.size === copies && tiers.every((tier) => tier === -1)
  );
}

/** @throws Conflict where there is none, or nobody can say which is meant */
export async function findFileSystem(ceph: Pick<Ceph, "mon">): Promise<FileSystem> {
  const found = v.parse(fileSystemsSchema, await ceph.mon("fs ls"));
  const [only, ...more] = found;
  const own = found.find(({ name }) => name === ownFileSystem);
  if (own !== undefined) return own;
  if (only !== undefined && more.length === 0) return only;
  const what =
    only === undefined
      ? `The cluster has no file system; make one with: ceph fs volume create ${ownFileSystem}`
      : `The cluster has several file systems and none is named ${ownFileSystem}; make that one with: ceph fs volume create ${ownFileSystem}`;
  throw new DsecosError("Conflict", what);
}

/** Names and sizes of files lie with the file system's metadata, whichever pool has their content. */
function caveatOf(
  { fileSystem, crush, pools }: Facts,
  bucket: CrushDump["buckets"][number],
  jurisdiction: string,
): string {
  const [first = ""] = fileSystem.data_pools;
  const outside = [...new Set([fileSystem.metadata_pool, first])].filter((name) => {
    const pool = pools.find(({ pool_name }) => pool_name === name);
    const rule = crush.rules.find(({ rule_id }) => rule_id === pool?.crush_rule);
    return rule === undefined || !staysIn(crush, rule, bucket);
  });
  if (outside.length === 0) return "";
  return `Names and sizes of files, though not their content, lie in ${outside.join(" and ")}, which may be outside ${jurisdiction}.`;
}
