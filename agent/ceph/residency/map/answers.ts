/** What is answered about the map of jurisdictions. Imports nothing from node:. */
import * as v from "valibot";
import { mapSchema } from "./document.ts";

/** Of the file as it is, in hexadecimal: what sha256sum prints. */
export const mapHashSchema = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/, "Write what sha256sum prints: 64 hexadecimal digits."),
  v.description("SHA-256 of the file, as sha256sum prints it"),
);

export const heldMapSchema = v.object({
  /**
   * - `none`: there is none, and nothing is demanded of any pool
   * - `believed`: it holds
   * - `refused`: it does not hold, for the reason in `error`; then nothing is proven
   */
  state: v.picklist(["none", "believed", "refused"]),
  error: v.string(),
  /** Of the file; empty where there is none. */
  hash: v.string(),
  /** SHA-256 of the public keys that signed it, in hexadecimal. */
  signers: v.array(v.string()),
  map: v.nullable(mapSchema),
});
export type HeldMap = v.InferOutput<typeof heldMapSchema>;
