/** What an operator asks to be done, and what is answered. Imports nothing from node:. */
import * as v from "valibot";
import { lineSchema, timeSchema } from "../../bus/fields.ts";
import { reasonSchema } from "../../hsm/keys/answers.ts";

const osdSchema = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0),
  v.maxValue(999_999),
  v.description("Number of the OSD"),
);
const nameSchema = v.pipe(
  lineSchema(200),
  v.regex(/^[A-Za-z0-9._-]+$/, "Names of Ceph's have letters, digits, dots, hyphens and _."),
);

/** Names of pools and rules that are made for tenants' volumes begin with it; their rules stay. */
export const ownPools = "dsecos.";

export const osdActs = ["out", "in", "reweight"] as const;
export const changeKinds = [...osdActs, "crushReweight", "move", "rule"] as const;

interface Parts {
  what: (typeof changeKinds)[number];
  osd?: number | undefined;
  weight?: number | undefined;
  bucket?: string | undefined;
  to?: string | undefined;
  pool?: string | undefined;
  rule?: string | undefined;
}

const partsOf: Record<Parts["what"], readonly (keyof Parts)[]> = {
  out: ["osd"],
  in: ["osd"],
  reweight: ["osd", "weight"],
  crushReweight: ["osd", "weight"],
  move: ["bucket", "to"],
  rule: ["pool", "rule"],
};

function isWhole({ what, ...parts }: Parts): boolean {
  const given = Object.entries(parts).flatMap(([name, value]) => (value === undefined ? [] : name));
  return given.sort().join() === [...partsOf[what]].sort().join();
}

/** What `ceph osd reweight` takes is a share; a CRUSH weight is in TiB. */
const isShare = ({ what, weight = 0 }: Parts) => what !== "reweight" || weight <= 1;

const share = "A reweight is a share, 0 to 1.";

export const changeSchema = v.pipe(
  v.strictObject({
    what: v.pipe(
      v.picklist(changeKinds),
      v.description("What is changed: an OSD out, in, its weight, a bucket's place, a pool's rule"),
    ),
    osd: v.optional(osdSchema),
    weight: v.optional(
      v.pipe(
        v.number(),
        v.minValue(0),
        v.maxValue(10_000),
        v.description("0 to 1 for reweight; in TiB for crushReweight"),
      ),
    ),
    bucket: v.optional(v.pipe(nameSchema, v.description("Bucket that is moved, such as a host"))),
    to: v.optional(v.pipe(nameSchema, v.description("Bucket that it is moved into"))),
    pool: v.optional(v.pipe(nameSchema, v.description("Pool that gets another rule"))),
    rule: v.optional(v.pipe(nameSchema, v.description("CRUSH rule that it gets"))),
  }),
  v.check(
    isWhole,
    "Give osd for out and in, osd and weight for reweight and crushReweight, bucket and to for move, pool and rule for rule; nothing else.",
  ),
  v.check(isShare, share),
);
export type Change = v.InferOutput<typeof changeSchema>;

export const osdChangeSchema = v.pipe(
  v.strictObject({
    what: v.pipe(v.picklist(osdActs), v.description("out, in or reweight")),
    osd: osdSchema,
    weight: v.optional(
      v.pipe(
        v.number(),
        v.minValue(0),
        v.maxValue(1),
        v.description("For reweight alone: the share of its data it keeps, 0 to 1"),
      ),
    ),
    reason: reasonSchema,
  }),
  v.check(
    ({ reason: _reason, ...change }) => isWhole(change),
    "Give a weight for reweight, and for nothing else.",
  ),
);
export type OsdChange = v.InferOutput<typeof osdChangeSchema>;

/** Of one OSD, before and after all data is where it then belongs. */
const osdMoveSchema = v.object({
  osd: v.number(),
  gainsKiB: v.number(),
  losesKiB: v.number(),
  /** Of its room, 0 to 1; null where it did not tell how full it is. */
  share: v.nullable(v.number()),
  shareAfter: v.nullable(v.number()),
  /** While what leaves it is still there. */
  shareMeanwhile: v.nullable(v.number()),
});
export type OsdMove = v.InferOutput<typeof osdMoveSchema>;

/** What Ceph itself answers. */
const askedSchema = v.object({
  question: v.picklist(["okToStop", "safeToDestroy"]),
  /** Null where it did not answer. */
  yes: v.nullable(v.boolean()),
  /** In Ceph's own words. */
  says: v.string(),
});
export type Asked = v.InferOutput<typeof askedSchema>;

/** A way back: member and what it takes, and the command of Ceph's own. */
const undoSchema = v.object({
  /** Empty where no member of ours does it. */
  member: v.picklist(["SetOsd", "SetPoolRule", "EndFlag", ""]),
  change: changeSchema,
  command: v.string(),
});

export const predictionSchema = v.object({
  at: timeSchema,
  /** Of the OSD map that it is made from. */
  epoch: v.number(),
  change: changeSchema,
  /**
   * - `known`: placement was computed, and the same computation gives the cluster's present one
   * - `unknown`: it was not, for the reason in `why`; figures are 0 and mean nothing then
   */
  state: v.picklist(["known", "unknown"]),
  why: v.string(),
  /** `measured`: each placement group's own bytes. `average`: its pool's, shared evenly. */
  basis: v.picklist(["measured", "average"]),
  groups: v.object({
    /** Looked at. */
    total: v.number(),
    /** That get another set of OSDs. */
    moved: v.number(),
    /** For which fewer OSDs are found than the pool wants copies, and were found before. */
    short: v.number(),
    /** Fewer than it needs to serve. */
    belowMinimum: v.number(),
    /** That were placed by hand, so that what becomes of them under another rule is not known. */
    unknown: v.number(),
  }),
  /** Copied between OSDs until all is where it then belongs. */
  movedKiB: v.number(),
  movedObjects: v.number(),
  /** What the fullest OSD is afterwards. */
  fullest: v.nullable(v.object({ osd: v.number(), shareAfter: v.number() })),
  /** OSDs that pass a limit they are below now, also if only while data moves. */
  passes: v.object({
    nearlyFull: v.array(v.number()),
    backfillFull: v.array(v.number()),
    full: v.array(v.number()),
  }),
  /** The 50 that gain or lose most. */
  osds: v.array(osdMoveSchema),
  residency: v.object({
    /** `breaks`: a pool's rule could choose OSDs elsewhere that it could not choose before. */
    verdict: v.picklist(["holds", "breaks", "unknown"]),
    /** Why, one sentence each. */
    reasons: v.array(v.string()),
  }),
  /** Of an OSD that is marked out. */
  asked: v.array(askedSchema),
  /** Why it needs a second person, one sentence each; empty where it does not. */
  dangers: v.array(v.string()),
  /** What is good to know, one sentence each. */
  notes: v.array(v.string()),
  undo: undoSchema,
});
export type Prediction = v.InferOutput<typeof predictionSchema>;

export const comparisonSchema = v.object({
  /**
   * - `waiting`: the cluster has not placed all groups anew yet
   * - `compared`: where groups were predicted stands beside where they are; data still moves
   * - `finished`: it moves no more, and what Ceph counted as copied is told
   * - `failed`: it could not be compared, for the reason in `why`
   */
  state: v.picklist(["waiting", "compared", "finished", "failed"]),
  why: v.string(),
  at: timeSchema,
  /** Groups whose OSDs are those that were predicted, and those that have others. */
  same: v.number(),
  different: v.number(),
  /** Names of the first 20 that have others. */
  differing: v.array(v.string()),
  movedGroups: v.number(),
  /** By the groups that moved and how much is in each. */
  movedKiB: v.number(),
  /** What Ceph counted as copied since, for whatever reason; null until nothing moves any more. */
  copiedKiB: v.nullable(v.number()),
  /** The most objects that Ceph counted as misplaced or with a copy too few, at one time. */
  peakObjects: v.number(),
});
export type Comparison = v.InferOutput<typeof comparisonSchema>;

/** Something that was done, what was predicted and what came. */
export const actSchema = v.object({
  id: v.string(),
  at: timeSchema,
  by: v.string(),
  reason: v.string(),
  prediction: predictionSchema,
  comparison: comparisonSchema,
});
export type Act = v.InferOutput<typeof actSchema>;

export const actsSchema = v.object({
  /** The newest first; those since this agent started, 50 at most. The record has all. */
  acts: v.array(actSchema),
});
export type Acts = v.InferOutput<typeof actsSchema>;

/** What can be stopped for a while. */
export const windowFlags = [
  "noout",
  "norebalance",
  "nobackfill",
  "norecover",
  "noscrub",
  "nodeep-scrub",
  "nosnaptrim",
] as const;
export const flagSchema = v.pipe(
  v.picklist(windowFlags),
  v.description("What is stopped for a while, as Ceph names it"),
);

export const minutesSchema = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1, "A window has a minute at least."),
  v.maxValue(1440, "A window has 1440 minutes at most, which is a day; set it once more then."),
  v.description("For how many minutes, 1 to 1440"),
);

const windowSchema = v.object({
  id: v.string(),
  by: v.string(),
  node: v.string(),
  reason: v.string(),
  at: timeSchema,
  until: timeSchema,
});
export type Window = v.InferOutput<typeof windowSchema>;

export const flagRowSchema = v.object({
  /** Also one that can only be set by hand. */
  flag: v.string(),
  means: v.string(),
  isSet: v.boolean(),
  /** When the last of its windows ends, and the flag with it; null where it has none. */
  until: v.nullable(timeSchema),
  windows: v.array(windowSchema),
  /** What is wrong and what to do; empty where nothing is. */
  trouble: v.string(),
});
export type FlagRow = v.InferOutput<typeof flagRowSchema>;

export const flagsSchema = v.object({
  at: timeSchema,
  flags: v.array(flagRowSchema),
  /** Why windows do not end by themselves now; empty where they do. */
  problem: v.string(),
});
export type Flags = v.InferOutput<typeof flagsSchema>;

export const poolNameSchema = v.pipe(nameSchema, v.description("Pool that gets another rule"));
export const ruleNameSchema = v.pipe(nameSchema, v.description("CRUSH rule that it gets"));
