/** What a change would do, out of what the cluster says of itself. */
import { DsecosError } from "../../bus/errors.ts";
import { Groups, type OsdMapOfDump, readOsdMap } from "../crush/groups.ts";
import { type CrushDump, crushMap, NotComputed, readDump } from "../crush/map.ts";
import type { ClusterFacts } from "../facts/facts.ts";
import type { Change, Prediction } from "./answers.ts";
import { applied, type Dumps } from "./apply.ts";
import { dangersOf, fullestOf, movesOfOsds, notesOf, passesOf } from "./figures.ts";
import { loadsOf, roomsOf } from "./load.ts";
import {
  difference,
  groupOf,
  type Moves,
  movesBetween,
  noMoves,
  type Placed,
  padded,
  placementOf,
} from "./moves.ts";
import { type Jurisdictions, residencyOf } from "./residency.ts";
import { undoOf } from "./undo.ts";

export interface Ask {
  change: Change;
  jurisdictions: Jurisdictions;
}

/** What a comparison needs beside what people are told. */
export interface Predicted {
  prediction: Prediction;
  before: Placed[];
  after: Placed[];
}

/** Both maps, as they are and as they would be. */
interface Versions {
  now: Groups;
  next: Groups;
}

function versions(dumps: Dumps, change: Change): Versions {
  const groups = ({ osdmap, crush }: Dumps) =>
    new Groups(crushMap(readDump(crush)), readOsdMap(osdmap));
  return { now: groups(dumps), next: groups(applied(dumps, change)) };
}

/**
 * The same computation must give where groups are now: then it is Ceph's own.
 * @throws NotComputed
 */
function requireAgreement(facts: ClusterFacts, placed: readonly Placed[]): void {
  const pgs = facts.get("pgs");
  if (pgs?.pg_ready !== true) throw new NotComputed("no manager tells where groups are now");
  const byPool = new Map(placed.map((one) => [one.pool, one]));
  let others = 0;
  for (const { pgid, up } of pgs.pg_stats) {
    const [pool = "", group = ""] = pgid.split(".");
    const of = byPool.get(Number(pool));
    if (of === undefined) continue;
    const own = groupOf(of, Number.parseInt(group, 16));
    const { gained, lost } = difference(of.type, own, padded(up, of.size));
    if (gained.length > 0 || lost.length > 0) others += 1;
  }
  if (others === 0) return;
  const what = `for ${others} of ${pgs.pg_stats.length} placement groups other OSDs are computed than the cluster has; it is changing, or places them in a way that is not known. Ask again`;
  throw new NotComputed(what);
}

function answer(facts: ClusterFacts, { change, jurisdictions }: Ask): Predicted {
  const dumps = { osdmap: facts.raw("osdmap"), crush: facts.raw("crush") };
  const loads = loadsOf(facts);
  let placed: { before: Placed[]; after: Placed[] } = { before: [], after: [] };
  let moves: Moves = noMoves();
  let why = "";
  // Without these not even the question makes sense.
  const [osdmap, crush] = [orUnavailable(() => readOsdMap(dumps.osdmap)), dumps.crush as CrushDump];
  try {
    const { now, next } = versions(dumps, change);
    const before = placementOf(now, loads);
    requireAgreement(facts, before);
    placed = { before, after: placementOf(next, loads) };
    moves = movesBetween({
      ...{ ...placed, pools: next.osdmap.pools, loads },
      // What monitors keep of them depends on what they find then.
      isUnknown: ({ pool_name }, pgid) =>
        (change.what === "move" || (change.what === "rule" && change.pool === pool_name)) &&
        now.isPlacedByHand(pgid),
    });
  } catch (error) {
    if (!(error instanceof NotComputed)) throw error;
    placed = { before: [], after: [] };
    why = `What would move is not known: ${error.message}.`;
  }
  const ratios = {
    nearlyFull: osdmap.nearfull_ratio,
    backfillFull: osdmap.backfillfull_ratio,
    full: osdmap.full_ratio,
  };
  const osds = movesOfOsds(moves, roomsOf(facts));
  const passes = passesOf(osds, ratios);
  const residency = residencyOf(dumps, change, jurisdictions);
  const known = { groups: moves.groups, passes, why, residency };
  const prediction: Prediction = {
    ...{ at: facts.at("osdmap", "crush", "pgs"), epoch: osdmap.epoch, change },
    ...{ state: why === "" ? "known" : "unknown", basis: loads.basis, ...known },
    movedKiB: Math.round(moves.bytes / 1024),
    movedObjects: Math.round(moves.objects),
    fullest: fullestOf(osds),
    osds: osds.filter(({ gainsKiB, losesKiB }) => gainsKiB + losesKiB > 0).slice(0, 50),
    asked: [],
    dangers: dangersOf(known),
    notes: notesOf(facts, osdmap, change, moves),
    undo: undoOf(change, osdmap, crush),
  };
  return { prediction, ...placed };
}

/** @throws DsecosError Unavailable */
function orUnavailable(read: () => OsdMapOfDump): OsdMapOfDump {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof NotComputed)) throw error;
    throw new DsecosError("Unavailable", `Nothing can be predicted: ${error.message}.`);
  }
}

const needs = ["osdmap", "crush", "df", "status"] as const;

export const predictQuestion = {
  needs,
  likes: ["pgs", "pgUse", "osdDf"],
  answer,
} as const;

/** Of a cluster with so many groups that each one's use is too much to ask for. */
export const predictLargeQuestion = { needs, likes: ["pgs", "osdDf"], answer } as const;
