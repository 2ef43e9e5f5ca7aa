/** What a bundle is asked for and what comes of it. */
import type { Manifest } from "./manifest.ts";

export interface BundleRequest {
  /** Of the log. */
  directory: string;
  /** File to be written; it must not be there. */
  target: string;
  /** Signs as the log's key does; see signManifest. */
  sign(manifest: Manifest): string;
  /** Commit times between which events are wanted; all without. */
  from?: Date | undefined;
  to?: Date | undefined;
  signal?: AbortSignal | undefined;
  /** Hears how much is done, from 0 to 1. */
  onProgress?: ((part: number) => void) | undefined;
}

export interface BundleResult {
  bytes: number;
  /** Index of the first event, and the one behind the last. */
  first: number;
  end: number;
  /** Number of events in it. */
  events: number;
}
