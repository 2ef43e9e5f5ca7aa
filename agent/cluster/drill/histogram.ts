/** Drills on record, and how long services were gone in all of them. */
import * as v from "valibot";
import type { AuditEntry } from "../../audit/entry.ts";
import {
  aimOf,
  barEnds,
  type DrillKind,
  type DrillRecord,
  type Drills,
  drillKinds,
  drillRecordSchema,
  type ServiceClass,
  serviceClasses,
} from "./answers.ts";

export const drillFiledAction = "cluster.DrillFiled";

/** @param entries of {@link drillFiledAction}; what no agent filed is left out */
export function drillsIn(entries: readonly AuditEntry[]): Drills["drills"] {
  return entries.flatMap(({ details, sequence }) => {
    const result = v.safeParse(drillRecordSchema, details?.drill);
    return result.success ? [{ ...result.output, sequence }] : [];
  });
}

/** One row for each kind, service and place of which there is a figure. */
export function histogramOf(drills: readonly DrillRecord[]): Drills["histogram"] {
  return drillKinds.flatMap((kind) =>
    serviceClasses.flatMap((service) =>
      (["away", "others"] as const).flatMap((where) => {
        const gaps = drills
          .flatMap((drill) => (drill.kind === kind ? gapIn(drill, service, where) : []))
          .sort((a, b) => a - b);
        return gaps.length === 0 ? [] : [rowOf(kind, service, where, gaps)];
      }),
    ),
  );
}

function gapIn(drill: DrillRecord, service: ServiceClass, where: "away" | "others"): number[] {
  const known = drill.nodes
    .filter(({ node }) => (node === drill.node) === (where === "away"))
    .flatMap((one) => one[service] ?? []);
  return known.length === 0 ? [] : [Math.max(...known)];
}

function rowOf(
  kind: DrillKind,
  service: ServiceClass,
  where: "away" | "others",
  sorted: readonly number[],
): Drills["histogram"][number] {
  const ends = [...barEnds, null];
  const barOf = (gap: number) => {
    const at = barEnds.findIndex((end) => gap <= end);
    return at < 0 ? barEnds.length : at;
  };
  return {
    ...{ kind, service, where, drills: sorted.length, aimMs: aimOf(service, where) },
    p50Ms: percentile(sorted, 50),
    p95Ms: percentile(sorted, 95),
    longestMs: sorted.at(-1) ?? 0,
    bars: ends.map((upToMs, bar) => ({
      upToMs,
      drills: sorted.filter((gap) => barOf(gap) === bar).length,
    })),
  };
}

/** The nearest rank: a figure that was measured, and of which so many percent are at most. */
export function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;
}
