/** Object volumes: a bucket of S3 in the tenant's own namespace, with a quota and a key of its own. */
import { DsecosError } from "../../bus/errors.ts";
import type { GatewayTool } from "../link/tool.ts";
import type { Ceph } from "../link/types.ts";
import type { Volumes } from "../volumes/book.ts";
import type { Found, Grants, Volume, VolumeKind } from "../volumes/kinds/types.ts";
import type { Pools } from "../volumes/pools.ts";
import { objectAccess } from "./access.ts";
import { type Bucket, Buckets } from "./buckets.ts";
import { KeyHolders } from "./holders.ts";
import { layDown } from "./lay.ts";
import { lossOf, makeBucket, requireOwn } from "./make.ts";
import { bucketOf, gatewayTenant, uidOf } from "./names.ts";
import { type ObjectPlace, Placements } from "./placement.ts";
import { emptyLocked } from "./retention/empty.ts";
import { requireNothingHeld } from "./retention/removable.ts";
import { type Credentials, S3, S3Error } from "./s3.ts";
import { objectStrays } from "./strays.ts";
import { endpointOf } from "./zone.ts";

const purgeSeconds = 50;

export interface ObjectParts {
  ceph: Pick<Ceph, "mon">;
  tool: GatewayTool;
  pools: Pools;
  /** Address of the gateway; empty where its zone says it. */
  endpoint: string;
  /** Certificates that its address is trusted by, PEM; Node's own without it. */
  caFile?: string | undefined;
  record: (action: string, object: string, details: Record<string, unknown>) => Promise<void>;
  note: (action: string, volume: Volume, details: Record<string, unknown>) => Promise<void>;
  /** Puts on record what somebody did past us. */
  alarm: (action: string, volume: Volume, sentence: string) => Promise<void>;
  /** Keeps with what is declared which bucket a volume has. */
  stored: (volume: Volume, stored: Volume["record"]["stored"]) => Promise<void>;
  now: () => number;
}

export class ObjectVolumes implements VolumeKind {
  readonly kind = "object";
  readonly notWorm = "";
  readonly ownKeys = true;
  readonly #parts: ObjectParts;
  readonly #holders: KeyHolders;
  readonly #buckets: Buckets;
  readonly #placements: Placements;
  #s3: { endpoint: string; client: S3 } | undefined;
  /** By name of the bucket, as they were found last. */
  readonly #seen = new Map<string, Bucket>();
  /** Of which nothing could be asked: whoever opened them goes on. */
  readonly #doubtful = new Set<string>();
  /** What was put on record last, so that it is once. */
  readonly #alarmed = new Map<string, string>();

  constructor(parts: ObjectParts) {
    this.#parts = parts;
    this.#holders = new KeyHolders(parts.tool, parts.now);
    this.#buckets = new Buckets(parts.tool);
    this.#placements = new Placements(parts);
  }

  close(): void {
    this.#s3?.client.close();
  }

  forget(): void {
    this.#buckets.forget();
    this.#placements.forget();
  }

  async find({ tenant, name }: Volume): Promise<Found | undefined> {
    const bucket = await this.#buckets.find(tenant, name);
    this.#holders.declare(tenant, name);
    if (bucket === undefined) {
      this.#seen.delete(bucketOf(tenant, name));
      return undefined;
    }
    this.#seen.set(bucketOf(tenant, name), bucket);
    return foundOf(tenant, name, bucket);
  }

  async caveat({ record }: Volume): Promise<string> {
    return (await this.#placements.ready(record.jurisdiction, record.class)).caveat;
  }

  /** `find` was asked just before. */
  async settle(volume: Volume): Promise<Found> {
    const { tenant, name, record } = volume;
    this.#doubtful.delete(uidOf(tenant, name));
    return this.#asking(volume, async () => {
      const place = await this.#placements.ready(record.jurisdiction, record.class);
      const bucket = await this.#bucket(volume, place);
      const quota = await this.#quota(volume, bucket);
      // Nobody opens it while it waits to be removed, nor does the agent.
      if (record.state === "active") await this.#open(volume);
      if (record.stored === undefined && place.poolId !== undefined) {
        await this.#parts.stored(volume, { bucket: bucket.id, pool: place.poolId });
      }
      return foundOf(tenant, name, { ...bucket, quota });
    });
  }

  async requireSize(volume: Volume, bytes: number): Promise<void> {
    if (bytes >= Number(volume.record.bytes)) return;
    const { tenant, name } = volume;
    const used = (await this.#buckets.look(tenant, name))?.used ?? 0;
    if (used <= bytes) return;
    const what = `${name} has ${used} bytes in it already, older versions included; remove some of that first, or let more fit.`;
    throw new DsecosError("QuotaExceeded", what);
  }

  async requireRemovable(volume: Volume): Promise<void> {
    const { tenant, name, record } = volume;
    if (!record.worm || (await this.#buckets.look(tenant, name)) === undefined) return;
    const { s3, credentials } = await this.entry(volume);
    await this.#asking(volume, () =>
      requireNothingHeld(s3, credentials, volume, this.#parts.now()),
    );
  }

  /** Suspends whose volume is not to be opened. A volume's own user has the only key to it. */
  async admit(tenant: string, opened: readonly Found[]): Promise<Grants> {
    const open = new Set([...opened.map(({ path }) => uidOf(tenant, path)), ...this.#doubtful]);
    await this.#holders.suspendOthers(tenant, open);
    return {};
  }

  /** What is locked is taken out by S3 alone, which refuses what is still held. */
  async remove(volume: Volume): Promise<boolean> {
    const { tenant, name, record } = volume;
    const uid = uidOf(tenant, name);
    await this.#holders.suspend(uid);
    if ((await this.#buckets.look(tenant, name)) !== undefined) {
      if (record.worm) {
        const credentials = await this.#holders.takeOver(tenant, name);
        if (!(await emptyLocked(await this.#client(), credentials, volume))) return false;
      }
      try {
        await this.#buckets.purge(tenant, name, purgeSeconds);
      } catch (error) {
        if (error instanceof DsecosError && error.code === "Timeout") return false;
        throw error;
      }
      if ((await this.#buckets.look(tenant, name)) !== undefined) return false;
    }
    await this.#holders.remove(tenant, name);
    this.#alarmed.delete(uid);
    this.#doubtful.delete(uid);
    return true;
  }

  /** Its users went with their volumes. */
  async leave(): Promise<void> {}

  async strays(declared: ReadonlyMap<string, Volumes>): Promise<string[]> {
    return objectStrays(await this.#buckets.all(), declared);
  }

  async access({ tenant, name }: Volume) {
    const { credentials } = await this.#holders.user(tenant, name);
    return objectAccess(uidOf(tenant, name), name, await this.#endpoint(), credentials);
  }

  /** For what is asked of one bucket as its owner. */
  async entry({ tenant, name }: Volume): Promise<{ s3: S3; credentials: Credentials }> {
    const { credentials } = await this.#holders.user(tenant, name);
    return { s3: await this.#client(), credentials };
  }

  /** Turns refusals of S3 into a sentence, and remembers of what nothing could be asked. */
  async #asking<T>(volume: Volume, work: () => Promise<T>): Promise<T> {
    const { tenant, name } = volume;
    const uid = uidOf(tenant, name);
    try {
      return await work();
    } catch (error) {
      if (error instanceof S3Error) {
        this.#holders.doubt(uid);
        if (error.code === "InvalidAccessKeyId") await this.#mend(volume);
        const what = `The gateway refuses what the volume ${name} of ${tenant} needs (${error.code || error.status}); see its log.`;
        throw new DsecosError("Conflict", what, { cause: error });
      }
      const isAway = error instanceof DsecosError && /Unavailable|Timeout/.test(error.code);
      if (isAway) this.#doubtful.add(uid);
      throw error;
    }
  }

  /** The next round opens the bucket with the new key. */
  async #mend(volume: Volume): Promise<void> {
    await this.#parts.note("ceph.BucketKeyMended", volume, {});
    await this.#holders.mend(volume.tenant, volume.name);
  }

  async #bucket(volume: Volume, place: ObjectPlace): Promise<Bucket> {
    const { tenant, name } = volume;
    let bucket = this.#seen.get(bucketOf(tenant, name));
    if (bucket !== undefined) requireOwn(volume, bucket, place);
    const loss = lossOf(volume, bucket, place);
    if (loss !== "") {
      await this.#alarm("ceph.BucketGone", volume, loss);
      throw new DsecosError("Conflict", loss);
    }
    if (bucket !== undefined) return bucket;
    const { group } = await this.#placements.gateways();
    const { credentials } = await this.#holders.users.make(tenant, name);
    await makeBucket(await this.#client(), credentials, volume, place, group);
    bucket = await this.#buckets.look(tenant, name);
    if (bucket !== undefined) return bucket;
    const what = `The gateway made the bucket of ${name} of ${tenant} and does not have it; see the cluster's health.`;
    throw new DsecosError("Unavailable", what);
  }

  async #quota(volume: Volume, { quota }: Bucket): Promise<number> {
    const { tenant, name, record } = volume;
    const bytes = Number(record.bytes);
    if (quota === bytes) return bytes;
    if (record.stored !== undefined) {
      await this.#parts.note("ceph.QuotaSet", volume, { was: quota, is: bytes });
    }
    await this.#buckets.setQuota(tenant, name, bytes);
    return bytes;
  }

  async #open(volume: Volume): Promise<void> {
    const { tenant, name, record } = volume;
    const isNew = record.stored === undefined;
    const { credentials } = await this.#holders.enabled(tenant, name);
    const alarm: ObjectParts["alarm"] = (...args) => this.#alarm(...args);
    await layDown({ alarm }, await this.#client(), credentials, volume, isNew);
    this.#alarmed.delete(uidOf(tenant, name));
    if (isNew) await this.#holders.users.shut(tenant, name);
  }

  async #alarm(action: string, volume: Volume, sentence: string): Promise<void> {
    const uid = uidOf(volume.tenant, volume.name);
    if (this.#alarmed.get(uid) === sentence) return;
    await this.#parts.alarm(action, volume, sentence);
    this.#alarmed.set(uid, sentence);
  }

  async #endpoint(): Promise<string> {
    return endpointOf(await this.#placements.gateways(), this.#parts.endpoint);
  }

  async #client(): Promise<S3> {
    const endpoint = await this.#endpoint();
    if (this.#s3?.endpoint === endpoint) return this.#s3.client;
    this.#s3?.client.close();
    const { caFile } = this.#parts;
    this.#s3 = { endpoint, client: new S3(endpoint, caFile === undefined ? {} : { caFile }) };
    return this.#s3.client;
  }
}

function foundOf(tenant: string, name: string, { quota, used, target }: Bucket): Found {
  return { path: name, pool: `${target}.object`, namespace: gatewayTenant(tenant), quota, used };
}
