/**
 * What a node publishes for the witnesses of its audit log: its newest checkpoint with proofs that it
 * goes on from earlier ones, and what it has seen and signed of the others' logs.
 *
 * A proof to the newest checkpoint takes at most 2 log2(size) hashes, so not every size that some
 * other node may hold can have one: those that were published last do, and beside them those that
 * others say they hold.
 */
import * as v from "valibot";
import { isMemberName } from "../members/names.ts";

/** Of the JSON, in bytes. */
export const maximumLog = 12_288;
/** Entries of each list. */
export const mostProofs = 6;
export const mostCosigned = 8;
export const mostSeen = 500;
/** Of all proofs together, in hashes: 4.5 KiB. */
export const mostHashes = 100;

const sizeSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const nameSchema = v.pipe(v.string(), v.check(isMemberName));
const base64Of = (bytes: number) =>
  v.pipe(v.string(), v.length(Math.ceil(bytes / 3) * 4), v.regex(/^[A-Za-z0-9+/]+={0,2}$/));

export const logSchema = v.object({
  format: v.literal(1),
  /** Verifier key of the log. */
  vkey: v.pipe(v.string(), v.maxLength(400)),
  /** The newest checkpoint with the log's own signature. */
  checkpoint: v.pipe(v.string(), v.maxLength(1000)),
  /** Consistency proofs of RFC 6962 from an earlier size to the checkpoint. */
  proofs: v.pipe(
    v.array(
      v.object({
        from: sizeSchema,
        hashes: v.pipe(v.array(base64Of(32)), v.maxLength(63)),
      }),
    ),
    v.maxLength(mostProofs),
  ),
  /** Sizes of the others' logs that this node holds, by the member's name. */
  seen: v.pipe(
    v.record(nameSchema, sizeSchema),
    v.check((seen) => Object.keys(seen).length <= mostSeen),
  ),
  /** Cosignatures (c2sp.org/tlog-cosignature) of some of them; in turns, where there are many. */
  cosigned: v.pipe(
    v.array(
      v.object({
        node: nameSchema,
        size: sizeSchema,
        root: base64Of(32),
        /** Time and signature. */
        signature: base64Of(72),
      }),
    ),
    v.maxLength(mostCosigned),
  ),
});

export type PublishedLog = v.InferOutput<typeof logSchema>;
