/** Which changes are shown: all of it stands in the address, beside what the nodes and drills have there. */
import { type ListView, readList } from "../../lib/list.ts";
import { adjust, type Place } from "../../lib/location.ts";

/** Of a page of the list; the second is meant where the address says nothing. */
export const sizes = [5, 10, 20, 50, 100, 500];

export interface ChangesView extends Pick<ListView, "cursor" | "perPage"> {
  /** Empty for all. */
  node: string;
}

export function readChanges({ path, options }: Place): ChangesView {
  const of = (option: string) => options[`change-${option}`] ?? [];
  const {
    cursor,
    perPage,
    text: node,
  } = readList(
    { path, options: { cursor: of("cursor"), rows: of("rows"), text: of("node") } },
    sizes,
  );
  return { node: node.slice(0, 63), cursor, perPage };
}

/** Another question begins on the first page. */
export const changeNode = (node: string) => adjust({ "change-node": [node], "change-cursor": [] });
export const changeCursor = (cursor: string) => adjust({ "change-cursor": [cursor] });
export const changePerPage = (rows: number) =>
  adjust({ "change-rows": [String(rows)], "change-cursor": [] });

/** Minutes that follow each other, each with its figure; a minute without one begins another run. */
export function runsOf(points: readonly (number | null)[]): { at: number; value: number }[][] {
  const runs: { at: number; value: number }[][] = [];
  for (const [at, value] of points.entries()) {
    if (value === null) continue;
    const isNew = at === 0 || points[at - 1] === null;
    const run = isNew ? [] : (runs.at(-1) ?? []);
    if (isNew) runs.push(run);
    run.push({ at, value });
  }
  // A minute has a length, so that one alone is a line, too.
  for (const run of runs) {
    const last = run.at(-1);
    if (last !== undefined) run.push({ at: last.at + 1, value: last.value });
  }
  return runs;
}
