/** What the agent answers about settings of the cluster. Imports nothing from node:, since the pages use it too. */
import * as v from "valibot";
import { cursorSchema, limitSchema, lineSchema, pageOf, timeSchema } from "../../bus/fields.ts";

/**
 * Where a value comes from. `cluster`: the monitors keep it for all it is for. `file`: daemons read it
 * from their ceph.conf. `override`: somebody told a daemon while it ran, until it is restarted. `other`:
 * its command line or environment.
 */
export const settingSources = ["cluster", "file", "override", "other"] as const;
export type SettingSource = (typeof settingSources)[number];

export const settingRowSchema = v.object({
  /** Unique in the list, and the same in the next answer. */
  id: v.string(),
  name: v.string(),
  /** As it stands there; empty where it is secret. */
  value: v.string(),
  /** It is or may be a secret, and is not shown. */
  secret: v.boolean(),
  source: v.picklist(settingSources),
  /** Of the cluster's settings: whom it is for, such as global, osd, osd.3; else empty. */
  section: v.string(),
  /** Narrows the section, such as class:hdd; empty for all of it. */
  mask: v.string(),
  /** Of other sources: the first 20 daemons that run with it, and how many were seen to. */
  daemons: v.array(v.string()),
  daemonCount: v.number(),
  /** What holds where nobody says anything; empty where Ceph does not tell. */
  fallback: v.string(),
  /** Whether Ceph knows a setting of this name. */
  known: v.boolean(),
  /** basic, advanced or dev; empty where Ceph does not tell. */
  level: v.string(),
  description: v.string(),
  /** A daemon takes a new value while it runs. */
  runtime: v.boolean(),
  /** What it weakens, and what to do; empty where it weakens nothing that is known here. */
  weakens: v.string(),
});
export type SettingRow = v.InferOutput<typeof settingRowSchema>;

export const settingFilterSchema = v.strictObject({
  /** Words that must all occur in the name, value, section or description. */
  search: v.optional(lineSchema(200), ""),
  source: v.optional(v.array(v.picklist(settingSources)), []),
  /** Only those that weaken something. */
  weak: v.optional(v.boolean(), false),
  sort: v.optional(v.picklist(["name", "source", "section", "level"]), "name"),
  descending: v.optional(v.boolean(), false),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
});
export type SettingFilter = v.InferOutput<typeof settingFilterSchema>;

export const settingsPageSchema = v.object({
  at: timeSchema,
  /** Daemons that told what they run with within five minutes, and how many there are. */
  asked: v.number(),
  daemons: v.number(),
  /** Of all rows, those that weaken something. */
  weak: v.number(),
  /** What could not be read, one sentence each. */
  missing: v.array(v.string()),
  ...pageOf(settingRowSchema).entries,
});
export type SettingsPage = v.InferOutput<typeof settingsPageSchema>;
