import type { BuiltLog } from "../audit-builder.ts";

export interface Tampering {
  name: string;
  /** @param directory holds the log as it was built */
  mutate(directory: string, log: BuiltLog): void;
  /** Codes of all errors when only the directory is known. */
  alone: readonly string[];
  /**
   * Codes of all errors when the person knows the log's key, the witness's key and the checkpoint
   * of 900 events, which the witness signed.
   */
  trusting: readonly string[];
}
