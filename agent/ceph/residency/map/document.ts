/**
 * Which CRUSH buckets and which peers are in which jurisdiction, and where pools may be: a document that
 * people sign. Its only form is canonical JSON (RFC 8785). Imports nothing from node:.
 */
import * as v from "valibot";
import { timeSchema } from "../../../bus/fields.ts";
import { regionSchema } from "../../../hsm/algorithms.ts";
import { parseNetwork } from "./networks.ts";

export const mapFormat = "dsecos-ceph-jurisdictions-1";

const nameSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(200));

export const peerKinds = ["rbd", "cephfs", "rgw"] as const;
export type PeerKind = (typeof peerKinds)[number];

function distinct<T>(values: readonly T[], key: (value: T) => string | number): boolean {
  return new Set(values.map(key)).size === values.length;
}

export const mapSchema = v.strictObject({
  format: v.literal(mapFormat),
  /** Its fsid: a map of another cluster says nothing of this one. */
  cluster: v.pipe(v.string(), v.uuid()),
  /** Of two maps the one with the greater number holds. */
  serial: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  at: timeSchema,
  /** By id and name, so that a renamed or exchanged bucket is not taken for another. */
  buckets: v.pipe(
    v.array(
      v.strictObject({
        id: v.pipe(v.number(), v.safeInteger(), v.maxValue(-1)),
        name: nameSchema,
        jurisdiction: regionSchema,
      }),
    ),
    v.maxLength(10_000),
    v.check((buckets) => distinct(buckets, ({ id }) => id), "Name each bucket once."),
    v.check((buckets) => distinct(buckets, ({ name }) => name), "Name each bucket once."),
  ),
  /** Clusters and zones that get copies. */
  peers: v.pipe(
    v.array(
      v.strictObject({ kind: v.picklist(peerKinds), name: nameSchema, jurisdiction: regionSchema }),
    ),
    v.maxLength(1000),
    v.check(
      (peers) => distinct(peers, ({ kind, name }) => `${kind}/${name}`),
      "Name each peer once.",
    ),
  ),
  /**
   * Where clients are, by the address that monitors see; the narrowest network holds. Where it is left
   * out, nothing is said of clients.
   */
  networks: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          cidr: v.pipe(
            v.string(),
            v.maxLength(50),
            v.check(
              (cidr) => parseNetwork(cidr) !== undefined,
              "A network is written as 10.1.0.0/16 or 2001:db8::/48, with no bits beyond its length.",
            ),
          ),
          jurisdiction: regionSchema,
        }),
      ),
      v.maxLength(1000),
      v.check((networks) => distinct(networks, ({ cidr }) => cidr), "Name each network once."),
    ),
  ),
  /** By id and name, as buckets are. */
  pools: v.pipe(
    v.array(
      v.strictObject({
        id: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
        name: nameSchema,
        allowed: v.pipe(v.array(regionSchema), v.minLength(1), v.maxLength(20)),
      }),
    ),
    v.maxLength(10_000),
    v.check((pools) => distinct(pools, ({ id }) => id), "Name each pool once."),
    v.check((pools) => distinct(pools, ({ name }) => name), "Name each pool once."),
  ),
});
export type JurisdictionMap = v.InferOutput<typeof mapSchema>;

/** Where the data of a pool may be. */
export interface Demand {
  pool: string;
  /** Left out, the name alone binds. */
  id?: number;
  allowed: readonly string[];
}

export function demandsOf({ pools }: JurisdictionMap): Demand[] {
  return pools.map(({ id, name, allowed }) => ({ pool: name, id, allowed }));
}
