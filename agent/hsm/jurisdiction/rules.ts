/**
 * A tenant's rules for its keys, kept as JSON in a key of its Incus project: they are there before
 * it has a token, and on every node of the cluster. With its first key they are written down, so that
 * from then on only two people change them. Imports nothing from node:.
 */
import * as v from "valibot";
import { quorumSettingSchema } from "../../approvals/quorum.ts";
import { timeSchema } from "../../bus/fields.ts";
import { regionSchema } from "../algorithms.ts";

export const rulesKey = "user.dsecos.hsm.rules";

function regionsSchema(description: string) {
  return v.pipe(
    v.array(regionSchema),
    v.minLength(1, "Name at least one region."),
    v.maxLength(20, "At most 20 regions."),
    v.check((regions) => new Set(regions).size === regions.length, "Name each region once."),
    v.description(description),
  );
}

/** What an officer sets. */
export const rulesSchema = v.strictObject({
  live: regionsSchema("Region where keys may live, for example UK"),
  use: regionsSchema("Region where keys may be used, for example UK"),
  /** Who must approve what cannot be taken back; any other officer where nothing is said. */
  quorum: v.optional(quorumSettingSchema),
});
export type Rules = v.InferOutput<typeof rulesSchema>;

/** As they are kept. */
export const keptRulesSchema = v.object({
  version: v.literal(1),
  ...rulesSchema.entries,
  setAt: timeSchema,
  setBy: v.string(),
});
export type KeptRules = v.InferOutput<typeof keptRulesSchema>;

/** What holds before there are any: the tenant's own jurisdiction, for both. */
export function rulesOf(kept: KeptRules | undefined, jurisdiction: string): Rules {
  if (kept === undefined) return { live: [jurisdiction], use: [jurisdiction] };
  const { version: _version, setAt: _setAt, setBy: _setBy, ...rules } = kept;
  return rules;
}

/** @throws Error where the text is not what we wrote: then nothing may be done with a key. */
export function parseRules(text: string): KeptRules {
  return v.parse(keptRulesSchema, JSON.parse(text));
}
