/**
 * What nodes write beside their Incus member for a drill: the one that goes away announces it, the others
 * tell what they saw. To a reader both are text of somebody else: checked, bounded, and no more done for
 * them than asking for some minutes.
 */
import * as v from "valibot";
import { identifierSchema, timeSchema } from "../../bus/fields.ts";
import { readPublished } from "../facts/schema.ts";
import { drillKinds, type Gaps, gapsSchema, longestSeconds } from "./answers.ts";

export const drillKey = "user.dsecos.drill";
export const seenKey = "user.dsecos.drill-seen";
/** Changed by nothing but the asking whether it can be changed. */
export const probeKey = "user.dsecos.drill-probe";

/** Of the JSON of each, in bytes. */
export const maximumDrill = 512;

const announcementSchema = v.object({
  format: v.literal(1),
  id: identifierSchema,
  kind: v.picklist(drillKinds),
  at: v.pipe(timeSchema, v.maxLength(40)),
  /** How long it is to stay away. */
  seconds: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(longestSeconds)),
  /** It is over, whatever came of it. */
  over: v.boolean(),
});
export type Announcement = v.InferOutput<typeof announcementSchema>;

const seenSchema = v.object({
  format: v.literal(1),
  id: identifierSchema,
  /** Null while it measures. */
  gaps: v.nullable(gapsSchema),
});

/** @returns undefined for nothing, and for what no agent writes */
export function readAnnouncement(text: string): Announcement | undefined {
  const read = readPublished(text, maximumDrill, announcementSchema);
  return "value" in read ? read.value : undefined;
}

/** @returns what a member saw of the drill `id`, null while it measures; undefined where it told nothing */
export function readSeen(text: string, id: string): Gaps | null | undefined {
  const read = readPublished(text, maximumDrill, seenSchema);
  return "value" in read && read.value.id === id ? read.value.gaps : undefined;
}

export function writeAnnouncement(announcement: Omit<Announcement, "format">): string {
  return JSON.stringify({ format: 1, ...announcement });
}

export function writeSeen(id: string, gaps: Gaps | null): string {
  return JSON.stringify({ format: 1, id, gaps });
}
