/** Images in pools of block volumes that were declared by nobody. */
import * as v from "valibot";
import type { Ceph } from "../../link/types.ts";
import type { Volumes } from "../book.ts";
import { poolName } from "../classes.ts";
import type { BlockCounts } from "./block-counts.ts";
import { type BlockEngine, namespaceOf, specOf } from "./block-engine.ts";

/** More are not named. */
const mostNamed = 100;
const poolPattern = /^dsecos\..+\.block$/;

/** @returns a sentence for each: what a tenant's client made in its namespaces is one, too */
export async function findStrayImages(
  ceph: Pick<Ceph, "mon">,
  images: BlockEngine,
  counts: BlockCounts,
  declared: ReadonlyMap<string, Volumes>,
): Promise<string[]> {
  const known = new Set<string>();
  for (const [tenant, volumes] of declared) {
    for (const [image, record] of volumes) {
      if (record.kind !== "block") continue;
      const pool = poolName(record.jurisdiction, record.class, "block");
      known.add(specOf({ pool, namespace: namespaceOf(tenant, image), image }));
    }
  }
  const pools = v.parse(v.array(v.string()), await ceph.mon("osd pool ls"));
  const strays: string[] = [];
  for (const pool of pools.filter((name) => poolPattern.test(name))) {
    strays.push(...counts.looseIn(pool));
    for (const [namespace, names] of Object.entries(await images.list(pool))) {
      for (const image of names) {
        const spec = specOf({ pool, namespace, image });
        if (known.has(spec) || strays.length >= mostNamed) continue;
        strays.push(
          `The image ${spec} was declared by nobody; look at it (rbd info ${spec}) and remove it, or leave it.`,
        );
      }
    }
  }
  return strays;
}
