/** What the agent answers about the cluster's health. Imports nothing from node:. */
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";

export const severities = ["ok", "warning", "error"] as const;

export const healthCheckSchema = v.object({
  code: v.pipe(v.string(), v.description("As Ceph names it")),
  severity: v.picklist(severities),
  /** Whether this agent can explain the code. */
  known: v.boolean(),
  title: v.string(),
  /** In Ceph's own words. */
  says: v.string(),
  count: v.number(),
  /** The first of what it is about, in Ceph's own words. */
  details: v.array(v.string()),
  detailCount: v.number(),
  muted: v.pipe(v.boolean(), v.description("Somebody told Ceph not to warn of it")),
  cause: v.string(),
  risk: v.string(),
  remedy: v.string(),
  command: v.string(),
});
export type HealthCheck = v.InferOutput<typeof healthCheckSchema>;

export const cephHealthSchema = v.object({
  at: timeSchema,
  severity: v.picklist(severities),
  /** The worst first. */
  checks: v.array(healthCheckSchema),
  monitors: v.object({
    total: v.number(),
    quorum: v.array(v.string()),
    missing: v.array(v.string()),
  }),
  manager: v.object({
    /** Name of the active one; empty when there is none. */
    active: v.string(),
    standbys: v.number(),
    problem: v.pipe(v.string(), v.description("Why it is not asked; empty when it answers")),
  }),
  fileSystems: v.array(
    v.object({ name: v.string(), wanted: v.number(), active: v.array(v.string()) }),
  ),
  standbyMds: v.number(),
  osds: v.object({ total: v.number(), up: v.number(), in: v.number() }),
  pools: v.number(),
  groups: v.object({
    total: v.number(),
    /** Those that are active and clean, whatever else they do. */
    clean: v.number(),
    states: v.array(v.object({ state: v.string(), count: v.number() })),
  }),
  room: v.object({ totalKiB: v.number(), usedKiB: v.number(), freeKiB: v.number() }),
  recovery: v.object({
    /** Copies of objects that are missing, and of how many there should be. */
    degraded: v.number(),
    misplaced: v.number(),
    copies: v.number(),
    unfound: v.number(),
    kibPerSecond: v.number(),
    objectsPerSecond: v.number(),
  }),
  scrub: v.object({ running: v.number(), deep: v.number() }),
  progress: v.array(v.object({ what: v.string(), percent: v.number() })),
  versions: v.array(v.object({ kind: v.string(), version: v.string(), daemons: v.number() })),
  mixedVersions: v.boolean(),
  /** Those that keep the cluster from doing something by itself. */
  flags: v.array(v.object({ flag: v.string(), means: v.string() })),
});
export type CephHealth = v.InferOutput<typeof cephHealthSchema>;
