/** What the agent answers about drivers. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";
import { pinSources } from "../driver/types.ts";

/** `badFile`: the driver's file cannot be used; the reason says why. */
export const driverStates = ["starting", "ready", "restarting", "failed", "badFile"] as const;

/**
 * How the credential with the PIN is sealed. `tpm`: only this machine's TPM opens it; `tpmAndHost`:
 * the TPM and a key of this machine; `host`: a key in a file of this machine; `none`: it is not
 * sealed, or with nothing secret; `unknown`: it could not be found out.
 */
export const pinSeals = ["tpm", "tpmAndHost", "host", "none", "unknown"] as const;
export type PinSeal = (typeof pinSeals)[number];

export const assuranceSchema = v.object({
  kind: v.picklist(["hardware", "software", "unknown"]),
  /** `claimed`: the operator entered a certificate for hardware; it is the operator's word. */
  validated: v.picklist(["claimed", "no"]),
  words: v.pipe(v.string(), v.description("One sentence for an auditor")),
});
export type Assurance = v.InferOutput<typeof assuranceSchema>;

export const driverSchema = v.object({
  name: v.string(),
  file: v.string(),
  state: v.picklist(driverStates),
  reason: v.pipe(v.string(), v.description("Why it is not ready and what to do; empty else")),
  since: v.union([timeSchema, v.literal("")]),
  restarts: v.number(),
  module: v.pipe(v.string(), v.description("Path of the PKCS#11 module")),
  region: v.string(),
  tokensAre: v.pipe(
    v.picklist(["created", "given"]),
    v.description("Whether tokens are made here, or by who runs the HSM"),
  ),
  /** What the module says of itself; null while it does not answer. */
  says: v.nullable(
    v.object({
      manufacturer: v.string(),
      description: v.string(),
      libraryVersion: v.string(),
      cryptokiVersion: v.string(),
    }),
  ),
  tokens: v.pipe(v.nullable(v.number()), v.description("How many it has; null where unknown")),
  assurance: assuranceSchema,
  /** The operator's word. */
  fips: v.nullable(
    v.object({
      certificate: v.string(),
      level: v.number(),
      standard: v.string(),
      enteredBy: v.string(),
    }),
  ),
  pin: v.object({
    credential: v.string(),
    /** As the driver's process found it. */
    source: v.picklist(pinSources),
    seal: v.picklist(pinSeals),
    words: v.string(),
  }),
});
export type DriverRow = v.InferOutput<typeof driverSchema>;

export const driversSchema = v.object({
  at: timeSchema,
  directory: v.string(),
  rows: v.array(driverSchema),
});
export type DriversAnswer = v.InferOutput<typeof driversSchema>;
