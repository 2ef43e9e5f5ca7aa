/** What a worker is asked about a segment and what it answers: plain data, to be sent about. */
import type { FileRef } from "./files.ts";
import type { Finding } from "./findings.ts";

export interface SegmentJob {
  file: FileRef;
  closed: boolean;
  /** Index of its first event, by its name. */
  first: number;
  /**
   * Chain value that the file before ends with, latin1; empty where it is not known. It is tried
   * where the one in this segment's header does not fit what follows.
   */
  alternative: string;
  /** Sizes of checkpoints in this segment, rising. */
  sizes: number[];
  /** Bundles whose leaves are wanted. */
  bundles: number[];
  /** What bytes at its end that are no frame are: a warning in a log in use. */
  torn: "E" | "W";
  /** Index behind the last event to look at. */
  end: number;
}

/** The state after so many events. */
export interface Mark {
  size: number;
  /** Latin1. */
  chain: string;
  /**
   * Roots of the whole subtrees that the events of an unfinished bundle make, largest first;
   * undefined where some of the segment's events before cannot be read.
   */
  parts: Uint8Array[] | undefined;
}

/** An event by which the log tells about itself. */
export interface ToldEvent {
  index: number;
  action: string;
  /** Undefined where it has none, or is damaged. */
  details: Record<string, unknown> | undefined;
}

export interface SegmentResult {
  first: number;
  /** Index behind its last event. */
  end: number;
  /** Whether all events from first to end were read. */
  whole: boolean;
  /** Latin1: chain value before it by its header; empty where that cannot be read. */
  before: string;
  /** Latin1: computed chain value after its last event, and the one that stands there. */
  after: string;
  stored: string;
  /** Root of each whole bundle, one behind the other. */
  roots: Uint8Array;
  /** As in a mark, for the events of the bundle that is not whole. */
  parts: Uint8Array[];
  marks: Mark[];
  told: ToldEvent[];
  leaves: { bundle: number; hashes: Uint8Array }[];
  /** Microseconds; 0 without events. */
  firstTime: number;
  lastTime: number;
  findings: Finding[];
}
