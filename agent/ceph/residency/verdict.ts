/** What is said of each pool, and why. Imports nothing from node:. */
import * as v from "valibot";

export const verdicts = ["proven", "violated", "unknown"] as const;
export type Outcome = (typeof verdicts)[number];

/**
 * - `input`: something that was given has a form that is not understood
 * - `pool`: it is not there, or another has its name
 * - `rule`: what its CRUSH rule could choose
 * - `pgs`: placement groups missing from the list, or not settled
 * - `up`, `acting`: OSDs that they have now; `pgTemp` to `upmapPrimary`: that somebody gave them
 * - `held`: what OSDs say they hold: strays, OSDs that are out, what is being removed
 * - `rbd`, `cephfs`, `rgw`: copies that the cluster sends elsewhere; `client`: those who fetch them
 * - `map`: nobody signed where it may be
 */
export const mechanisms = [
  "input",
  "pool",
  "rule",
  "pgs",
  "up",
  "acting",
  "pgTemp",
  "primaryTemp",
  "upmap",
  "upmapItems",
  "upmapPrimary",
  "held",
  "rbd",
  "cephfs",
  "rgw",
  "client",
  "map",
] as const;
export type Mechanism = (typeof mechanisms)[number];

export const findingSchema = v.object({
  effect: v.picklist(["violates", "unknown"]),
  mechanism: v.picklist(mechanisms),
  sentence: v.string(),
  /** The pool whose copy it is, where that is a tier of the one in question or its file system's metadata. */
  through: v.optional(v.string()),
  osd: v.optional(v.number()),
  pg: v.optional(v.string()),
  rule: v.optional(v.string()),
  /** From 0. */
  step: v.optional(v.number()),
  /** Names of buckets from above down to the OSD. */
  path: v.optional(v.array(v.string())),
});
export type Finding = v.InferOutput<typeof findingSchema>;

export const poolVerdictSchema = v.object({
  pool: v.string(),
  /** null where there is no such pool. */
  id: v.nullable(v.number()),
  allowed: v.array(v.string()),
  verdict: v.picklist(verdicts),
  /** What its rule could ever choose; where copies are or may be now; what is sent elsewhere. */
  parts: v.object({
    rule: v.picklist(verdicts),
    copies: v.picklist(verdicts),
    exits: v.picklist(verdicts),
  }),
  counts: v.object({
    /** OSDs that its rule could choose. */
    possible: v.number(),
    /** OSDs that its placement groups have. */
    having: v.number(),
    pgs: v.number(),
  }),
  /** The first ones, those that violate before others. */
  findings: v.array(findingSchema),
  /** All, by mechanism; those without any are left out. */
  totals: v.record(v.string(), v.number()),
  total: v.number(),
});
export type PoolVerdict = v.InferOutput<typeof poolVerdictSchema>;

export const verdictSchema = v.object({
  /** The worst of all pools; `unknown` where there is none. */
  verdict: v.picklist(verdicts),
  /** fsid; empty where the OSD map is not understood. */
  cluster: v.string(),
  epoch: v.number(),
  /**
   * SHA-256 in hexadecimal: of the texts `osdmap`, `crush`, `pgs` and `holdings` as they were given,
   * without white space before and behind; of `exits` and `map` as canonical JSON (RFC 8785). null for
   * what was not given.
   */
  inputs: v.object({
    osdmap: v.string(),
    crush: v.string(),
    pgs: v.nullable(v.string()),
    holdings: v.nullable(v.string()),
    counts: v.nullable(v.string()),
    exits: v.nullable(v.string()),
    /** Buckets, peers and demands that were proved against. */
    map: v.string(),
  }),
  counts: v.object({
    pools: v.number(),
    proven: v.number(),
    violated: v.number(),
    unknown: v.number(),
    osds: v.number(),
    buckets: v.number(),
    pgs: v.number(),
  }),
  pools: v.array(poolVerdictSchema),
  /** Pools of which nobody said where they may be; nothing is proven of them. */
  undemanded: v.array(v.string()),
  /** Ways out that no map of a cluster shows. */
  notJudged: v.array(v.string()),
  /** How long the proof took, in milliseconds. */
  milliseconds: v.number(),
});
export type Verdict = v.InferOutput<typeof verdictSchema>;

export const notJudged = [
  "what clients do with what they read, backups among it, and those that come through gateways",
  "whether a host stands where its CRUSH bucket says",
  "disks of OSDs that were destroyed or removed from the map",
];

/** Where the signed map names no networks, too. */
export const clientsNotJudged = "clients that read from elsewhere: the map names no networks";
