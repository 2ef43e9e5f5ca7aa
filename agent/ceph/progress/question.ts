/** What the cluster repairs, moves and scrubs, out of what it says of itself. */
import type { ClusterFacts } from "../facts/facts.ts";
import type { FactOf } from "../facts/schemas.ts";
import { stoppingFlags } from "../health/flags.ts";
import type { Progress } from "./answers.ts";
import { versionsOf } from "./versions.ts";

const kib = (bytes: number): number => Math.round(bytes / 1024);
const timeOf = (seconds: number): string => new Date(seconds * 1000).toISOString();
const short = (words: string): string => (words.split("\n")[0] ?? "").trim().slice(0, 300);

const most = { ended: 20, overdue: 50 };
function answer(facts: ClusterFacts): Progress {
  const { pgmap } = facts.need("status");
  const { degraded_objects, misplaced_objects, unfound_objects } = pgmap;
  const objectsPerSecond = pgmap.recovering_objects_per_sec;
  const left = degraded_objects + misplaced_objects;
  return {
    at: facts.at("status"),
    groups: groupsOf(pgmap),
    ...{ degraded: degraded_objects, misplaced: misplaced_objects, unfound: unfound_objects },
    ...{ kibPerSecond: kib(pgmap.recovering_bytes_per_sec), objectsPerSecond },
    copies: Math.max(pgmap.degraded_total, pgmap.misplaced_total),
    secondsLeft: objectsPerSecond > 0 && left > 0 ? Math.ceil(left / objectsPerSecond) : null,
    ...eventsOf(facts.problems.progress === undefined ? facts.get("progress") : undefined),
    pools: poolsOf(facts.problems.poolStats === undefined ? facts.get("poolStats") : undefined),
    scrub: scrubOf(pgmap, facts.need("health")),
    held: stoppingFlags(facts.need("osdmap").flags_set),
    versions: versionsOf(facts),
    missing: [...new Set(Object.values(facts.problems))],
  };
}

const words = (state: string): string[] => state.split("+");
const isClean = (state: string): boolean =>
  words(state).includes("active") && words(state).includes("clean");

function groupsOf({ num_pgs, pgs_by_state }: FactOf<"status">["pgmap"]): Progress["groups"] {
  const states = pgs_by_state
    .map(({ state_name: state, count }) => ({ state, count, clean: isClean(state) }))
    .sort((a, b) => b.count - a.count);
  const clean = states.reduce((sum, one) => sum + (one.clean ? one.count : 0), 0);
  return { total: num_pgs, clean, states };
}

function eventsOf(progress: FactOf<"progress"> | undefined): Pick<Progress, "events" | "ended"> {
  const events = (progress?.events ?? []).map((event) => ({
    ...{ id: event.id, what: short(event.message), startedAt: timeOf(event.started_at) },
    percent: Math.round(Math.min(1, Math.max(0, event.progress)) * 100),
    secondsLeft: event.time_remaining,
  }));
  const ended = (progress?.completed ?? [])
    .toSorted((a, b) => b.finished_at - a.finished_at)
    .slice(0, most.ended)
    .map((event) => ({
      ...{ id: event.id, what: short(event.message), failed: event.failed },
      ...{ startedAt: timeOf(event.started_at), endedAt: timeOf(event.finished_at) },
      why: short(event.failure_message),
    }));
  return { events, ended };
}

function poolsOf(stats: FactOf<"poolStats"> | undefined): Progress["pools"] {
  return (stats ?? [])
    .map(({ pool_name: name, recovery, recovery_rate }) => ({
      ...{ name, degraded: recovery.degraded_objects, misplaced: recovery.misplaced_objects },
      ...{ unfound: recovery.unfound_objects },
      kibPerSecond: kib(recovery_rate.recovering_bytes_per_sec),
      objectsPerSecond: recovery_rate.recovering_objects_per_sec,
    }))
    .filter(({ name: _name, ...figures }) => Object.values(figures).some((figure) => figure > 0));
}

/** `pg 1.0 not deep-scrubbed since 2026-11-01T…`, as Ceph's own thresholds have it. */
const overduePattern = /^pg (\S+) not (deep-)?scrubbed since (\S+)/;

function scrubOf(
  { pgs_by_state }: FactOf<"status">["pgmap"],
  { checks }: FactOf<"health">,
): Progress["scrub"] {
  const having = (...flags: string[]) =>
    pgs_by_state
      .filter(({ state_name }) => flags.every((flag) => words(state_name).includes(flag)))
      .reduce((sum, { count }) => sum + count, 0);
  const [late, deepLate] = [checks.PG_NOT_SCRUBBED, checks.PG_NOT_DEEP_SCRUBBED];
  const details = [...(deepLate?.detail ?? []), ...(late?.detail ?? [])];
  const overdue = details.flatMap(({ message }) => {
    const [, pg = "", deep, since = ""] = overduePattern.exec(message) ?? [];
    return pg === "" ? [] : { pg, deep: deep !== undefined, since };
  });
  return {
    ...{ running: having("scrubbing"), deep: having("scrubbing", "deep") },
    ...{ late: late?.summary.count ?? 0, deepLate: deepLate?.summary.count ?? 0 },
    overdue: overdue.slice(0, most.overdue),
  };
}

export const progressQuestion = {
  needs: ["status", "health", "osdmap", "versions"],
  likes: ["progress", "poolStats", "osdMetadata", "monMetadata", "mgrMetadata", "mdsMetadata"],
  answer,
} as const;
