/** Tampering with what stands for a segment that was removed by retention. */
import { write } from "../audit-builder.ts";
import { retainedLog } from "./logs.ts";
import type { Tampering } from "./tampering.ts";

export const ofTombstones: readonly Tampering[] = [
  {
    name: "a segment is replaced by a tombstone of which no event tells",
    mutate: (directory) => write(directory, retainedLog({}, false).files),
    alone: ["tombstone.event"],
    trusting: ["tombstone.event"],
  },
  {
    name: "a tombstone tells another number of days than its event",
    mutate: (directory) => write(directory, retainedLog({ days: 30 }).files),
    alone: ["tombstone.event"],
    trusting: ["tombstone.event", "witness.fork"],
  },
  {
    name: "a tombstone has another chain value",
    mutate: (directory) => {
      const chainAfter = "ab".repeat(64);
      write(directory, retainedLog({ chainAfter }).files);
    },
    alone: ["chain.link", "checkpoint.chain", "tombstone.event"],
    trusting: ["chain.link", "checkpoint.chain", "tombstone.event", "witness.fork"],
  },
];
