/** What is read of the cluster for topology, capacity and encryption, and for how long it is kept. */
import type { Target } from "../link/types.ts";

interface Fact {
  to: Exclude<Target, number>;
  prefix: string;
  args?: Record<string, unknown>;
  keptMs: number;
}

const second = 1000;

export const facts = {
  osdDump: { to: "mon", prefix: "osd dump", keptMs: 2 * second },
  crushDump: { to: "mon", prefix: "osd crush dump", keptMs: 5 * second },
  osdDf: { to: "mgr", prefix: "osd df", keptMs: 5 * second },
  osdPerf: { to: "mgr", prefix: "osd perf", keptMs: 5 * second },
  df: { to: "mon", prefix: "df", args: { detail: "detail" }, keptMs: 5 * second },
  osdMetadata: { to: "mon", prefix: "osd metadata", keptMs: 60 * second },
  keyNames: { to: "mon", prefix: "config-key ls", keptMs: 60 * second },
  monDump: { to: "mon", prefix: "mon dump", keptMs: 10 * second },
  monMetadata: { to: "mon", prefix: "mon metadata", keptMs: 60 * second },
  mgrDump: { to: "mon", prefix: "mgr dump", keptMs: 10 * second },
  mgrMetadata: { to: "mon", prefix: "mgr metadata", keptMs: 60 * second },
  fsDump: { to: "mon", prefix: "fs dump", keptMs: 10 * second },
  mdsMetadata: { to: "mon", prefix: "mds metadata", keptMs: 60 * second },
  services: { to: "mon", prefix: "service dump", keptMs: 10 * second },
} as const satisfies Record<string, Fact>;
export type FactName = keyof typeof facts;

/** Settings that a daemon runs with; asked of one daemon after the other. */
export const settingsCommand = { to: "mon", prefix: "config show", keptMs: 300 * second } as const;
