/** The labels of a sample of files of every place, beside what file_contexts says of them. */
import { lstat } from "node:fs/promises";
import { setImmediate as others } from "node:timers/promises";
import type { LabelReportPage, MislabelledFile } from "./answers.ts";
import { checkLabels, type LabelPolicy } from "./check.ts";
import type { Place } from "./places.ts";
import type { Unknowns } from "./report.ts";
import { type Random, type Sample, type SampleOptions, sample } from "./sample.ts";

export interface Sizes {
  /** Files of one place of the host at most. */
  readonly host: number;
  /** Files of all tenants together, and of one at least and at most. */
  readonly tenants: number;
  readonly one: readonly [least: number, most: number];
  /** Mislabelled files that are kept of one place. */
  readonly kept: number;
}

export const sizes: Sizes = { host: 2_000, tenants: 20_000, one: [20, 500], kept: 100 };

/** So few that the loop goes on with others in between. */
const portion = 100;

export interface FilesReport {
  checked: number;
  wrong: number;
  unknown: number;
  customized: number;
  readonly list: MislabelledFile[];
  readonly places: LabelReportPage["places"];
}

export interface FilesOptions {
  readonly policy: LabelPolicy;
  readonly places: readonly Place[];
  readonly random: Random;
  readonly unknowns: Unknowns;
  readonly signal?: AbortSignal | undefined;
  /** Called after each place. */
  readonly looked?: (done: number) => void;
  readonly sizes?: Sizes;
}

/** @throws when stat(1) cannot be run, or when it is cancelled */
export async function checkFiles(options: FilesOptions): Promise<FilesReport> {
  const { places, signal, looked } = options;
  const report: FilesReport = {
    ...{ checked: 0, wrong: 0, unknown: 0, customized: 0 },
    ...{ list: [], places: [] },
  };
  const share = shareOf(options.sizes ?? sizes, places);
  // Each is looked at by itself, wherever it lies.
  const except = new Set(places.map(({ path }) => path));
  for (const [index, place] of places.entries()) {
    signal?.throwIfAborted();
    const of = place.slot === undefined ? undefined : share;
    await checkPlace(report, place, { ...options, share: of, except });
    looked?.(index + 1);
  }
  return report;
}

function shareOf({ tenants, one: [least, most] }: Sizes, places: readonly Place[]): number {
  const count = places.filter(({ slot }) => slot !== undefined).length;
  return Math.min(most, Math.max(least, Math.floor(tenants / Math.max(1, count))));
}

async function checkPlace(
  report: FilesReport,
  { path, slot: of, alone }: Place,
  options: FilesOptions & { share: number | undefined; except: ReadonlySet<string> },
): Promise<void> {
  const { policy, random, unknowns, share, except, sizes: { host, kept } = sizes } = options;
  const most = alone ? 1 : (share ?? host);
  const drawn = await drawFrom(path, { most, random, except }, unknowns);
  // Tenants without a pool on this node have no files here.
  if (drawn === undefined) return;
  const slot = of ?? null;
  const place = { path, slot, checked: 0, wrong: 0, unknown: 0, whole: alone || drawn.whole };
  for (const { path: directory, reason } of drawn.unknown) {
    unknowns.add(`a directory could not be looked into: ${reason}`, directory);
    place.unknown += 1;
  }
  let left = kept;
  for (let at = 0; at < drawn.paths.length; at += portion) {
    await others();
    const found = await checkLabels(policy, drawn.paths.slice(at, at + portion), left);
    place.checked += found.checked;
    place.wrong += found.mislabelledCount;
    report.customized += found.customized;
    left -= found.mislabelled.length;
    for (const { path: file, kind, found: context = "", restored } of found.mislabelled)
      report.list.push({ path: file, kind, found: context, restored, slot });
    // What went away meanwhile is not among them: stat tells of it as of what may not be seen.
    for (const { path: file, reason } of found.unknown) {
      if (await isGone(file)) continue;
      place.unknown += 1;
      unknowns.add(reason, file);
    }
  }
  report.checked += place.checked;
  report.wrong += place.wrong;
  report.unknown += place.unknown;
  report.places.push(place);
}

async function drawFrom(
  path: string,
  options: SampleOptions,
  unknowns: Unknowns,
): Promise<Sample | undefined> {
  try {
    return await sample(path, options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    if (code !== "ENOENT") unknowns.add(`a directory could not be looked into: ${code}`, path);
    return undefined;
  }
}

async function isGone(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR";
  }
}
