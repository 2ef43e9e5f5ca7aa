/** What a check of labels found, and how it is told a page at a time. */
import { hash } from "node:crypto";
import { DsecosError } from "../../bus/errors.ts";
import type { LabelFilter, LabelReportPage, MislabelledFile } from "./answers.ts";

export type Unknown = LabelReportPage["unknown"];

/** A report with all the mislabelled files that are kept. */
export interface LabelResult extends Omit<LabelReportPage, "files"> {
  readonly files: {
    readonly checked: number;
    readonly wrong: number;
    readonly unknown: number;
    readonly customized: number;
    readonly list: readonly MislabelledFile[];
  };
}

export const neverChecked: LabelResult = {
  state: "never",
  at: "",
  actor: "",
  seconds: 0,
  error: "",
  seed: "",
  policy: "",
  processes: { checked: 0, wrong: 0, unknown: 0, tenants: 0, list: [] },
  files: { checked: 0, wrong: 0, unknown: 0, customized: 0, list: [] },
  places: [],
  unknown: [],
};

/** What could not be found out, counted by its reason. */
export class Unknowns {
  readonly #reasons = new Map<string, { count: number; example: string }>();

  add(reason: string, example: string, count = 1): void {
    const known = this.#reasons.get(reason);
    if (known === undefined) this.#reasons.set(reason, { count, example });
    else known.count += count;
  }

  list(): Unknown {
    return [...this.#reasons]
      .map(([reason, { count, example }]) => ({ reason, count, example }))
      .sort((a, b) => b.count - a.count);
  }
}

/** Nothing is right without having been looked at. */
export function stateOf({
  processes,
  files,
  unknown,
}: Pick<LabelResult, "processes" | "files" | "unknown">): LabelResult["state"] {
  if (processes.wrong > 0 || files.wrong > 0) return "wrong";
  const all = processes.checked > 0 && files.checked > 0;
  return all && unknown.length === 0 ? "right" : "unknown";
}

/** @throws DsecosError for a cursor that is of no page */
export function pageOfReport(
  { files, ...report }: LabelResult,
  { text, cursor, limit }: LabelFilter,
): LabelReportPage {
  const { list, ...sums } = files;
  const matching = list.filter(
    ({ path, found, restored }) =>
      text === "" || [path, found, restored].some((part) => part.includes(text)),
  );
  const begin = cursor === "" ? 0 : matching.findIndex(({ path }) => keyOf(path) === cursor) + 1;
  if (cursor !== "" && begin === 0) {
    const message = "That is no position in this report; begin again without a cursor.";
    throw new DsecosError("InvalidArgument", message);
  }
  const rows = matching.slice(begin, begin + limit);
  const last = rows.at(-1);
  const more = begin + rows.length < matching.length && last !== undefined;
  return {
    ...report,
    files: {
      ...sums,
      ...{ kept: list.length, matching: matching.length, rows },
      next: more ? keyOf(last.path) : "",
    },
  };
}

/** Paths are longer than a cursor may be. */
const keyOf = (path: string) => hash("sha256", path).slice(0, 32);

/** How many mislabelled files each tenant has, of those whose files were looked at. */
export function countBySlot({ places }: LabelResult): Map<number, number> {
  return new Map(places.flatMap(({ slot, wrong }) => (slot === null ? [] : [[slot, wrong]])));
}
