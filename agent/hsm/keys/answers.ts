/** What the agent answers about keys. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { cursorSchema, limitSchema, lineSchema, pageOf, timeSchema } from "../../bus/fields.ts";
import { algorithmSchema, algorithms, protections, purposes, regionSchema } from "../algorithms.ts";
import { driverNameSchema } from "../config.ts";
import { keyNameSchema, keyRecordSchema, keyStates } from "./record.ts";
import { isReserved, isVolumeKey } from "./reserved.ts";

/** Days between rotations; 0 for none. */
export const rotationDaysSchema = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0),
  v.maxValue(3650, "A key is rotated within ten years (3650 days)."),
  v.description("Days between rotations; 0 for none"),
);

export const destroyDaysSchema = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(7, "A key is destroyed after 7 days at least, so that its loss can be noticed."),
  v.maxValue(30, "A key is destroyed after 30 days at most."),
  v.description("Days until it is destroyed, 7 to 30"),
);

const newNameSchema = v.pipe(
  keyNameSchema,
  v.check((name) => !isReserved(name), "Names that begin with authority belong to authorities."),
  v.check((name) => !isVolumeKey(name), "Names that begin with volume- belong to volumes."),
);

export const keySpecSchema = v.strictObject({
  name: newNameSchema,
  algorithm: algorithmSchema,
  driver: v.optional(
    v.pipe(driverNameSchema, v.description("In the token of this driver; any if left out")),
  ),
  region: v.optional(v.pipe(regionSchema, v.description("In a token of this region"))),
  activateAt: v.optional(
    v.pipe(timeSchema, v.description("Not to be used before; at once if left out")),
  ),
  expireAt: v.optional(v.pipe(timeSchema, v.description("When it is deactivated by itself"))),
  rotateDays: v.optional(rotationDaysSchema, 0),
});
export type KeySpec = v.InferOutput<typeof keySpecSchema>;

export const keySortKeys = [
  "name",
  "tenant",
  "algorithm",
  "state",
  "createdAt",
  "expireAt",
  "rotateAt",
] as const;

export const keyFilterSchema = v.strictObject({
  /** Words that must all occur in name, tenant, token or algorithm. */
  search: v.optional(lineSchema(200), ""),
  tenant: v.optional(v.pipe(v.string(), v.description("Only this tenant's; empty for all")), ""),
  state: v.optional(v.array(v.picklist(keyStates)), []),
  algorithm: v.optional(v.array(v.picklist(algorithms)), []),
  purpose: v.optional(v.array(v.picklist(purposes)), []),
  protection: v.optional(v.array(v.picklist(protections)), []),
  /** Only keys that must not be used, or that are to be destroyed. */
  troubled: v.optional(v.boolean(), false),
  /** Only keys that expire, rotate or are destroyed within so many days; 0 for all. */
  dueDays: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(3650)), 0),
  sort: v.optional(v.picklist(keySortKeys), "name"),
  descending: v.optional(v.boolean(), false),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
});
export type KeyFilter = v.InferOutput<typeof keyFilterSchema>;

const { versions: _versions, history: _history, ...facts } = keyRecordSchema.entries;

export const keyRowSchema = v.object({
  ...facts,
  /** `<driver>/<label>` */
  token: v.string(),
  /** The newest version. */
  version: v.number(),
  fingerprint: v.string(),
  /** Why it must not be used although its state allows it; empty else. */
  frozen: v.string(),
});
export type KeyRow = v.InferOutput<typeof keyRowSchema>;

export const keyPageSchema = v.object({
  ...pageOf(keyRowSchema).entries,
  /** Tokens whose keys are not in this list, one sentence each: they could not be read. */
  missing: v.array(v.string()),
});
export type KeyPage = v.InferOutput<typeof keyPageSchema>;

/** What the token says of one version, read back just now. */
export const heldSchema = v.object({
  version: v.number(),
  id: v.string(),
  algorithm: v.string(),
  sensitive: v.boolean(),
  alwaysSensitive: v.boolean(),
  extractable: v.boolean(),
  neverExtractable: v.boolean(),
  local: v.boolean(),
});

export const keyDetailSchema = v.object({
  row: keyRowSchema,
  record: keyRecordSchema,
  held: v.array(heldSchema),
  /** What is wrong, one sentence each. */
  troubles: v.array(v.string()),
});
export type KeyDetail = v.InferOutput<typeof keyDetailSchema>;

export const publicKeySchema = v.object({
  key: v.string(),
  version: v.number(),
  algorithm: v.picklist(algorithms),
  /** SubjectPublicKeyInfo. */
  pem: v.string(),
  /** The same as base64. */
  der: v.string(),
  /** SHA-256 of the DER, hexadecimal. */
  sha256: v.string(),
});
export type PublicKey = v.InferOutput<typeof publicKeySchema>;

export const reasonSchema = v.pipe(
  lineSchema(200),
  v.minLength(1, "Say why, in a few words."),
  v.description("Why, for the record"),
);
