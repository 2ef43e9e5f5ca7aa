/** Block volumes: encrypted images of RBD, each with a key of its own in the tenant's token. */
import { randomBytes } from "node:crypto";
import type { Call } from "../../../bus/call.ts";
import { DsecosError } from "../../../bus/errors.ts";
import type { VolumeKey, VolumeKeys } from "../../../hsm/volumes/types.ts";
import type { Log } from "../../../log.ts";
import type { Ceph } from "../../link/types.ts";
import type { VolumeBook, Volumes } from "../book.ts";
import { poolName } from "../classes.ts";
import type { TenantKeys } from "../keys.ts";
import type { Pools } from "../pools.ts";
import type { VolumeRecord } from "../record.ts";
import { blockAccess } from "./block-access.ts";
import { BlockCounts, type Count } from "./block-counts.ts";
import { BlockEngine, namespaceOf, type Place, specOf } from "./block-engine.ts";
import { BlockPools, mark } from "./block-pools.ts";
import { findStrayImages } from "./block-strays.ts";
import { certificateOf, type Erasure } from "./erasure.ts";
import type { Found, Grants, Volume, VolumeKind } from "./types.ts";

export interface BlockParts {
  ceph: Pick<Ceph, "mon" | "mgr" | "text">;
  pools: Pools;
  keys: TenantKeys;
  book: VolumeBook;
  /** Keys in tenants' tokens. */
  vault: VolumeKeys;
  now: () => number;
  log: Log;
  /** Puts on record what is about to be changed. */
  note: (action: string, volume: Volume, details: Record<string, unknown>) => Promise<void>;
  /** Puts a certificate on record. */
  certify: (volume: Volume, certificate: Erasure) => Promise<void>;
}

const actor = "dsecos-agent";
/** As long as people have to notice, who destroy a key: its volume is gone, and that is for good. */
const keyWaitMs = 7 * 86_400_000;

export class BlockVolumes implements VolumeKind {
  readonly kind = "block";
  readonly notWorm =
    "Whoever writes to a disk can overwrite it, so a block volume cannot be WORM; use an object volume.";
  readonly #parts: BlockParts;
  readonly #images: BlockEngine;
  readonly #pools: BlockPools;
  readonly #counts: BlockCounts;

  constructor(parts: BlockParts) {
    this.#parts = parts;
    this.#images = new BlockEngine(parts.ceph);
    this.#pools = new BlockPools(parts);
    this.#counts = new BlockCounts({ ...parts, images: this.#images });
  }

  /** A name of its own for each, since the name of a key that was destroyed stays taken. */
  declare(name: string): Pick<VolumeRecord, "key"> {
    return { key: { name: `volume-${name.slice(0, 28)}-${randomBytes(4).toString("hex")}` } };
  }

  forget(): void {
    this.#pools.forget();
  }

  async find(volume: Volume): Promise<Found | undefined> {
    const place = placeOf(volume);
    const quota = await this.#images.look(place);
    return quota === undefined ? undefined : foundAt(place, quota, this.#counts.of(place));
  }

  async caveat({ record }: Volume): Promise<string> {
    await this.#pools.ready(record.jurisdiction, record.class);
    return "";
  }

  async settle(volume: Volume, before: Found | undefined): Promise<Found> {
    const { tenant, name, record } = volume;
    const { state, erase, deleteAt } = record;
    const place = placeOf(volume);
    const bytes = Number(record.bytes);
    if (state !== "active" && erase !== undefined && deleteAt !== undefined) {
      await this.#parts.vault.schedule(keyOf(volume), erase.by, deleteAt);
    }
    let found = before;
    if (record.key?.madeAt === undefined && state === "active") {
      await this.#make(volume, place);
      found = await this.find(volume);
    }
    if (found === undefined) {
      const what = `The image ${specOf(place)} of the volume ${name} of ${tenant} is gone and is not made anew; bring it back from its backup, or delete the volume.`;
      throw new DsecosError("Conflict", what);
    }
    if (found.quota > bytes) {
      const what = `The volume ${name} of ${tenant} has ${found.quota} bytes, and ${bytes} were declared: its client let it grow, so no key is given to it; resize it to at least that.`;
      throw new DsecosError("Conflict", what);
    }
    if (found.quota === bytes || state !== "active") return found;
    await this.#parts.note("ceph.QuotaSet", volume, { was: found.quota, is: bytes });
    await this.#images.grow(place, bytes);
    return { ...found, quota: bytes };
  }

  async requireSize({ name, record }: Volume, bytes: number): Promise<void> {
    if (bytes >= Number(record.bytes)) return;
    const what = `${name} is a disk of ${record.bytes} bytes, which cannot be made smaller without losing what is at its end; make another one and copy.`;
    throw new DsecosError("Conflict", what);
  }

  /**
   * The pools are named by their mark: monitors let a key that may write to a pool by its name make
   * and remove snapshots of its objects, those of other tenants, too, whatever its namespace is
   * (is_unmanaged_snap_op_permitted in Ceph's OSDMonitor). So a tenant's key makes no snapshots at all.
   * The second capability is what every client of RBD asks first: settings of the pool.
   */
  async admit(_tenant: string, opened: readonly Found[]): Promise<Grants> {
    if (opened.length === 0) return {};
    return {
      mon: ["allow r"],
      osd: opened.flatMap(({ pool, namespace }) => [
        `allow rwx namespace=${namespace} tag ${mark.app} ${mark.key}=${mark.value}`,
        `allow class rbd metadata_list pool=${pool} object_prefix rbd_info`,
      ]),
    };
  }

  async reopen(volume: Volume, by: string, why: string): Promise<void> {
    if (volume.record.erase === undefined) return;
    await this.#parts.vault.keep(keyOf(volume), by, why);
  }

  /** Where it is to be erased, the key goes first: then it does not matter who has a copy of the image. */
  async remove(volume: Volume): Promise<boolean> {
    const { vault, now } = this.#parts;
    const { erase } = volume.record;
    const key = keyOf(volume);
    if (erase !== undefined && erase.certifiedAt === undefined) await this.#erase(volume, erase.by);
    this.#counts.forget(placeOf(volume));
    if (!(await this.#images.clear(placeOf(volume)))) return false;
    if (erase === undefined && (await vault.look(key)) !== undefined) {
      await vault.schedule(key, actor, new Date(now() + keyWaitMs).toISOString());
    }
    return true;
  }

  /** Namespaces go with their volumes. */
  async leave(): Promise<void> {}

  strays(declared: ReadonlyMap<string, Volumes>): Promise<string[]> {
    return findStrayImages(this.#parts.ceph, this.#images, this.#counts, declared);
  }

  /** The passphrase, for whoever opens it. @throws Conflict while there is none, or no more */
  async passphrase(volume: Volume, call: Call): Promise<string> {
    const { vault, book } = this.#parts;
    const { tenant, name, record } = volume;
    const wrapped = record.key?.madeAt === undefined ? undefined : record.key.wrapped;
    if (wrapped === undefined) {
      const what = `The volume ${name} of ${tenant} is not made yet; see what is said of it.`;
      throw new DsecosError("Conflict", what);
    }
    await book.change(tenant, name, (is) =>
      is?.key === undefined ? is : { ...is, key: { ...is.key, given: (is.key.given ?? 0) + 1 } },
    );
    return vault.open(keyOf(volume), wrapped, call);
  }

  /**
   * Each step is found done after a crash: the key, the passphrase under it, which is on record before
   * anything is encrypted with it, and the image, which has a header whole or not at all.
   */
  async #make(volume: Volume, place: Place): Promise<void> {
    const { vault, book, now } = this.#parts;
    const { tenant, name, record } = volume;
    const key = keyOf(volume);
    await vault.make(key, record.createdBy);
    const passphrase = await this.#newPassphrase(volume, key);
    if (!(await this.#images.make(place, Number(record.bytes), passphrase))) {
      const what = `The image ${specOf(place)} is none that was made for the volume ${name} of ${tenant}: its passphrase does not open it; move its content and remove it.`;
      throw new DsecosError("Conflict", what);
    }
    const madeAt = new Date(now()).toISOString();
    await book.change(tenant, name, (is) =>
      is?.key === undefined ? is : { ...is, key: { ...is.key, madeAt } },
    );
  }

  async #newPassphrase(volume: Volume, key: VolumeKey): Promise<string> {
    const { vault, book } = this.#parts;
    const { tenant, name, record } = volume;
    if (record.key?.wrapped !== undefined) return vault.open(key, record.key.wrapped);
    const made = await vault.wrap(key);
    const now = await book.change(tenant, name, (is) =>
      is?.key === undefined || is.key.wrapped !== undefined
        ? is
        : { ...is, key: { ...is.key, wrapped: made.wrapped } },
    );
    const kept = now?.key?.wrapped;
    if (kept === made.wrapped) return made.passphrase;
    // Another node was first, or it is declared no more.
    if (kept !== undefined) return vault.open(key, kept);
    const what = `The volume ${name} of ${tenant} was taken back while it was made; list the volumes to see.`;
    throw new DsecosError("Conflict", what);
  }

  async #erase(volume: Volume, by: string): Promise<void> {
    const { vault, certify, book, now } = this.#parts;
    const { tenant, name, record } = volume;
    const key = keyOf(volume);
    const at = new Date(now()).toISOString();
    await vault.schedule(key, by, record.deleteAt ?? at);
    const destroyed = await vault.destroy(key);
    await certify(volume, certificateOf(volume, specOf(placeOf(volume)), destroyed));
    await book.change(tenant, name, (is) =>
      is?.erase === undefined ? is : { ...is, erase: { ...is.erase, certifiedAt: at } },
    );
  }

  async access(volume: Volume, found: Found) {
    const { ceph, keys } = this.#parts;
    return blockAccess(ceph, volume, found, await keys.secret(volume.tenant));
  }
}

function placeOf({ tenant, name, record }: Volume): Place {
  const pool = poolName(record.jurisdiction, record.class, "block");
  return { pool, namespace: namespaceOf(tenant, name), image: name };
}

function foundAt(place: Place, quota: number, { used, at }: Count): Found {
  const { pool, namespace } = place;
  return { path: specOf(place), pool, namespace, quota, used, usedAt: at };
}

function keyOf({ tenant, name, record }: Volume): VolumeKey {
  if (record.key !== undefined) return { tenant, key: record.key.name, volume: name };
  const what = `The record of the volume ${name} of ${tenant} names no key; put it right.`;
  throw new DsecosError("Conflict", what);
}
