/** Which rows of the tree are shown: what matches, with the buckets above it. */
import { DsecosError } from "../../bus/errors.ts";
import { decodeCursor, encodeCursor } from "../../tenants/list.ts";
import type { Sums, TopologyFilter, TopologyPage, TopologyRow } from "./answers.ts";

/** With more OSDs than these, hosts are shown first: nobody reads thousands of rows. */
const mostShown = 64;

/** Types of buckets that a site is made of. */
const belowSites: readonly string[] = ["host", "chassis", "rack", "row"];

type Found = Omit<TopologyPage, "at" | "missing">;

/** @throws InvalidArgument where the cursor is none of ours, NotFound where no bucket has the path */
export function pageOfTree(
  rows: readonly TopologyRow[],
  sums: Sums,
  filter: TopologyFilter,
): Found {
  const { search, state, under, cursor, limit } = filter;
  const detail = filter.detail || (sums.osds <= mostShown || under !== "" ? "osds" : "hosts");
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (under !== "" && !rows.some(({ path }) => path === under)) {
    throw new DsecosError("NotFound", `There is no bucket ${under} in the CRUSH map any more.`);
  }
  const isHere = ({ path }: TopologyRow) =>
    under === "" || path === under || path.startsWith(`${under}/`);
  const matches = (row: TopologyRow) => {
    if (state.length > 0 && (row.osd === undefined || !state.includes(row.osd.state))) return false;
    if (words.length === 0) return true;
    const hay = `${row.path} ${row.type} ${row.osd?.deviceClass ?? ""}`.toLowerCase();
    return words.every((word) => hay.includes(word));
  };
  const kept = new Set<string>();
  for (const row of rows) {
    if (!isWanted(row, detail, state.length > 0) || !matches(row)) continue;
    for (let end = row.path.length; end > 0; end = row.path.lastIndexOf("/", end - 1)) {
      kept.add(row.path.slice(0, end));
    }
  }
  const shown = rows.filter((row) => kept.has(row.path) && isHere(row));
  const start = cursor === "" ? 0 : Number(decodeCursor(cursor)[0]);
  if (!Number.isSafeInteger(start) || start < 0) {
    throw new DsecosError("InvalidArgument", "The cursor is none of a list; begin without one.");
  }
  const page = shown.slice(start, start + limit);
  const end = start + page.length;
  const next = end < shown.length ? encodeCursor(end, "") : "";
  return { rows: page, total: shown.length, next, sums, detail };
}

/** Whoever asks for a state means OSDs, however far down the rest is shown. */
function isWanted({ type, osd }: TopologyRow, detail: Found["detail"], byState: boolean): boolean {
  if (detail === "osds" || byState) return true;
  if (osd !== undefined) return false;
  return detail === "hosts" || !belowSites.includes(type);
}
