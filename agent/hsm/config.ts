/** A driver file, /etc/dsecos/hsm.d/<name>.json: one PKCS#11 module and what it is for. */
import * as v from "valibot";
import { regionSchema } from "./algorithms.ts";

const path = v.pipe(v.string(), v.startsWith("/", "must be an absolute path"));

/** A number of PKCS#11 as its headers write it, such as 0x1041 or 0x80000003. */
const numberSchema = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-fA-F]{1,8}$/, "must be written as 0x1041"),
);

const credentialSchema = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9.-]{0,63}$/, "must be the name of a systemd credential"),
);

export const driverNameSchema = v.pipe(
  v.string(),
  v.regex(
    /^[a-z][a-z0-9-]{0,30}$/,
    "A driver's name has up to 31 characters: a-z, 0-9 and hyphens.",
  ),
);

/**
 * What a FIPS certificate says, as the operator read it. Shown as the operator's word, never as ours.
 */
const fipsSchema = v.strictObject({
  certificate: v.pipe(v.string(), v.regex(/^[0-9]{1,6}$/, "must be the certificate's number")),
  level: v.picklist([1, 2, 3, 4]),
  standard: v.picklist(["FIPS 140-2", "FIPS 140-3"]),
  enteredBy: v.pipe(v.string(), v.minLength(1)),
});

export const driverConfigSchema = v.strictObject({
  /** The shared library, loaded by path in the driver's own process. */
  module: path,
  /** Where the tokens are, as a tenant's rules mean it. */
  region: regionSchema,
  /** Environment that the module reads its own configuration from; never a secret. */
  environment: v.optional(v.record(v.string(), v.string()), {}),
  /**
   * Whether tokens are made by us when a tenant needs one (SoftHSM), or were made by who runs the
   * HSM; then each is named here, by label, with the tenant it belongs to.
   */
  tokens: v.optional(
    v.union([
      v.literal("created"),
      v.pipe(
        v.array(v.strictObject({ tenant: v.string(), label: v.pipe(v.string(), v.maxLength(32)) })),
        v.check(
          (tokens) => new Set(tokens.map(({ label }) => label)).size === tokens.length,
          "must name each token once, since no two tenants share one",
        ),
      ),
    ]),
    "created",
  ),
  /**
   * `derived`: the credential is a secret of 32 bytes or more, and every token's PIN comes from it by
   * HKDF-SHA-256 over its label. `given`: the credential is the PIN of all tokens here.
   */
  pin: v.strictObject({
    credential: credentialSchema,
    form: v.optional(v.picklist(["derived", "given"]), "derived"),
  }),
  /** Calls into the module at once: 1 beside the machine, 16 to 32 for one behind a network. */
  concurrency: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64)), 1),
  /** How long one call may take before the process is killed, in seconds; making keys 60. */
  deadlineSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(60)), 5),
  /**
   * Numbers where a vendor has its own, by name without CKM_ or CKA_: ML_DSA_KEY_PAIR_GEN, …; the
   * type of ML-DSA keys is KEY_ML_DSA.
   */
  numbers: v.optional(v.record(v.string(), numberSchema), {}),
  fips: v.optional(fipsSchema),
});

export type DriverConfig = v.InferOutput<typeof driverConfigSchema>;
