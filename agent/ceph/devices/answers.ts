/** What the agent answers about devices of OSDs. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { cursorSchema, limitSchema, lineSchema, pageOf, timeSchema } from "../../bus/fields.ts";
import { osdStates } from "../topology/answers.ts";

/**
 * By what Ceph foretold of an OSD's disks. `failing`: within four weeks, at which Ceph moves data away
 * by itself where it may. `soon`: within twelve. `good`: not that soon. `unknown`: nobody foretold.
 * `none`: it has no disk, since it keeps its data in memory.
 */
export const outlooks = ["failing", "soon", "unknown", "none", "good"] as const;
export type Outlook = (typeof outlooks)[number];

export const diskSchema = v.object({
  /** As Ceph names it: vendor, model and serial number; empty where it has none. */
  id: v.string(),
  /** On its host, such as sda. */
  path: v.string(),
  model: v.string(),
  /** How much of it is worn, 0 to 1; null where nobody told. */
  wear: v.nullable(v.number()),
  /** Between when it will fail, as foretold; empty where nobody did. */
  failsFrom: v.string(),
  failsTo: v.string(),
  foretoldAt: v.string(),
});
export type Disk = v.InferOutput<typeof diskSchema>;

export const deviceRowSchema = v.object({
  osd: v.number(),
  /** osd.3 */
  name: v.string(),
  state: v.picklist(osdStates),
  /** Empty where it did not tell. */
  host: v.string(),
  /** Of the CRUSH map, such as hdd, ssd, nvme. */
  deviceClass: v.string(),
  /** Its object store, such as bluestore. */
  store: v.string(),
  /** Null where it did not tell. */
  rotates: v.nullable(v.boolean()),
  totalKiB: v.nullable(v.number()),
  disks: v.array(diskSchema),
  outlook: v.picklist(outlooks),
  /** What the outlook stands on, and what to do. */
  why: v.string(),
});
export type DeviceRow = v.InferOutput<typeof deviceRowSchema>;

export const deviceFilterSchema = v.strictObject({
  /** Words that must all occur in the name, host, class, or a disk's id. */
  search: v.optional(lineSchema(200), ""),
  outlook: v.optional(v.array(v.picklist(outlooks)), []),
  sort: v.optional(v.picklist(["osd", "host", "deviceClass", "outlook", "wear"]), "outlook"),
  descending: v.optional(v.boolean(), false),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
});
export type DeviceFilter = v.InferOutput<typeof deviceFilterSchema>;

export const devicesPageSchema = v.object({
  at: timeSchema,
  /** OSDs by outlook. */
  counts: v.object({
    failing: v.number(),
    soon: v.number(),
    unknown: v.number(),
    none: v.number(),
    good: v.number(),
  }),
  /** Disks that OSDs told of, in all. */
  disks: v.number(),
  /** What could not be read, or is not told of any; one sentence each. */
  missing: v.array(v.string()),
  ...pageOf(deviceRowSchema).entries,
});
export type DevicesPage = v.InferOutput<typeof devicesPageSchema>;
