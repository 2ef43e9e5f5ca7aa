/**
 * File volumes on CephFS: a subvolume in the tenant's group, with a quota and a RADOS namespace of its
 * own. That namespace is named after the subvolume alone and not after its group, so the tenant is
 * part of the subvolume's name.
 */
import * as v from "valibot";
import { DsecosError } from "../../../bus/errors.ts";
import type { Ceph } from "../../link/types.ts";
import type { Found } from "./types.ts";

export const subvolumeName = (tenant: string, volume: string) => `${tenant}.${volume}`;
const namespaceOf = (tenant: string, volume: string) =>
  `fsvolumens_${subvolumeName(tenant, volume)}`;

/** Nobody but root of the tenant's machines and whom that lets. */
const mode = "0750";

const infoSchema = v.object({
  path: v.pipe(v.string(), v.regex(/^\/volumes\/[A-Za-z0-9._/-]+$/)),
  bytes_quota: v.union([v.number(), v.string()]),
  bytes_used: v.number(),
  data_pool: v.string(),
  pool_namespace: v.string(),
  state: v.string(),
});

/** Its content was removed, and snapshots of it were left. */
const retainedSchema = v.object({ state: v.literal("snapshot-retained") });

const namesSchema = v.array(v.object({ name: v.string() }));

export class FileEngine {
  readonly #ceph: Pick<Ceph, "mgr">;

  constructor(ceph: Pick<Ceph, "mgr">) {
    this.#ceph = ceph;
  }

  /** @returns undefined where there is none */
  async find(fileSystem: string, tenant: string, volume: string): Promise<Found | undefined> {
    let answer: unknown;
    try {
      answer = await this.#ceph.mgr("fs subvolume info", place(fileSystem, tenant, volume));
    } catch (error) {
      if (error instanceof DsecosError && error.code === "NotFound") return undefined;
      throw error;
    }
    if (v.is(retainedSchema, answer)) return undefined;
    const result = v.safeParse(infoSchema, answer);
    if (!result.success) {
      const what = `Ceph's answer about the volume ${volume} of ${tenant} is not as expected; the cluster's version may be too old.`;
      throw new DsecosError("Unavailable", what, {
        cause: new Error(result.issues[0].message),
      });
    }
    const { path, bytes_quota, bytes_used, data_pool, pool_namespace } = result.output;
    const quota = typeof bytes_quota === "number" ? bytes_quota : -1;
    return { path, pool: data_pool, namespace: pool_namespace, quota, used: bytes_used };
  }

  /** May be asked again when it was cut off: what is whole is left as it is. */
  async make(
    fileSystem: string,
    tenant: string,
    volume: string,
    { pool, bytes }: { pool: string; bytes: number },
  ): Promise<void> {
    const group = { vol_name: fileSystem, group_name: tenant };
    await this.#ceph.mgr("fs subvolumegroup create", group);
    await this.#ceph.mgr("fs subvolume create", {
      ...place(fileSystem, tenant, volume),
      ...{ pool_layout: pool, size: bytes, namespace_isolated: true, mode },
    });
  }

  async resize(fileSystem: string, tenant: string, volume: string, bytes: number): Promise<void> {
    const args = { ...place(fileSystem, tenant, volume), new_size: String(bytes) };
    await this.#ceph.mgr("fs subvolume resize", args);
  }

  /** Its data is purged by Ceph behind that. Nothing is done where it is gone. */
  async remove(fileSystem: string, tenant: string, volume: string): Promise<void> {
    await unlessMissing(
      this.#ceph.mgr("fs subvolume rm", place(fileSystem, tenant, volume)),
      undefined,
    );
  }

  /** Takes a group away that has no volumes; one that has is left. */
  async removeGroup(fileSystem: string, tenant: string): Promise<void> {
    if ((await this.subvolumes(fileSystem, tenant)).length > 0) return;
    const group = { vol_name: fileSystem, group_name: tenant };
    await unlessMissing(this.#ceph.mgr("fs subvolumegroup rm", group), undefined);
  }

  async groups(fileSystem: string): Promise<string[]> {
    const answer = await this.#ceph.mgr("fs subvolumegroup ls", { vol_name: fileSystem });
    return v.parse(namesSchema, answer).map(({ name }) => name);
  }

  async subvolumes(fileSystem: string, group: string): Promise<string[]> {
    const args = { vol_name: fileSystem, group_name: group };
    const answer = await unlessMissing(this.#ceph.mgr("fs subvolume ls", args), []);
    return v.parse(namesSchema, answer).map(({ name }) => name);
  }
}

/** @throws Conflict where a volume does not lie where it must, so that no key opens it */
export function requirePlaced(found: Found, tenant: string, volume: string, pool: string): void {
  if (found.namespace !== namespaceOf(tenant, volume)) {
    const what = `The volume ${volume} of ${tenant} has no namespace of its own in RADOS, so no key is given to it; move its content and remove it.`;
    throw new DsecosError("Conflict", what);
  }
  if (found.pool === pool) return;
  const what = `The volume ${volume} of ${tenant} lies in the pool ${found.pool} and not in ${pool}, so no key is given to it; move its content and remove it.`;
  throw new DsecosError("Conflict", what);
}

export function place(fileSystem: string, tenant: string, volume: string) {
  const sub_name = subvolumeName(tenant, volume);
  return { vol_name: fileSystem, sub_name, group_name: tenant };
}

async function unlessMissing<T>(work: Promise<T>, instead: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof DsecosError && error.code === "NotFound") return instead;
    throw error;
  }
}
