/** What the writer needs of bundles that it did not write itself, out of the files. */
import type { CompactRange } from "../tlog/merkle.ts";
import { bundleEvents } from "./format.ts";
import type { Mark } from "./marks.ts";
import { OpenSegment } from "./open.ts";
import { LogReader } from "./reader.ts";
import { treeOfBundles } from "./tree.ts";

/** @param roots of a segment's full bundles; those that are undefined are computed. */
export function fillRoots(directory: string, first: number, roots: (Buffer | undefined)[]): void {
  if (!roots.includes(undefined)) return;
  reading(directory, (reader) => {
    for (let k = 0; k < roots.length; k++) {
      roots[k] ??= reader.bundleRoot(first / bundleEvents + k);
    }
  });
}

/** @returns the marks of an open segment. */
export function marksOf(directory: string, first: number, roots: readonly Buffer[]): Mark[] {
  const segment = new OpenSegment(directory, first);
  try {
    segment.refresh();
    return roots.map((root, k) => ({
      root,
      end: segment.offsetOf(k + 1),
      chain: segment.chainBefore(k + 1),
    }));
  } finally {
    segment.close();
  }
}

/** @returns the tree over all bundles before a segment. */
export function treeBefore(directory: string, first: number): CompactRange {
  return reading(directory, (reader) =>
    treeOfBundles(directory, first / bundleEvents, (bundle) => reader.bundleRoot(bundle)),
  );
}

function reading<T>(directory: string, work: (reader: LogReader) => T): T {
  const reader = new LogReader(directory);
  try {
    reader.refresh();
    return work(reader);
  } finally {
    reader.close();
  }
}
