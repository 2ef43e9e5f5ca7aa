/** What people are told of a prediction. */
import type { OsdMapOfDump } from "../crush/groups.ts";
import type { ClusterFacts } from "../facts/facts.ts";
import type { Change, OsdMove, Prediction } from "./answers.ts";
import type { Room } from "./load.ts";
import type { Moves } from "./moves.ts";

const kib = (bytes: number): number => Math.round(bytes / 1024);

/** Those that gain or lose most first. */
export function movesOfOsds({ gains, loses }: Moves, rooms: Map<number, Room>): OsdMove[] {
  const ids = [...new Set([...rooms.keys(), ...gains.keys(), ...loses.keys()])];
  const moves = ids.map((osd): OsdMove => {
    const [gained, lost] = [gains.get(osd) ?? 0, loses.get(osd) ?? 0];
    const room = rooms.get(osd);
    const share = (used: number) => (room === undefined ? null : Math.max(0, used / room.total));
    const used = room?.used ?? 0;
    return {
      ...{ osd, gainsKiB: kib(gained), losesKiB: kib(lost), share: share(used) },
      ...{ shareAfter: share(used + gained - lost), shareMeanwhile: share(used + gained) },
    };
  });
  return moves.sort(
    (one, other) =>
      other.gainsKiB + other.losesKiB - (one.gainsKiB + one.losesKiB) || one.osd - other.osd,
  );
}

export function fullestOf(osds: readonly OsdMove[]): Prediction["fullest"] {
  let fullest: Prediction["fullest"] = null;
  for (const { osd, shareAfter } of osds) {
    if (shareAfter === null) continue;
    if (fullest === null || shareAfter > fullest.shareAfter) fullest = { osd, shareAfter };
  }
  return fullest;
}

export interface Ratios {
  nearlyFull: number;
  backfillFull: number;
  full: number;
}

export function passesOf(osds: readonly OsdMove[], ratios: Ratios): Prediction["passes"] {
  const passing = (limit: number) =>
    osds.flatMap(({ osd, gainsKiB, share, shareMeanwhile }) =>
      gainsKiB > 0 && (share ?? 0) < limit && (shareMeanwhile ?? 0) >= limit ? osd : [],
    );
  return {
    nearlyFull: passing(ratios.nearlyFull),
    backfillFull: passing(ratios.backfillFull),
    full: passing(ratios.full),
  };
}

const named = (osds: readonly number[]) => {
  const first = osds.slice(0, 5).map((osd) => `osd.${osd}`);
  return osds.length > 5 ? `${first.join(", ")} and ${osds.length - 5} more` : first.join(", ");
};

const groupsWord = (count: number) =>
  count === 1 ? "A placement group" : `${count} placement groups`;

type Known = Pick<Prediction, "groups" | "passes" | "why" | "residency">;

/** One sentence for each reason that a second person decides. */
export function dangersOf({ groups, passes, why, residency }: Known): string[] {
  const { short, belowMinimum, unknown } = groups;
  const { backfillFull, full } = passes;
  return [
    ...(why === "" ? [] : [why]),
    ...(belowMinimum > 0
      ? [`${groupsWord(belowMinimum)} would find fewer OSDs than it needs to serve.`]
      : []),
    ...(short > 0
      ? [`${groupsWord(short)} would find no place for all copies, so that data is less safe.`]
      : []),
    ...(unknown > 0
      ? [`${groupsWord(unknown)} placed by hand would be placed in a way that is not known.`]
      : []),
    ...(full.length > 0 ? [`${named(full)} would be full, and writing would stop.`] : []),
    ...(backfillFull.length > 0
      ? [`${named(backfillFull)} would be too full for data to move there, which then stops.`]
      : []),
    ...(residency.verdict === "breaks" ? residency.reasons : []),
  ];
}

const untilNow = /degraded|undersized|remapped|backfill|recover|peering|down|stale|unknown/;

export function notesOf(
  facts: ClusterFacts,
  { osds }: OsdMapOfDump,
  { what, osd: id }: Change,
  { groups }: Moves,
): string[] {
  const { pgs_by_state } = facts.need("status").pgmap;
  const osd = osds.find((one) => one.osd === id);
  const isMoving = pgs_by_state.some(({ state_name }) => untilNow.test(state_name));
  const missing = Object.values(facts.problems);
  return [
    ...(isMoving
      ? ["The cluster is not at rest already, so that more moves than is told here."]
      : []),
    ...(what === "out" && osd?.in === false ? [`osd.${id} is out already.`] : []),
    ...(what === "in" && osd?.in === true ? [`osd.${id} is in already.`] : []),
    ...(what === "in" && osd?.up === false
      ? [`osd.${id} is down: nothing moves to it until it is up.`]
      : []),
    ...(groups.total > 0 && groups.moved === 0 ? ["No data would move."] : []),
    ...new Set(missing),
  ];
}
