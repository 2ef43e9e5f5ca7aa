/**
 * Logs that somebody tampered with, for every verifier of the format: what was done, and what must
 * be found. The first thirteen are those of the study behind the log's design.
 */
import { ofCheckpoints } from "./audit-tampering/checkpoints.ts";
import { ofSegments } from "./audit-tampering/segments.ts";
import { ofTheStudy } from "./audit-tampering/study.ts";
import type { Tampering } from "./audit-tampering/tampering.ts";
import { ofTombstones } from "./audit-tampering/tombstones.ts";
import { ofTheTpm } from "./audit-tampering/tpm.ts";

export { logSpec, retainedLog, standardLog, standardPayloads } from "./audit-tampering/logs.ts";

export const tamperings: readonly Tampering[] = [
  ...ofTheStudy,
  ...ofSegments,
  ...ofCheckpoints,
  ...ofTheTpm,
  ...ofTombstones,
];
