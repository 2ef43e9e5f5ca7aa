/** What somebody may export. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";
import { tenantNameSchema } from "../../tenants/names.ts";

export const exportForms = ["whole", "disclosed", "tiles", "ecs"] as const;

export const exportSpecSchema = v.pipe(
  v.strictObject({
    form: v.optional(
      v.pipe(
        v.picklist(exportForms),
        v.description(
          "whole: everything as it is; disclosed: chosen events with proofs; tiles: for the tools of other logs; ecs: documents of the Elastic Common Schema",
        ),
      ),
      "whole",
    ),
    from: v.optional(v.pipe(timeSchema, v.description("Only events from this time on"))),
    to: v.optional(v.pipe(timeSchema, v.description("Only events up to this time"))),
    tenant: v.optional(
      v.pipe(tenantNameSchema, v.description("Only what concerns this tenant; disclosed and ecs")),
    ),
    pseudonyms: v.optional(
      v.pipe(v.boolean(), v.description("Replace personal data; disclosed and ecs")),
      false,
    ),
  }),
  v.check(
    ({ form, tenant, pseudonyms }) =>
      form === "disclosed" || form === "ecs" || (tenant === undefined && !pseudonyms),
    "The forms whole and tiles hold everything as it is: choose disclosed or ecs for one tenant or for pseudonyms.",
  ),
  v.check(
    ({ form, from, to }) => form !== "tiles" || (from === undefined && to === undefined),
    "The form tiles holds the whole tree: leave the times out.",
  ),
);

export type ExportSpec = v.InferOutput<typeof exportSpecSchema>;
