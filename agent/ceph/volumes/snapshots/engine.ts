/** Snapshots of subvolumes: read-only to every client, and made or removed by the manager alone. */
import * as v from "valibot";
import { DsecosError } from "../../../bus/errors.ts";
import type { Ceph } from "../../link/types.ts";
import { place } from "../kinds/file-engine.ts";
import { parseSnapshot, type Snapshot } from "./names.ts";

const namesSchema = v.array(v.object({ name: v.string() }));

/** Which volume, in which file system. */
export interface Where {
  fileSystem: string;
  tenant: string;
  name: string;
}

export class SnapshotEngine {
  readonly #ceph: Pick<Ceph, "mgr">;

  constructor(ceph: Pick<Ceph, "mgr">) {
    this.#ceph = ceph;
  }

  /** @returns ours, the oldest first; those of others are none of our business */
  async list(where: Where): Promise<Snapshot[]> {
    let answer: unknown;
    try {
      answer = await this.#ceph.mgr("fs subvolume snapshot ls", placeOf(where));
    } catch (error) {
      if (error instanceof DsecosError && error.code === "NotFound") return [];
      throw error;
    }
    return v
      .parse(namesSchema, answer)
      .flatMap(({ name }) => parseSnapshot(name) ?? [])
      .sort((one, other) => one.at - other.at);
  }

  /** One that is there already is left as it is. */
  async take(where: Where, { name }: Snapshot): Promise<void> {
    await this.#ceph.mgr("fs subvolume snapshot create", { ...placeOf(where), snap_name: name });
  }

  async remove(where: Where, { name }: Snapshot): Promise<void> {
    try {
      await this.#ceph.mgr("fs subvolume snapshot rm", { ...placeOf(where), snap_name: name });
    } catch (error) {
      if (!(error instanceof DsecosError && error.code === "NotFound")) throw error;
    }
  }
}

const placeOf = ({ fileSystem, tenant, name }: Where) => place(fileSystem, tenant, name);
