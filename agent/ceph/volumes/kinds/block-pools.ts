/** Pools that have the images of block volumes. */
import type { Ceph } from "../../link/types.ts";
import type { StorageClass } from "../classes.ts";
import type { Pools } from "../pools.ts";

/** Metadata of the pool's application, by which keys are let at these pools and no others. */
export const mark = { app: "rbd", key: "dsecos", value: "block" } as const;

export class BlockPools {
  readonly #parts: { ceph: Pick<Ceph, "mon">; pools: Pools };
  /** By pool; so that it is marked once. */
  readonly #ready = new Map<string, Promise<string>>();

  constructor(parts: { ceph: Pick<Ceph, "mon">; pools: Pools }) {
    this.#parts = parts;
  }

  forget(): void {
    this.#ready.clear();
  }

  /** @returns the pool's name. @throws Conflict where data may not be placed there, with why */
  ready(jurisdiction: string, storageClass: StorageClass): Promise<string> {
    const id = `${jurisdiction} ${storageClass}`;
    const known = this.#ready.get(id);
    if (known !== undefined) return known;
    const pool = this.#make(jurisdiction, storageClass);
    this.#ready.set(id, pool);
    return pool;
  }

  async #make(jurisdiction: string, storageClass: StorageClass): Promise<string> {
    const { ceph, pools } = this.#parts;
    const { pool, before } = await pools.ready(jurisdiction, storageClass, "block");
    const marks = before?.application_metadata[mark.app];
    if (marks?.[mark.key] === mark.value) return pool;
    await ceph.mon("osd pool set", { pool, var: "nodelete", val: "true" });
    if (marks === undefined) {
      await ceph.mon("osd pool application enable", { pool, app: mark.app });
    }
    await ceph.mon("osd pool application set", { pool, ...mark });
    return pool;
  }
}
