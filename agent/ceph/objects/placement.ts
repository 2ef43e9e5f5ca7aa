/**
 * Where buckets lie: one placement target for each jurisdiction and class, whose one pool has the
 * content, the lists of names and unfinished uploads.
 */
import { DsecosError } from "../../bus/errors.ts";
import type { GatewayTool } from "../link/tool.ts";
import type { Ceph } from "../link/types.ts";
import { ruleName, type StorageClass } from "../volumes/classes.ts";
import { staysIn } from "../volumes/places.ts";
import type { Place, Pools } from "../volumes/pools.ts";
import {
  type Gateways,
  type Placement,
  readGateways,
  requireOneZone,
  sharedPools,
  type Zone,
} from "./zone.ts";

const application = "rgw";
const guard = "nodelete";

export interface PlacementParts {
  ceph: Pick<Ceph, "mon">;
  tool: GatewayTool;
  pools: Pools;
  /** Puts on record what is about to be made, or what is gone. */
  record: (action: string, object: string, details: Record<string, unknown>) => Promise<void>;
}

export interface ObjectPlace {
  /** Name of the placement target. */
  target: string;
  pool: string;
  /** Ceph's number of the pool; undefined where it was made just now. */
  poolId: number | undefined;
  caveat: string;
}

export class Placements {
  readonly #parts: PlacementParts;
  #gateways: Promise<Gateways> | undefined;
  readonly #ready = new Map<string, Promise<ObjectPlace>>();
  /** One at a time changes the zone. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: PlacementParts) {
    this.#parts = parts;
  }

  forget(): void {
    this.#gateways = undefined;
    this.#ready.clear();
  }

  gateways(): Promise<Gateways> {
    this.#gateways ??= readGateways(this.#parts.tool);
    return this.#gateways;
  }

  /** Makes what is missing. @throws Conflict where data may not be placed there, with why */
  ready(jurisdiction: string, storageClass: StorageClass): Promise<ObjectPlace> {
    const target = ruleName(jurisdiction, storageClass);
    const known = this.#ready.get(target);
    if (known !== undefined) return known;
    const made = this.#turn.then(() => this.#make(target, jurisdiction, storageClass));
    this.#turn = made.catch(() => undefined); // Whoever asked for it hears of it.
    this.#ready.set(target, made);
    return made;
  }

  async #make(
    target: string,
    jurisdiction: string,
    storageClass: StorageClass,
  ): Promise<ObjectPlace> {
    const gateways = await this.gateways();
    requireOneZone(gateways);
    const place = await this.#parts.pools.ready(jurisdiction, storageClass, "object");
    const { pool, before } = place;
    const placed = gateways.zone.placement_pools.find(({ key }) => key === target)?.val;
    if (placed !== undefined && !isAllIn(placed, pool)) {
      const what = `The placement target ${target} of the gateways uses other pools than ${pool}; put it right (radosgw-admin zone placement modify) before buckets lie there.`;
      throw new DsecosError("Conflict", what);
    }
    await this.#guard(place, placed !== undefined);
    await this.#add(gateways, target, pool);
    const caveat = caveatOf(gateways.zone, place, jurisdiction);
    return { target, pool, poolId: before?.pool_id, caveat };
  }

  /** @param used whether gateways placed something there before */
  async #guard({ pool, before }: Place, used: boolean): Promise<void> {
    const { ceph, record } = this.#parts;
    if (before?.application_metadata[application] === undefined) {
      await ceph.mon("osd pool application enable", { pool, app: application });
    }
    if (before?.flags_names.split(",").includes(guard) === true) return;
    if (used && before !== undefined) {
      await record("ceph.PoolUnguarded", pool, {
        what: "somebody let the pool be deleted, by taking its flag nodelete; it is set again",
      });
    }
    await ceph.mon("osd pool set", { pool, var: guard, val: "true" });
  }

  async #add({ zone, group }: Gateways, target: string, pool: string): Promise<void> {
    const { tool, record } = this.#parts;
    const inZone = zone.placement_pools.some(({ key }) => key === target);
    const inGroup = group.placement_targets.some(({ name }) => name === target);
    if (inZone && inGroup) return;
    await record("ceph.PlacementMade", target, { pool, zone: zone.name });
    if (!inGroup) {
      const which = ["--rgw-zonegroup", group.name, "--placement-id", target];
      await tool.text(["zonegroup", "placement", "add", ...which]);
    }
    if (!inZone) {
      const pools = ["--index-pool", pool, "--data-pool", pool, "--data-extra-pool", pool];
      const which = ["--rgw-zone", zone.name, "--placement-id", target];
      await tool.text(["zone", "placement", "add", ...which, ...pools]);
    }
    // Gateways without a realm take it up when they are started anew.
    if (zone.realm_id !== "") await tool.text(["period", "update", "--commit"]);
  }
}

function isAllIn({ index_pool, data_extra_pool, storage_classes }: Placement, pool: string) {
  const data = Object.values(storage_classes).map(({ data_pool }) => data_pool);
  return [index_pool, data_extra_pool, ...data].every((each) => each === pool);
}

/** Names of buckets and tenants' keys lie in the zone's own pools, wherever a bucket's content is. */
function caveatOf(zone: Zone, { bucket, facts }: Place, jurisdiction: string): string {
  const { pools, crush } = facts;
  const outside = sharedPools(zone).filter((name) => {
    const pool = pools.find(({ pool_name }) => pool_name === name);
    // The gateways make it when they need it.
    if (pool === undefined) return false;
    const rule = crush.rules.find(({ rule_id }) => rule_id === pool.crush_rule);
    return rule === undefined || !staysIn(crush, rule, bucket);
  });
  if (outside.length === 0) return "";
  return `Names of buckets and what opens them, though neither names nor content of objects, lie in ${outside.join(" and ")}, which may be outside ${jurisdiction}.`;
}
