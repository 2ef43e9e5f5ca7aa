/**
 * What the agent answers about policies that were built: statements, history, differences. Imports
 * nothing from node:, since the pages use it too.
 */
import * as v from "valibot";
import { cursorSchema, limitSchema, pageOf, timeSchema } from "../../bus/fields.ts";

/** Hexadecimal, of a policy's file. */
export const policyHashSchema = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/, "A policy is named by its SHA-256: 64 characters of 0-9 and a-f."),
);

/** Of two sides of a comparison. */
export const policyNameSchema = v.pipe(
  v.string(),
  v.regex(
    /^(loaded|[0-9a-f]{64})$/,
    "A policy is named by its SHA-256, 64 characters of 0-9 and a-f, or is the one “loaded”.",
  ),
);

const whole = (description: string) =>
  v.pipe(v.number(), v.integer(), v.minValue(0), v.description(description));
const sha256 = (description: string) => v.pipe(policyHashSchema, v.description(description));
const text = (description: string) => v.pipe(v.string(), v.description(description));

/** First and last, both included. */
const rangesSchema = v.array(v.tuple([v.number(), v.number()]));

/** What a node says of a policy that it built and proved; signed by a key of that node. */
export const statementSchema = v.strictObject({
  format: v.literal("dsecos.org/selinux-policy/1"),
  policy: sha256("Of policy.33"),
  fileContexts: sha256("Of file_contexts"),
  rules: sha256("Of the policy's rules by their names, which the kernel's copy of it has too"),
  version: v.literal(33),
  bytes: whole("Size of policy.33"),
  slots: v.strictObject({
    count: whole("Of tenants, in quarantine and spare"),
    ranges: rangesSchema,
    tenants: whole("How many had a tenant when it was built"),
    quarantined: whole("How many were kept for files of tenants that are gone"),
  }),
  typeIds: v.strictObject({ used: whole("Types and attributes"), limit: whole("Of the kernel") }),
  counts: v.strictObject({
    types: whole("Without attributes"),
    attributes: whole("Sets of types"),
    allowRules: whole("That always hold"),
    conditionalRules: whole("That depend on booleans"),
    typeRules: whole("That give a new type"),
  }),
  proofs: v.strictObject({
    /** Both passed, or there would be no statement. */
    compiler: v.strictObject({ proved: v.literal(true), neverallows: whole("Rules it checked") }),
    reader: v.strictObject({
      proved: v.literal(true),
      assumptions: sha256("Of the trusted base and the shared types, as canonical JSON"),
    }),
  }),
  inputs: v.strictObject({
    own: sha256("Of our own sources: a line NAME SHA-256 for each"),
    modules: sha256("Of Debian's modules, in the same form"),
    moduleCount: whole("How many of Debian's modules"),
    tools: v.record(v.string(), policyHashSchema),
    packages: v.record(v.string(), v.string()),
  }),
  node: text("Host name of who built it"),
  at: timeSchema,
  by: v.strictObject({ user: v.string(), uid: v.number() }),
  signer: v.strictObject({
    key: text("Public key as NAME+ID+BASE64"),
    fingerprint: sha256("Of the 32 bytes of the public key"),
  }),
});

export type Statement = v.InferOutput<typeof statementSchema>;

/**
 * - `confirmed`: a person confirmed it, or installed it where SELinux was off
 * - `pending`: loaded, and goes again unless it is confirmed in time
 * - `signed`: built and signed by a trusted node, and not loaded by this agent
 * - `unsigned`: nobody that this node trusts says anything of it
 * - `none`: no policy is loaded
 * - `unknown`: it could not be read
 */
export const origins = ["confirmed", "pending", "signed", "unsigned", "none", "unknown"] as const;

/** In Show: where the loaded policy comes from. */
export const originSchema = v.object({
  origin: v.picklist(origins),
  policy: text("SHA-256 of the built policy that it is; empty where it is none of them"),
  confirmUntil: text("While it is pending: when it goes again; empty else"),
  by: text("While it is pending: who loaded it and must confirm it; empty else"),
});

export type Origin = v.InferOutput<typeof originSchema>;

export const policyEvents = ["built", "loaded", "confirmed", "rolled back", "removed"] as const;

const eventSchema = v.object({
  event: v.picklist(policyEvents),
  at: timeSchema,
  actor: v.string(),
  sequence: whole("Of the entry in the audit log"),
  reason: text("Why it was rolled back; empty else"),
});

export const builtPolicySchema = v.object({
  policy: policyHashSchema,
  state: v.pipe(
    v.picklist(["loaded", "pending", "installed", "kept", "removed"]),
    v.description(
      "installed: confirmed, and loaded at the next start; kept: can be loaded; removed: only its record is left",
    ),
  ),
  /** Why it cannot be loaded; empty where it can, or is not there any more. */
  problem: v.string(),
  statement: v.nullable(statementSchema),
  events: v.pipe(v.array(eventSchema), v.description("Of the audit log, newest first")),
});

export const policiesFilterSchema = v.strictObject({
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 50),
});

export const policiesSchema = pageOf(builtPolicySchema);
export type BuiltPolicy = v.InferOutput<typeof builtPolicySchema>;
export type Policies = v.InferOutput<typeof policiesSchema>;

export const loadOptionsSchema = v.strictObject({
  confirmSeconds: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(30, "Give yourself at least 30 seconds."),
      v.maxValue(900, "It is taken back after 900 seconds at the latest."),
      v.description("Time to confirm it, in seconds, before the policy of before comes back"),
    ),
    120,
  ),
});

/** Kinds of differences, in the order in which they are listed. */
export const sections = [
  "policy",
  "slots",
  "types",
  "attributes",
  "members",
  "rules",
  "transitions",
  "booleans",
  "permissive",
  "constraints",
  "labels",
  "roles",
] as const;

export const compareFilterSchema = v.strictObject({
  section: v.optional(
    v.pipe(v.picklist(sections), v.description("Only what is different in this")),
  ),
  weakens: v.optional(v.pipe(v.boolean(), v.description("Only what gives more rights"))),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
});

const countSchema = v.object({
  section: v.picklist(sections),
  added: v.number(),
  removed: v.number(),
  weakens: whole("How many of them give more rights"),
});

export const differenceRowSchema = v.object({
  section: v.picklist(sections),
  change: v.picklist(["added", "removed"]),
  weakens: v.pipe(v.boolean(), v.description("Gives more rights, or takes a check away")),
  text: text("As a policy would say it"),
});

export const comparisonSchema = v.object({
  before: v.object({ policy: v.string(), rules: policyHashSchema }),
  after: v.object({ policy: v.string(), rules: policyHashSchema }),
  same: v.pipe(v.boolean(), v.description("Both say the same, whatever their bytes")),
  weakens: v.pipe(
    v.array(v.string()),
    v.description("Why a second person should look closely, in sentences; empty where nothing is"),
  ),
  /** Slots like those of before, of which nothing else is listed. */
  slots: v.object({ added: rangesSchema, removed: rangesSchema }),
  counts: v.pipe(v.array(countSchema), v.description("Of what differs, all of it")),
  rows: v.array(differenceRowSchema),
  total: whole("How many rows there are with this filter"),
  next: cursorSchema,
});

export type CompareFilter = v.InferOutput<typeof compareFilterSchema>;
export type Comparison = v.InferOutput<typeof comparisonSchema>;
export type DifferenceRow = v.InferOutput<typeof differenceRowSchema>;
