/**
 * What every blob is bound to. Whoever asks the driver with anything else, be it another tenant, key,
 * version, region, use or context, gets nothing: AES-GCM refuses.
 */
import { canonical } from "../../audit/canonical.ts";
import type { Algorithm } from "../algorithms.ts";

/** `data`: of a caller; `dataKey`: a key for data; `envelope`. */
export type BlobUse = "data" | "dataKey" | "envelope";

export interface Binding {
  readonly tenant: string;
  readonly key: string;
  readonly version: number;
  readonly algorithm: Algorithm;
  /** Where the key was made, from its record. */
  readonly region: string;
  readonly use: BlobUse;
  /** The caller's own words. */
  readonly context: string;
}

/** @returns the associated data: canonical JSON (RFC 8785) in UTF-8 */
export function aadOf(binding: Binding): Uint8Array {
  const { tenant, key, version, algorithm, region, use, context } = binding;
  return Buffer.from(canonical({ tenant, key, version, algorithm, region, use, context }));
}
