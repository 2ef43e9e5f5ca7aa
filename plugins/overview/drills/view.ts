/** Which drills on record are shown: all of it stands in the address, beside what the nodes have there. */
import {
  type DrillKind,
  type DrillRecord,
  type Drills,
  drillKinds,
  type ServiceClass,
} from "../../../agent/cluster/drill/answers.ts";
import { type ListView, readList, toggled } from "../../lib/list.ts";
import { adjust, first, type Place } from "../../lib/location.ts";

export type Row = Drills["histogram"][number];

/** Of a page of the list; the second is meant where the address says nothing. */
export const sizes = [10, 20, 50, 100, 500, 1000];

const options = ["text", "cursor", "rows", "open", "kind"] as const;
type Option = (typeof options)[number];
const inAddress = (option: Option) => `drill-${option}`;

export interface DrillsView extends ListView {
  /** Empty for the one that was held most. */
  kind: DrillKind | "";
}

export function readDrills({ path, options: all }: Place): DrillsView {
  const own = options.map((option) => [option, all[inAddress(option)] ?? []] as const);
  const from = { path, options: Object.fromEntries(own) };
  const kind = drillKinds.find((one) => one === first(from, "kind")) ?? "";
  return { ...readList(from, sizes), kind };
}

function change(changes: Partial<Record<Option, readonly string[]>>): void {
  const named = Object.entries(changes).map(([option, value]) => [
    inAddress(option as Option),
    value,
  ]);
  adjust(Object.fromEntries(named));
}

export const changeKind = (kind: DrillKind) => change({ kind: [kind] });
export const changeText = (text: string) => change({ text: [text], cursor: [], open: [] });
export const changeCursor = (cursor: string) => change({ cursor: [cursor], open: [] });
export const changePerPage = (rows: number) =>
  change({ rows: [String(rows)], cursor: [], open: [] });
export const toggle = ({ open }: ListView, key: string) => change({ open: toggled(open, key) });

/** Kinds of which there are figures, with how many drills; those held most first. */
export function kindsOf(histogram: readonly Row[]): [DrillKind, number][] {
  const counted = drillKinds.map((kind): [DrillKind, number] => {
    const counts = histogram.flatMap((row) => (row.kind === kind ? row.drills : []));
    return [kind, Math.max(0, ...counts)];
  });
  return counted.filter(([, drills]) => drills > 0).sort(([, a], [, b]) => b - a);
}

/** The one that was chosen where there are figures of it, else the one that was held most. */
export function shownKind(histogram: readonly Row[], { kind }: DrillsView): DrillKind | undefined {
  const kinds = kindsOf(histogram).map(([one]) => one);
  return kinds.find((one) => one === kind) ?? kinds[0];
}

export type Verdict = "kept" | "missed" | "none";

/** Whether 95 of 100 drills stayed within what is aimed at. */
export function verdictOf({ aimMs, p95Ms }: Pick<Row, "aimMs" | "p95Ms">): Verdict {
  if (aimMs === null) return "none";
  return p95Ms <= aimMs ? "kept" : "missed";
}

export interface Bar {
  upToMs: number | null;
  drills: number;
  /** Of the highest bar, 0 to 1. */
  share: number;
  /** All of it is beyond what is aimed at. */
  late: boolean;
  /** What is aimed at is where it ends. */
  isAim: boolean;
}

export function barsOf({ bars, aimMs }: Pick<Row, "bars" | "aimMs">): Bar[] {
  const most = Math.max(1, ...bars.map(({ drills }) => drills));
  return bars.map(({ upToMs, drills }) => ({
    ...{ upToMs, drills, share: drills / most },
    late: aimMs !== null && (upToMs === null || upToMs > aimMs),
    isAim: aimMs !== null && upToMs === aimMs,
  }));
}

/** The longest gap of one drill at all nodes but the one that went away; null where nobody could ask. */
export function worstOfOthers(drill: DrillRecord, service: ServiceClass): number | null {
  const gaps = drill.nodes.flatMap((one) => (one.node === drill.node ? [] : (one[service] ?? [])));
  return gaps.length === 0 ? null : Math.max(...gaps);
}
