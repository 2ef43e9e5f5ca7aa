/** The parts of Ceph's answers that are used; what else is in them differs from version to version. */
import * as v from "valibot";
import type { FactName } from "./facts.ts";

const addresses = v.object({ addrvec: v.array(v.object({ type: v.string() })) });
const metadata = v.array(v.looseObject({ name: v.string(), hostname: v.optional(v.string(), "") }));
const use = v.object({
  ...{ id: v.number(), kb: v.number(), kb_used: v.number(), kb_avail: v.number() },
  pgs: v.number(),
});
const room = v.object({
  total_bytes: v.number(),
  total_used_raw_bytes: v.number(),
  total_avail_bytes: v.number(),
});

export const schemas = {
  osdDump: v.object({
    created: v.string(),
    full_ratio: v.number(),
    nearfull_ratio: v.number(),
    backfillfull_ratio: v.number(),
    osds: v.array(
      v.object({
        osd: v.number(),
        uuid: v.string(),
        up: v.number(),
        in: v.number(),
        weight: v.number(),
        state: v.array(v.string()),
        public_addrs: addresses,
        cluster_addrs: addresses,
      }),
    ),
    pools: v.array(
      v.object({
        pool: v.number(),
        pool_name: v.string(),
        type: v.number(),
        size: v.number(),
        min_size: v.number(),
        crush_rule: v.number(),
        pg_num: v.number(),
        quota_max_bytes: v.number(),
        erasure_code_profile: v.string(),
        application_metadata: v.record(v.string(), v.unknown()),
      }),
    ),
    erasure_code_profiles: v.record(v.string(), v.record(v.string(), v.string())),
  }),
  crushDump: v.object({
    devices: v.array(v.object({ id: v.number(), class: v.optional(v.string()) })),
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
        steps: v.array(v.object({ op: v.string(), type: v.optional(v.string()) })),
      }),
    ),
  }),
  osdDf: v.object({ nodes: v.array(use), stray: v.optional(v.array(use), []) }),
  osdPerf: v.object({
    osdstats: v.object({
      osd_perf_infos: v.array(
        v.object({
          id: v.number(),
          perf_stats: v.object({ commit_latency_ms: v.number(), apply_latency_ms: v.number() }),
        }),
      ),
    }),
  }),
  df: v.object({
    stats: room,
    stats_by_class: v.optional(v.record(v.string(), room), {}),
    pools: v.array(
      v.object({
        id: v.number(),
        stats: v.object({
          stored: v.number(),
          bytes_used: v.number(),
          max_avail: v.number(),
          objects: v.number(),
        }),
      }),
    ),
  }),
  osdMetadata: v.array(v.looseObject({ id: v.number(), hostname: v.optional(v.string(), "") })),
  keyNames: v.array(v.string()),
  monDump: v.object({
    mons: v.array(v.object({ name: v.string(), public_addrs: addresses })),
  }),
  monMetadata: metadata,
  mgrDump: v.object({ active_name: v.string(), active_addrs: addresses }),
  mgrMetadata: metadata,
  fsDump: v.object({
    standbys: v.array(v.object({ name: v.string(), addrs: addresses })),
    filesystems: v.array(
      v.object({
        mdsmap: v.object({
          info: v.record(v.string(), v.object({ name: v.string(), addrs: addresses })),
        }),
      }),
    ),
  }),
  mdsMetadata: metadata,
  services: v.object({
    services: v.record(
      v.string(),
      v.object({ daemons: v.optional(v.record(v.string(), v.unknown()), {}) }),
    ),
  }),
} satisfies Record<FactName, v.GenericSchema>;

/** A gateway in `service dump`; beside such daemons a summary in words stands under its own name. */
export const gatewaySchema = v.object({
  metadata: v.looseObject({ hostname: v.optional(v.string(), "") }),
});

export const settingsSchema = v.array(v.object({ name: v.string(), value: v.string() }));

export type Facts = { [K in FactName]: v.InferOutput<(typeof schemas)[K]> };
