/** Which events somebody asks for. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { cursorSchema, limitSchema, lineSchema, timeSchema } from "../bus/fields.ts";
import { outcomes, sources } from "./entry.ts";

const exactly = (maximum: number, description: string) =>
  v.optional(v.pipe(lineSchema(maximum), v.minLength(1), v.description(description)));

const conditions = {
  from: v.optional(
    v.pipe(timeSchema, v.description("Not before this time, for example 2026-01-31T12:00:00.000Z")),
  ),
  to: v.optional(
    v.pipe(timeSchema, v.description("Before this time, for example 2026-02-01T00:00:00.000Z")),
  ),
  tenant: exactly(100, "Only what concerns this tenant, for example mod-defense"),
  actor: exactly(200, "Only acts of this person or part of the node, for example jane"),
  action: exactly(100, "Only actions that begin with this, for example tenants. or tenants.Create"),
  source: v.optional(v.pipe(v.picklist(sources), v.description("Only what this source noticed"))),
  outcome: v.optional(v.pipe(v.picklist(outcomes), v.description("Only with this outcome"))),
  object: exactly(500, "Only what was done to this object, for example web"),
  flow: exactly(200, "Only this data flow, for example F-17"),
  acts: v.optional(
    v.pipe(v.boolean(), v.description("Leave out what was only read, and nobody was refused")),
  ),
  text: exactly(
    200,
    "Only entries in whose JSON this text stands; looked for in a bounded part of the log at a time",
  ),
};

/** For counting: everything that narrows, nothing that turns pages. */
export const auditConditionsSchema = v.strictObject(conditions);

export const auditFilterSchema = v.strictObject({
  ...conditions,
  after: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(0),
      v.description("Only entries with a greater sequence, to go on from what was seen"),
    ),
  ),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
});

export type AuditConditions = v.InferOutput<typeof auditConditionsSchema>;
export type AuditFilter = v.InferOutput<typeof auditFilterSchema>;
