/** What the agent answers about the policy's settings. Imports nothing from node:, see ../answers.ts. */
import * as v from "valibot";
import { cursorSchema, limitSchema, lineSchema, pageOf, timeSchema } from "../../bus/fields.ts";
import { proofSchema } from "../answers.ts";

/** A name of the policy, as for a boolean. */
export const booleanNameSchema = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z_]\w{0,99}$/, "A boolean's name has letters, digits and underscores."),
);

const names = v.array(v.string());

const booleanSchema = v.object({
  name: v.string(),
  description: v.pipe(
    v.string(),
    v.description("Of the policy's package; empty where it has none"),
  ),
  current: v.pipe(v.nullable(v.boolean()), v.description("Null where no policy is loaded")),
  /** What the kernel was told and does not apply yet; equals `current` unless somebody is at it. */
  pending: v.nullable(v.boolean()),
  default: v.pipe(
    v.nullable(v.boolean()),
    v.description("Of the policy on disk, which the next start loads; null where that has none"),
  ),
  rules: v.pipe(v.number(), v.description("Rules of access that depend on it")),
});

const userSchema = v.object({
  name: v.string(),
  roles: names,
  level: v.pipe(v.string(), v.description("With which a session begins")),
  range: v.string(),
});

const loginSchema = v.object({
  login: v.pipe(v.string(), v.description("`__default__` for all without a line of their own")),
  user: v.string(),
  range: v.string(),
});

const portSchema = v.object({
  type: v.string(),
  protocol: v.string(),
  range: v.pipe(v.string(), v.description("One port or first-last")),
});

const moduleGroupSchema = v.object({
  name: v.string(),
  reason: v.pipe(v.string(), v.description("Why it is there; empty for a policy of others")),
  modules: names,
});

const fileSystemSchema = v.object({
  name: v.string(),
  path: v.pipe(v.string(), v.description("Within the file system; empty for all of it")),
  how: v.pipe(
    v.string(),
    v.description("Where its files' labels come from: xattr, transition, task or genfs"),
  ),
  type: v.string(),
});

export const settingsSchema = v.object({
  at: timeSchema,
  state: v.picklist(["enforcing", "permissive", "disabled", "unknown"]),
  /** The policy that all of this is about; null where there is none. */
  policy: v.nullable(
    v.object({
      from: v.pipe(
        v.picklist(["kernel", "store"]),
        v.description("`store` where SELinux is off: what the next start would load"),
      ),
      path: v.string(),
      sha256: v.string(),
      version: v.number(),
      size: v.pipe(v.number(), v.description("In bytes")),
      unknown: v.pipe(
        v.picklist(["deny", "reject", "allow"]),
        v.description("What is done with permissions that the policy does not know"),
      ),
    }),
  ),
  counts: proofSchema.entries.counts,
  mostTypeIds: v.number(),
  booleans: v.array(booleanSchema),
  /** Domains that nothing is refused to; none are expected. */
  permissive: names,
  users: v.array(userSchema),
  logins: v.array(loginSchema),
  ports: v.array(portSchema),
  capabilities: v.array(v.object({ name: v.string(), on: v.boolean() })),
  fileSystems: v.array(fileSystemSchema),
  store: v.nullable(
    v.object({
      name: v.string(),
      directory: v.string(),
      ours: v.pipe(v.boolean(), v.description("Built by the agent from the groups below")),
      modules: v.array(moduleGroupSchema),
    }),
  ),
  /** What could not be found out, and why. */
  unknown: v.array(v.object({ what: v.string(), reason: v.string() })),
});

const rulesSchema = v.object({
  rules: v.number(),
  pairs: v.pipe(v.number(), v.description("Pairs of types that these rules speak about")),
  examples: names,
});

export const booleanEffectSchema = v.object({
  name: v.string(),
  value: v.boolean(),
  current: v.boolean(),
  opens: rulesSchema,
  closes: rulesSchema,
  /** Rules that give new objects their type, which begin or cease to hold. */
  typeRules: v.number(),
  proof: v.pipe(v.string(), v.description("Why tenants are apart with either value, in words")),
});

export const slotSortKeys = ["slot", "tenant", "processes", "mislabelled"] as const;

export const slotFilterSchema = v.strictObject({
  text: v.optional(
    v.pipe(lineSchema(100), v.description("Only those with this in the tenant's or a type's name")),
    "",
  ),
  use: v.optional(v.picklist(["all", "used", "spare"]), "all"),
  sort: v.optional(v.picklist(slotSortKeys), "slot"),
  descending: v.optional(v.boolean(), false),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
});

export const slotSchema = v.object({
  slot: v.number(),
  name: v.pipe(v.string(), v.description("With which its types' names begin")),
  tenant: v.pipe(v.string(), v.description("Who has it; empty for a spare one")),
  types: v.object({
    ...{ container: v.string(), vm: v.string(), file: v.string() },
    ...{ volume: v.string(), image: v.string(), run: v.string() },
  }),
  processes: v.pipe(
    v.nullable(v.number()),
    v.description("Running in its two domains; null where SELinux does not tell"),
  ),
  mislabelled: v.pipe(
    v.nullable(v.number()),
    v.description("Findings of the newest check of labels; null where it looked at none"),
  ),
});

export const slotPageSchema = v.object({
  ...pageOf(slotSchema).entries,
  slots: v.number(),
  used: v.number(),
  spare: v.number(),
  typeIds: v.number(),
  mostTypeIds: v.number(),
  /** Tenants whose slot the policy does not have: they cannot run. */
  missing: v.array(v.object({ slot: v.number(), tenant: v.string() })),
  /** Why it is not known who has which slot; empty where it is. */
  holdersUnknown: v.string(),
});

export type Settings = v.InferOutput<typeof settingsSchema>;
export type BooleanEffect = v.InferOutput<typeof booleanEffectSchema>;
export type SlotFilter = v.InferOutput<typeof slotFilterSchema>;
export type Slot = v.InferOutput<typeof slotSchema>;
export type SlotPage = v.InferOutput<typeof slotPageSchema>;
