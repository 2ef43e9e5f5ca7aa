/** What is asked of the cluster, and for how long each answer is good. */
import type { Target } from "../link/types.ts";

export interface Source {
  to: Extract<Target, string>;
  prefix: string;
  args?: Record<string, unknown>;
  /** From this age on it is read again behind the answer; in milliseconds. */
  agesMs: number;
}

/** Older than so many times the age above it is not answered with. */
export const oldestAges = 6;

const second = 1000;

export const sources = {
  status: { to: "mon", prefix: "status", agesMs: second },
  health: { to: "mon", prefix: "health", args: { detail: "detail" }, agesMs: second },
  osdmap: { to: "mon", prefix: "osd dump", agesMs: 2 * second },
  crush: { to: "mon", prefix: "osd crush dump", agesMs: 10 * second },
  df: { to: "mon", prefix: "df", args: { detail: "detail" }, agesMs: 5 * second },
  versions: { to: "mon", prefix: "versions", agesMs: 10 * second },
  osdMetadata: { to: "mon", prefix: "osd metadata", agesMs: 30 * second },
  monmap: { to: "mon", prefix: "mon dump", agesMs: 10 * second },
  // Who took a place over is to be told at once, and is known where it listens.
  mgrmap: { to: "mon", prefix: "mgr dump", agesMs: 2 * second },
  fsmap: { to: "mon", prefix: "fs dump", agesMs: 2 * second },
  services: { to: "mon", prefix: "service dump", agesMs: 10 * second },
  monMetadata: { to: "mon", prefix: "mon metadata", agesMs: 30 * second },
  mgrMetadata: { to: "mon", prefix: "mgr metadata", agesMs: 30 * second },
  mdsMetadata: { to: "mon", prefix: "mds metadata", agesMs: 30 * second },
  /** Of what monitors keep for others, such as LUKS keys: names alone. */
  keyNames: { to: "mon", prefix: "config-key ls", agesMs: 30 * second },
  settings: { to: "mon", prefix: "config dump", agesMs: 10 * second },
  /** Who has a key, and what for: the helper takes the keys out. */
  entities: { to: "mon", prefix: "auth ls", agesMs: 10 * second },
  // Of the manager, which a cluster can be without.
  pgStat: { to: "mgr", prefix: "pg stat", agesMs: second },
  pgs: { to: "mgr", prefix: "pg dump", args: { dumpcontents: ["pgs_brief"] }, agesMs: 10 * second },
  /** How much is in each: some 3 KB for each, so that large clusters are not asked. */
  pgUse: { to: "mgr", prefix: "pg dump", args: { dumpcontents: ["pgs"] }, agesMs: 10 * second },
  osdDf: { to: "mgr", prefix: "osd df", agesMs: 5 * second },
  osdPerf: { to: "mgr", prefix: "osd perf", agesMs: 5 * second },
  autoscale: { to: "mgr", prefix: "osd pool autoscale-status", agesMs: 30 * second },
  poolStats: { to: "mgr", prefix: "osd pool stats", agesMs: 2 * second },
  progress: { to: "mgr", prefix: "progress json", agesMs: 2 * second },
  devices: { to: "mgr", prefix: "device ls", agesMs: 30 * second },
} as const satisfies Record<string, Source>;

export type FactName = keyof typeof sources;
