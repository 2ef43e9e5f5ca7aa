/** What the agent answers about where OSDs are. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { cursorSchema, limitSchema, lineSchema, pageOf, timeSchema } from "../../bus/fields.ts";

/** How an OSD is. `destroyed`: its data is gone for good and only its id is kept. */
export const osdStates = ["up", "down", "out", "downAndOut", "destroyed"] as const;
export type OsdState = (typeof osdStates)[number];

/** Sums over the OSDs below a bucket, or of the one OSD. */
export const sumsSchema = v.object({
  osds: v.number(),
  up: v.number(),
  /** Those that data is placed on. */
  in: v.number(),
  destroyed: v.number(),
  /** CRUSH weight, in TiB where nobody changed it. */
  weight: v.number(),
  /** Null where no OSD told, for example while all are down. */
  totalKiB: v.nullable(v.number()),
  usedKiB: v.nullable(v.number()),
  availableKiB: v.nullable(v.number()),
  /** Placement groups, one for each copy; null where nobody told. */
  pgs: v.nullable(v.number()),
  /** The longest of those below, in milliseconds; null where none told. */
  commitLatencyMs: v.nullable(v.number()),
});
export type Sums = v.InferOutput<typeof sumsSchema>;

export const topologyRowSchema = v.object({
  /** Names from the root down, joined by "/": unique, where an id is not when a host hangs in two trees. */
  path: v.string(),
  /** At least 0 for an OSD, below 0 for a bucket; null for what stands for OSDs in no bucket. */
  id: v.nullable(v.number()),
  name: v.string(),
  /** As the CRUSH map names it: root, region, datacenter, rack, host, osd. */
  type: v.string(),
  /** 0 for a root. */
  depth: v.number(),
  /** Names of the buckets of these types above it, or its own; empty where there is none. */
  region: v.string(),
  site: v.string(),
  host: v.string(),
  sums: sumsSchema,
  /** Present for an OSD alone. */
  osd: v.optional(
    v.object({
      state: v.picklist(osdStates),
      /** For example hdd, ssd, nvme; empty where it has none. */
      deviceClass: v.string(),
      /** 0 to 1: what share of its weight is used. */
      reweight: v.number(),
      applyLatencyMs: v.nullable(v.number()),
    }),
  ),
  /** What is wrong and what to do, one sentence each. */
  troubles: v.array(v.string()),
});
export type TopologyRow = v.InferOutput<typeof topologyRowSchema>;

export const details = ["sites", "hosts", "osds"] as const;

export const topologyFilterSchema = v.strictObject({
  /** Words that must all occur in the path, the type or the device class; buckets above stay. */
  search: v.optional(lineSchema(200), ""),
  /** Only OSDs in these states, and the buckets above them. */
  state: v.optional(v.array(v.picklist(osdStates)), []),
  /** Only what is in this bucket: its path. */
  under: v.optional(lineSchema(1000), ""),
  /** How far down; empty for OSDs where there are at most 64, else hosts. */
  detail: v.optional(v.picklist([...details, ""]), ""),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 200),
});
export type TopologyFilter = v.InferOutput<typeof topologyFilterSchema>;

export const topologyPageSchema = v.object({
  ...pageOf(topologyRowSchema).entries,
  at: timeSchema,
  /** Over the whole cluster; an OSD that hangs in two trees is counted once. */
  sums: sumsSchema,
  /** What was answered where the question left it open. */
  detail: v.picklist(details),
  /** What could not be read, so that figures are missing; one sentence each. */
  missing: v.array(v.string()),
});
export type TopologyPage = v.InferOutput<typeof topologyPageSchema>;
