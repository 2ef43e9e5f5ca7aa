/** What the agent answers about volumes. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { cursorSchema, limitSchema, lineSchema, pageOf, timeSchema } from "../../bus/fields.ts";
import { regionSchema } from "../../hsm/algorithms.ts";
import { parseBytes } from "../../tenants/quantities.ts";
import { storageClasses, storageClassSchema } from "./classes.ts";
import { erasureSchema } from "./kinds/erasure.ts";
import { volumeKindSchema, volumeKinds } from "./kinds/names.ts";
import { volumeNameSchema } from "./record.ts";
import { mostSnapshotDays } from "./snapshots/names.ts";

const smallest = 4n * 1024n ** 2n;
const largest = 1024n ** 5n;

export const capacitySchema = v.pipe(
  v.string(),
  v.check(
    (text) => parseBytes(text) !== undefined,
    "A size is a whole number with a unit, for example 10GiB.",
  ),
  v.check((text) => {
    const bytes = parseBytes(text) ?? smallest;
    return bytes >= smallest && bytes <= largest;
  }, "A volume has at least 4MiB and at most 1PiB."),
  v.description("How much fits into it, for example 10GiB"),
);

const retentionSchema = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1, "Objects are held for a day at least."),
  v.maxValue(36_500, "Objects are held for 36500 days, a hundred years, at most."),
  v.description(
    "Days that a WORM bucket holds what is written into it, or that each snapshot of a WORM file volume is kept; nobody can shorten them afterwards",
  ),
);

const specSchema = v.strictObject({
  name: volumeNameSchema,
  kind: v.optional(volumeKindSchema, "file"),
  size: capacitySchema,
  jurisdiction: v.optional(
    v.pipe(regionSchema, v.description("Where its data must stay; the tenant's if left out")),
  ),
  class: v.optional(storageClassSchema, "hosts-3"),
  worm: v.optional(
    v.pipe(
      v.boolean(),
      v.description(
        "Whether what is written is held until its retention ends: in a bucket it can be neither changed nor deleted; of a file volume read-only snapshots are kept, and what comes and goes between two is lost; a block volume cannot be so",
      ),
    ),
    false,
  ),
  retention: v.optional(retentionSchema),
});

export const volumeSpecSchema = v.pipe(
  specSchema,
  v.check(
    ({ kind, worm, retention }) => kind === "block" || !worm || retention !== undefined,
    "Say how many days a WORM volume holds what is written into it (retention); nobody can shorten that afterwards.",
  ),
  v.check(
    ({ worm, retention }) => worm || retention === undefined,
    "Only a WORM volume has a retention; say worm too, or leave retention out.",
  ),
  v.check(
    ({ kind, retention = 0 }) => kind !== "file" || retention <= mostSnapshotDays,
    `A file volume's snapshots are kept ${mostSnapshotDays} days at most: Ceph has room for so few that with more they would be weeks apart; use an object volume.`,
  ),
  v.check(
    ({ kind, name }) => kind !== "object" || name.length >= 3,
    "A bucket's name has 3 characters at least.",
  ),
);
export type VolumeSpec = v.InferOutput<typeof volumeSpecSchema>;

export const waitDaysSchema = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(7, "A volume is deleted after 7 days at least, so that its loss can be noticed."),
  v.maxValue(30, "A volume is deleted after 30 days at most."),
  v.description("Days until its data is removed, 7 to 30"),
);

/** `declared`: it is not there yet, or not known to be. */
export const volumeStates = ["declared", "ready", "deleting", "removing"] as const;
export const volumeSortKeys = ["name", "tenant", "bytes", "used", "createdAt"] as const;

export const volumeFilterSchema = v.strictObject({
  /** Words that must all occur in name, tenant, jurisdiction or class. */
  search: v.optional(lineSchema(200), ""),
  tenant: v.optional(v.pipe(v.string(), v.description("Only this tenant's; empty for all")), ""),
  state: v.optional(v.array(v.picklist(volumeStates)), []),
  jurisdiction: v.optional(v.array(regionSchema), []),
  class: v.optional(v.array(v.picklist(storageClasses)), []),
  kind: v.optional(v.array(v.picklist(volumeKinds)), []),
  /** Only volumes of which something is not as declared. */
  troubled: v.optional(v.boolean(), false),
  sort: v.optional(v.picklist(volumeSortKeys), "name"),
  descending: v.optional(v.boolean(), false),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
});
export type VolumeFilter = v.InferOutput<typeof volumeFilterSchema>;

export const volumeRowSchema = v.object({
  tenant: v.string(),
  name: v.string(),
  kind: v.picklist(volumeKinds),
  state: v.picklist(volumeStates),
  /** How much fits into it. */
  bytes: v.number(),
  /** How much Ceph counted in it; -1 where it is not known. */
  used: v.number(),
  /** When that was counted; empty where it was not. */
  countedAt: v.union([timeSchema, v.literal("")]),
  jurisdiction: v.string(),
  class: v.picklist(storageClasses),
  worm: v.boolean(),
  /** Days that what is written into a WORM bucket is held, or a file volume's snapshots are kept; 0 for none. */
  retention: v.number(),
  /** Where its content lies; empty while it is not made. */
  pool: v.string(),
  createdAt: timeSchema,
  createdBy: v.string(),
  deleteAt: v.optional(timeSchema),
  /** Key of a block volume in the tenant's token; empty for other kinds. */
  key: v.string(),
  /** Who had that key destroyed, and who approved; what a certificate will say. */
  erase: v.optional(
    v.object({
      by: v.string(),
      approvers: v.array(v.string()),
      reason: v.string(),
      at: timeSchema,
    }),
  ),
  /** What is not as declared, and what to do; empty where all is. */
  trouble: v.string(),
  /** What of it may lie outside its jurisdiction; empty where nothing does. */
  caveat: v.string(),
});
export type VolumeRow = v.InferOutput<typeof volumeRowSchema>;

export const erasurePageSchema = v.object({
  /** Newest first. */
  rows: v.array(erasureSchema),
  /** Cursor for older ones; empty where there are none. */
  next: v.string(),
});
export type ErasurePage = v.InferOutput<typeof erasurePageSchema>;

export const volumePageSchema = v.object({
  ...pageOf(volumeRowSchema).entries,
  /** Of all that match. */
  bytes: v.number(),
  used: v.number(),
  /** What lies in tenants' groups and was declared by nobody, one sentence each. */
  strays: v.array(v.string()),
  /** Why what is said may be old; empty where it is not. */
  unknown: v.string(),
});
export type VolumePage = v.InferOutput<typeof volumePageSchema>;

export const volumeAccessSchema = v.object({
  kind: v.picklist(volumeKinds),
  /** Who the tenant's client is to the cluster, without “client.”. */
  user: v.string(),
  /** Text of the client's keyring file; it has the secret. */
  keyring: v.string(),
  /** Command that mounts the volume; DIRECTORY and KEYFILE are for who runs it to fill in. */
  mount: v.string(),
  /** Of the file system, below which the volume lies; empty for other kinds. */
  fileSystem: v.string(),
  /** Where the volume is: a path, an image or a bucket. */
  path: v.string(),
});
export type VolumeAccess = v.InferOutput<typeof volumeAccessSchema>;
