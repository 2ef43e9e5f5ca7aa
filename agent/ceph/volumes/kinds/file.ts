/** File volumes: subvolumes of CephFS, which the tenant's key in cephx opens. */
import { DsecosError } from "../../../bus/errors.ts";
import type { Ceph } from "../../link/types.ts";
import type { Volumes } from "../book.ts";
import type { TenantKeys } from "../keys.ts";
import type { Pools } from "../pools.ts";
import { SnapshotEngine } from "../snapshots/engine.ts";
import { type KeeperParts, SnapshotKeeper } from "../snapshots/keep.ts";
import type { Snapshot } from "../snapshots/names.ts";
import { fileAccess } from "./file-access.ts";
import { FileEngine, requirePlaced } from "./file-engine.ts";
import { FilePools } from "./file-pools.ts";
import { findStrays } from "./file-strays.ts";
import type { Found, Grants, Volume, VolumeKind } from "./types.ts";

export interface FileParts extends Omit<KeeperParts, "engine"> {
  ceph: Pick<Ceph, "mon" | "mgr">;
  pools: Pools;
  keys: TenantKeys;
}

export class FileVolumes implements VolumeKind {
  readonly kind = "file";
  /** As far as snapshots make it so: CephFS itself keeps nobody from changing or deleting files. */
  readonly notWorm = "";
  readonly #parts: FileParts;
  readonly #engine: FileEngine;
  readonly #pools: FilePools;
  readonly #snapshots: SnapshotEngine;
  readonly #keeper: SnapshotKeeper;

  constructor(parts: FileParts) {
    this.#parts = parts;
    this.#engine = new FileEngine(parts.ceph);
    this.#pools = new FilePools(parts);
    this.#snapshots = new SnapshotEngine(parts.ceph);
    this.#keeper = new SnapshotKeeper({ ...parts, engine: this.#snapshots });
  }

  forget(): void {
    this.#pools.forget();
  }

  async find({ tenant, name }: Volume): Promise<Found | undefined> {
    return this.#engine.find(await this.#fileSystem(), tenant, name);
  }

  async caveat({ record }: Volume): Promise<string> {
    return (await this.#pools.ready(record.jurisdiction, record.class)).caveat;
  }

  async settle(volume: Volume, before: Found | undefined): Promise<Found> {
    const { tenant, name, record } = volume;
    const { fileSystem, pool } = await this.#pools.ready(record.jurisdiction, record.class);
    const bytes = Number(record.bytes);
    let found = before;
    if (found === undefined) {
      await this.#keeper.requireNotGone(volume);
      await this.#engine.make(fileSystem, tenant, name, { pool, bytes });
      found = await this.#engine.find(fileSystem, tenant, name);
    }
    if (found === undefined) {
      const what = `Ceph made the volume ${name} of ${tenant} and does not have it; see the cluster's health.`;
      throw new DsecosError("Unavailable", what);
    }
    requirePlaced(found, tenant, name, pool);
    if (found.quota !== bytes) {
      await this.#parts.note("ceph.QuotaSet", volume, { was: found.quota, is: bytes });
      await this.#engine.resize(fileSystem, tenant, name, bytes);
    }
    const trouble = await this.#keeper.keep(volume, fileSystem, found);
    return { ...found, quota: bytes, ...(trouble === "" ? {} : { trouble }) };
  }

  /** Those that are there, the oldest first. */
  async snapshots({ tenant, name }: Volume): Promise<Snapshot[]> {
    return this.#snapshots.list({ fileSystem: await this.#fileSystem(), tenant, name });
  }

  /** @param at seconds since 1970 @returns the one that was taken */
  async takeSnapshot(volume: Volume, at: number): Promise<Snapshot> {
    const days = volume.record.retention ?? 0;
    return this.#keeper.take({ ...volume, days }, await this.#fileSystem(), at);
  }

  async requireSize(volume: Volume, bytes: number): Promise<void> {
    if (bytes >= Number(volume.record.bytes)) return;
    const used = (await this.find(volume))?.used ?? 0;
    if (used <= bytes) return;
    const what = `${volume.name} has ${used} bytes in it already; remove some of that first, or let more fit.`;
    throw new DsecosError("QuotaExceeded", what);
  }

  /** Without the flag `p` the key can change neither quotas nor layouts. */
  async admit(_tenant: string, opened: readonly Found[]): Promise<Grants> {
    if (opened.length === 0) return {};
    const fileSystem = await this.#fileSystem();
    return {
      // Maps of the cluster, which every client needs; of file systems this one alone.
      mon: [`allow r fsname=${fileSystem}`],
      mds: opened.map(({ path }) => `allow rw fsname=${fileSystem} path=${path}`),
      osd: opened.map(({ pool, namespace }) => `allow rw pool=${pool} namespace=${namespace}`),
    };
  }

  async requireRemovable(volume: Volume): Promise<void> {
    const used = (await this.find(volume))?.used ?? 0;
    await this.#keeper.requireRemovable(volume, await this.#fileSystem(), used);
  }

  async remove(volume: Volume): Promise<boolean> {
    const { tenant, name } = volume;
    const fileSystem = await this.#fileSystem();
    await this.#keeper.clear(volume, fileSystem);
    await this.#engine.remove(fileSystem, tenant, name);
    return true;
  }

  async leave(tenant: string): Promise<void> {
    await this.#engine.removeGroup(await this.#fileSystem(), tenant);
  }

  async strays(declared: ReadonlyMap<string, Volumes>): Promise<string[]> {
    return findStrays(this.#engine, await this.#fileSystem(), declared);
  }

  async access({ tenant }: Volume, found: Found) {
    const { ceph, keys } = this.#parts;
    const fileSystem = await this.#fileSystem();
    return fileAccess(ceph, { tenant, fileSystem }, found, await keys.secret(tenant));
  }

  async #fileSystem(): Promise<string> {
    return (await this.#pools.fileSystem()).name;
  }
}
