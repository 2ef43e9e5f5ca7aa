/** What the agent answers about encryption. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { cursorSchema, limitSchema, lineSchema, pageOf, timeSchema } from "../../bus/fields.ts";

/**
 * `keyKept`: the monitors keep its LUKS key and it reads through a mapped device, which is what
 * Ceph can say; nobody looked at the device. `plain`: Ceph did not encrypt it. `memory`: it has no
 * device at all. `unknown`: what is said does not fit together, or nobody could be asked.
 */
export const restStates = ["keyKept", "plain", "memory", "unknown"] as const;
export type RestState = (typeof restStates)[number];

/**
 * `required`: whoever speaks with it must encrypt. `optional`: it also takes connections that are
 * not encrypted. `offered`: it also listens for the old protocol, which cannot encrypt.
 * `unknown`: it was not asked or did not answer.
 */
export const flightStates = ["required", "optional", "offered", "unknown"] as const;
export type FlightState = (typeof flightStates)[number];

export const daemonSchema = v.object({
  /** For example osd.3, mon.a. */
  name: v.string(),
  kind: v.picklist(["mon", "mgr", "osd", "mds", "rgw"]),
  host: v.string(),
  /** Of what it stores; absent for daemons that store nothing of tenants themselves. */
  rest: v.optional(v.picklist(restStates)),
  /** What the state at rest stands on. */
  restWhy: v.string(),
  flight: v.picklist(flightStates),
  flightWhy: v.string(),
});
export type Daemon = v.InferOutput<typeof daemonSchema>;

export const encryptionFilterSchema = v.strictObject({
  /** Words that must all occur in the name or the host. */
  search: v.optional(lineSchema(200), ""),
  /** Only what is not encrypted, or of which it is not known. */
  troubled: v.optional(v.boolean(), false),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
});
export type EncryptionFilter = v.InferOutput<typeof encryptionFilterSchema>;

export const encryptionSchema = v.object({
  at: timeSchema,
  rest: v.object({
    keyKept: v.number(),
    plain: v.number(),
    memory: v.number(),
    unknown: v.number(),
  }),
  flight: v.object({
    required: v.number(),
    optional: v.number(),
    offered: v.number(),
    unknown: v.number(),
  }),
  /** Of connections that are open now, which is another question than what is required of new ones. */
  sessions: v.object({ state: v.literal("unknown"), why: v.string() }),
  /** What is not encrypted, what could not be checked, and what to do; one sentence each. */
  findings: v.array(v.string()),
  daemons: pageOf(daemonSchema),
});
export type Encryption = v.InferOutput<typeof encryptionSchema>;
