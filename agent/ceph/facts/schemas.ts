/**
 * Ceph's answers, as far as they are used, by the names that Ceph gives them. Members that are not
 * used are left alone, so that another version's answer is read as well.
 */
import * as v from "valibot";
import {
  autoscaleSchema,
  devicesSchema,
  entitiesSchema,
  poolStatsSchema,
  progressSchema,
} from "./manager.ts";
import { osdsSchema } from "./osds.ts";
import type { FactName } from "./sources.ts";

const counts = v.record(v.string(), v.number());

const checkSchema = v.object({
  severity: v.string(),
  summary: v.object({ message: v.string(), count: v.optional(v.number(), 0) }),
  detail: v.optional(v.array(v.object({ message: v.string() })), []),
  muted: v.optional(v.boolean(), false),
});

const healthSchema = v.object({ status: v.string(), checks: v.record(v.string(), checkSchema) });

/** Of `status`; figures of placement groups are left out where they are 0. */
const statusSchema = v.object({
  fsid: v.string(),
  quorum_names: v.array(v.string()),
  monmap: v.object({ num_mons: v.number() }),
  osdmap: v.object({
    num_osds: v.number(),
    num_up_osds: v.number(),
    num_in_osds: v.number(),
  }),
  pgmap: v.object({
    pgs_by_state: v.array(v.object({ state_name: v.string(), count: v.number() })),
    num_pgs: v.number(),
    num_pools: v.number(),
    num_objects: v.optional(v.number(), 0),
    bytes_used: v.number(),
    bytes_avail: v.number(),
    bytes_total: v.number(),
    degraded_objects: v.optional(v.number(), 0),
    degraded_total: v.optional(v.number(), 0),
    misplaced_objects: v.optional(v.number(), 0),
    misplaced_total: v.optional(v.number(), 0),
    unfound_objects: v.optional(v.number(), 0),
    recovering_bytes_per_sec: v.optional(v.number(), 0),
    recovering_objects_per_sec: v.optional(v.number(), 0),
  }),
  fsmap: v.object({
    by_rank: v.optional(
      v.array(v.object({ rank: v.number(), name: v.string(), status: v.string() })),
      [],
    ),
    "up:standby": v.optional(v.number(), 0),
  }),
  mgrmap: v.object({ available: v.boolean(), num_standbys: v.optional(v.number(), 0) }),
  progress_events: v.optional(
    v.record(v.string(), v.object({ message: v.string(), progress: v.number() })),
    {},
  ),
});

const addresses = v.object({ addrvec: v.array(v.object({ type: v.string(), addr: v.string() })) });

const poolSchema = v.object({
  pool: v.number(),
  pool_name: v.string(),
  type: v.number(),
  size: v.number(),
  min_size: v.number(),
  crush_rule: v.number(),
  pg_num: v.number(),
  pg_num_target: v.optional(v.number()),
  pg_autoscale_mode: v.optional(v.string(), ""),
  quota_max_bytes: v.number(),
  quota_max_objects: v.optional(v.number(), 0),
  flags_names: v.optional(v.string(), ""),
  erasure_code_profile: v.string(),
  application_metadata: v.optional(v.record(v.string(), v.unknown()), {}),
});

const osdmapSchema = v.object({
  epoch: v.number(),
  fsid: v.string(),
  created: v.string(),
  flags_set: v.array(v.string()),
  full_ratio: v.number(),
  backfillfull_ratio: v.number(),
  nearfull_ratio: v.number(),
  require_osd_release: v.string(),
  pools: v.array(poolSchema),
  osds: osdsSchema,
  erasure_code_profiles: v.record(v.string(), v.record(v.string(), v.string())),
});

const crushSchema = v.object({
  devices: v.array(v.object({ id: v.number(), name: v.string(), class: v.optional(v.string()) })),
  types: v.array(v.object({ type_id: v.number(), name: v.string() })),
  buckets: v.array(
    v.object({
      id: v.number(),
      name: v.string(),
      type_name: v.string(),
      items: v.array(v.object({ id: v.number(), weight: v.number() })),
    }),
  ),
  rules: v.array(
    v.object({
      rule_id: v.number(),
      rule_name: v.string(),
      /** 1: replicated, 3: erasure coded. */
      type: v.optional(v.number(), 0),
      steps: v.array(
        v.looseObject({
          op: v.string(),
          num: v.optional(v.number()),
          type: v.optional(v.string()),
          item: v.optional(v.number()),
          item_name: v.optional(v.string()),
        }),
      ),
    }),
  ),
});

const pgsSchema = v.object({
  pg_ready: v.optional(v.boolean(), true),
  pg_stats: v.array(
    v.object({
      pgid: v.string(),
      state: v.string(),
      up: v.array(v.number()),
      acting: v.array(v.number()),
    }),
  ),
});

const pgUseSchema = v.object({
  pg_ready: v.optional(v.boolean(), true),
  pg_stats: v.array(
    v.object({
      pgid: v.string(),
      stat_sum: v.object({ num_bytes: v.number(), num_objects: v.number() }),
    }),
  ),
});

/** Only whether there is one. */
const pgStatSchema = v.object({});

const osdUse = v.object({
  id: v.number(),
  kb: v.number(),
  kb_used: v.number(),
  kb_avail: v.number(),
  pgs: v.number(),
});
/** Those in no bucket are the stray ones. */
const osdDfSchema = v.object({ nodes: v.array(osdUse), stray: v.optional(v.array(osdUse), []) });

const perf = v.object({ commit_latency_ms: v.number(), apply_latency_ms: v.number() });
const osdPerfSchema = v.object({
  osdstats: v.object({
    osd_perf_infos: v.array(v.object({ id: v.number(), perf_stats: perf })),
  }),
});

const room = v.object({
  total_bytes: v.number(),
  total_avail_bytes: v.number(),
  total_used_raw_bytes: v.number(),
});
const dfSchema = v.object({
  stats: room,
  stats_by_class: v.optional(v.record(v.string(), room), {}),
  pools: v.array(
    v.object({
      id: v.number(),
      name: v.string(),
      stats: v.object({
        stored: v.number(),
        bytes_used: v.number(),
        max_avail: v.number(),
        objects: v.number(),
      }),
    }),
  ),
});

/** Daemons by what they say they are. */
const versionsSchema = v.record(v.string(), counts);

const monmapSchema = v.object({
  epoch: v.number(),
  min_mon_release_name: v.optional(v.string(), ""),
  mons: v.array(v.object({ rank: v.number(), name: v.string(), public_addrs: addresses })),
  quorum: v.optional(v.array(v.number()), []),
});

const mgrmapSchema = v.object({
  active_name: v.string(),
  active_addrs: addresses,
  available: v.boolean(),
  standbys: v.array(v.object({ name: v.string() })),
  modules: v.array(v.string()),
});

const mdsSchema = v.object({
  name: v.string(),
  state: v.string(),
  addrs: v.optional(addresses, { addrvec: [] }),
});
const fsmapSchema = v.object({
  standbys: v.array(mdsSchema),
  filesystems: v.array(
    v.object({
      id: v.number(),
      mdsmap: v.object({
        fs_name: v.string(),
        max_mds: v.number(),
        info: v.record(v.string(), mdsSchema),
      }),
    }),
  ),
});

/** Of each kind its daemons, beside which stands a text `summary`. */
const servicesSchema = v.object({
  services: v.record(
    v.string(),
    v.object({
      daemons: v.record(
        v.string(),
        v.union([
          v.string(),
          v.object({ metadata: v.optional(v.record(v.string(), v.string()), {}) }),
        ]),
      ),
    }),
  ),
});

const settingsSchema = v.array(
  v.object({ section: v.string(), name: v.string(), value: v.string(), mask: v.string() }),
);

const osdMetadataSchema = v.array(
  v.looseObject({ id: v.number(), hostname: v.optional(v.string(), "") }),
);
/** Of monitors, managers and metadata servers. */
const metadataSchema = v.array(
  v.object({
    name: v.string(),
    hostname: v.optional(v.string(), ""),
    ceph_version_short: v.optional(v.string(), ""),
  }),
);
const keyNamesSchema = v.array(v.string());

export const factSchemas = {
  status: statusSchema,
  health: healthSchema,
  osdmap: osdmapSchema,
  crush: crushSchema,
  df: dfSchema,
  versions: versionsSchema,
  osdMetadata: osdMetadataSchema,
  monmap: monmapSchema,
  mgrmap: mgrmapSchema,
  fsmap: fsmapSchema,
  services: servicesSchema,
  monMetadata: metadataSchema,
  mgrMetadata: metadataSchema,
  mdsMetadata: metadataSchema,
  keyNames: keyNamesSchema,
  settings: settingsSchema,
  pgStat: pgStatSchema,
  pgs: pgsSchema,
  pgUse: pgUseSchema,
  osdDf: osdDfSchema,
  osdPerf: osdPerfSchema,
  autoscale: autoscaleSchema,
  poolStats: poolStatsSchema,
  progress: progressSchema,
  devices: devicesSchema,
  entities: entitiesSchema,
} as const satisfies Record<FactName, v.GenericSchema<unknown, unknown>>;

export type FactOf<N extends FactName> = v.InferOutput<(typeof factSchemas)[N]>;
