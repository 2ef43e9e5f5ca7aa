/** Which OSDs placement groups belong on: by the OSD map, as `ceph osd dump -f json` prints it. */
import * as v from "valibot";
import { noItem, whole } from "./choose.ts";
import { hashTwo } from "./hash.ts";
import { type CrushMap, NotComputed, type RuleOfDump } from "./map.ts";
import { place } from "./rule.ts";

export { noItem };

const number = v.pipe(v.number(), v.safeInteger());
const flag = v.pipe(
  v.number(),
  v.transform((value) => value !== 0),
);

const poolSchema = v.object({
  pool: number,
  pool_name: v.string(),
  flags_names: v.string(),
  /** 1: replicated, 3: erasure coded. */
  type: number,
  size: number,
  min_size: number,
  crush_rule: number,
  object_hash: number,
  pg_num: number,
  pg_placement_num: number,
  erasure_code_profile: v.optional(v.string(), ""),
});
export type PoolOfDump = v.InferOutput<typeof poolSchema>;

const osdmapSchema = v.object({
  epoch: number,
  full_ratio: v.number(),
  backfillfull_ratio: v.number(),
  nearfull_ratio: v.number(),
  pools: v.array(poolSchema),
  osds: v.array(v.object({ osd: number, up: flag, in: flag, weight: v.number() })),
  osd_xinfo: v.optional(
    v.array(v.object({ osd: number, old_weight: v.optional(v.number(), 0) })),
    [],
  ),
  pg_upmap: v.optional(v.array(v.object({ pgid: v.string(), osds: v.array(number) })), []),
  pg_upmap_items: v.optional(
    v.array(
      v.object({
        pgid: v.string(),
        mappings: v.array(v.object({ from: number, to: number })),
      }),
    ),
    [],
  ),
  erasure_code_profiles: v.optional(v.record(v.string(), v.record(v.string(), v.string())), {}),
});
export type OsdMapOfDump = v.InferOutput<typeof osdmapSchema>;

/** @throws NotComputed */
export function readOsdMap(dump: unknown): OsdMapOfDump {
  const result = v.safeParse(osdmapSchema, dump);
  if (result.success) return result.output;
  const where = v.getDotPath(result.issues[0]) ?? "its top level";
  throw new NotComputed(`the OSD map is of another form than is known (${where})`);
}

const replicated = 1;
const erasure = 3;

/** Computes placements of all pools of one version of the maps. */
export class Groups {
  readonly crush: CrushMap;
  readonly osdmap: OsdMapOfDump;
  readonly #weights: Float64Array;
  readonly #up: Uint8Array;
  readonly #sets: ReadonlyMap<string, readonly number[]>;
  readonly #items: ReadonlyMap<string, readonly { from: number; to: number }[]>;

  constructor(crush: CrushMap, osdmap: OsdMapOfDump) {
    this.crush = crush;
    this.osdmap = osdmap;
    const count = Math.max(-1, ...osdmap.osds.map(({ osd }) => osd)) + 1;
    this.#weights = new Float64Array(count);
    /** 0: there is no such OSD, 1: it is down, 2: it is up. */
    this.#up = new Uint8Array(count);
    for (const { osd, weight, up } of osdmap.osds) {
      this.#weights[osd] = Math.round(weight * whole);
      this.#up[osd] = up ? 2 : 1;
    }
    this.#sets = new Map(osdmap.pg_upmap.map(({ pgid, osds }) => [pgid, osds]));
    this.#items = new Map(osdmap.pg_upmap_items.map(({ pgid, mappings }) => [pgid, mappings]));
  }

  /** Whether somebody, such as the balancer, gave a group other OSDs than its rule does. */
  isPlacedByHand(pgid: string): boolean {
    return this.#sets.has(pgid) || this.#items.has(pgid);
  }

  /**
   * @returns for each group its OSDs that are up: for copies without gaps, else {@link noItem} in them
   * @throws NotComputed
   */
  ofPool(pool: PoolOfDump): number[][] {
    const rule = this.ruleOf(pool);
    const { pool: id, size, pg_num, pg_placement_num } = pool;
    const placing = { map: this.crush, rule, pool: id, size, weights: this.#weights };
    return Array.from({ length: pg_num }, (_, group) => {
      const raw = place(placing, hashTwo(folded(group, pg_placement_num), id));
      return this.#shown(pool, this.#moved(`${id}.${group.toString(16)}`, this.#there(pool, raw)));
    });
  }

  /** @throws NotComputed */
  ruleOf({ pool_name, type, size, crush_rule, flags_names, object_hash }: PoolOfDump): RuleOfDump {
    const rule = this.crush.rules.get(crush_rule);
    if (type !== replicated && type !== erasure) {
      throw new NotComputed(`pool ${pool_name} is of a kind ${type}`);
    }
    // What maps objects to groups makes no difference; the older way from groups to OSDs does.
    if (!flags_names.split(",").includes("hashpspool") || object_hash !== 2) {
      throw new NotComputed(`pool ${pool_name} places its groups in the way of before Ceph 0.67`);
    }
    if (rule === undefined || (rule.ruleset ?? crush_rule) !== crush_rule || rule.type !== type) {
      throw new NotComputed(
        `the rule of pool ${pool_name} is not in the CRUSH map as one of its kind`,
      );
    }
    if (size < rule.min_size || size > rule.max_size) {
      throw new NotComputed(
        `rule ${rule.rule_name} is not for ${size} copies, as ${pool_name} has`,
      );
    }
    return rule;
  }

  #there({ type }: PoolOfDump, raw: readonly number[]): number[] {
    const isThere = (osd: number) => (this.#up[osd] ?? 0) > 0;
    if (type === replicated) return raw.filter(isThere);
    return raw.map((osd) => (isThere(osd) ? osd : noItem));
  }

  /** What was moved by hand, unless it was moved to an OSD that is out. */
  #moved(pgid: string, raw: number[]): number[] {
    const isOut = (osd: number) => osd !== noItem && this.#weights[osd] === 0;
    const set = this.#sets.get(pgid);
    if (set?.some(isOut)) return raw;
    const osds = set === undefined ? raw : [...set];
    for (const { from, to } of this.#items.get(pgid) ?? []) {
      const at = osds.indexOf(from);
      if (at >= 0 && !osds.includes(to) && !isOut(to)) osds[at] = to;
    }
    return osds;
  }

  #shown({ type }: PoolOfDump, osds: number[]): number[] {
    const isUp = (osd: number) => this.#up[osd] === 2;
    if (type === replicated) return osds.filter(isUp);
    return osds.map((osd) => (isUp(osd) ? osd : noItem));
  }
}

/** A number of groups that is no power of two: those beyond are those of half the next power. */
function folded(group: number, count: number): number {
  const mask = 2 ** Math.ceil(Math.log2(count)) - 1;
  const low = group & mask;
  return low < count ? low : group & (mask >> 1);
}
