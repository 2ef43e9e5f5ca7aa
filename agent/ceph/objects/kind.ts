/** Object volumes: a bucket of S3 in the tenant's own namespace, with a quota and a key of its own. */
import { setTimeout as delay } from "node:timers/promises";
import { DsecosError } from "../../bus/errors.ts";
import type { GatewayTool } from "../link/tool.ts";
import type { Ceph } from "../link/types.ts";
import type { Volumes } from "../volumes/book.ts";
import type { Found, Grants, Volume, VolumeKind } from "../volumes/kinds/types.ts";
import type { Pools } from "../volumes/pools.ts";
import { objectAccess } from "./access.ts";
import { type Bucket, Buckets } from "./buckets.ts";
import { layDown } from "./lay.ts";
import { bucketOf, gatewayTenant, uidOf } from "./names.ts";
import { type ObjectPlace, Placements } from "./placement.ts";
import { bucketConfiguration } from "./policy.ts";
import { emptyLocked } from "./retention/empty.ts";
import { type Credentials, codeOf, S3, S3Error } from "./s3.ts";
import { objectStrays } from "./strays.ts";
import { GatewayUsers, type User } from "./users.ts";
import { endpointOf } from "./zone.ts";

/** What somebody did to a user is seen after this long: each look is a process. */
const userMs = 60 * 60_000;
/** Gateways take a new placement target up within seconds. */
const placementMs = 20_000;
const pauseMs = 500;
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
  readonly #parts: ObjectParts;
  readonly #users: GatewayUsers;
  readonly #buckets: Buckets;
  readonly #placements: Placements;
  #s3: { endpoint: string; client: S3 } | undefined;
  /** By name of the bucket, as they were found last. */
  readonly #seen = new Map<string, Bucket>();
  readonly #known = new Map<string, { user: User; at: number }>();
  readonly #suspended = new Set<string>();
  /** Users of volumes that were looked for. */
  readonly #declared = new Set<string>();
  /** Of which nothing could be asked: whoever opened them goes on. */
  readonly #doubtful = new Set<string>();
  /** What was put on record last, so that it is once. */
  readonly #alarmed = new Map<string, string>();
  /** Keys of volumes that are being removed. */
  readonly #leaving = new Map<string, Credentials>();

  constructor(parts: ObjectParts) {
    this.#parts = parts;
    this.#users = new GatewayUsers(parts.tool);
    this.#buckets = new Buckets(parts.tool);
    this.#placements = new Placements(parts);
  }

  close(): void {
    this.#s3?.client.close();
  }

  declare() {
    return {};
  }

  forget(): void {
    this.#buckets.forget();
    this.#placements.forget();
  }

  async find({ tenant, name }: Volume): Promise<Found | undefined> {
    const bucket = await this.#buckets.find(tenant, name);
    this.#declared.add(uidOf(tenant, name));
    if (bucket === undefined) return undefined;
    this.#seen.set(bucketOf(tenant, name), bucket);
    return foundOf(tenant, name, bucket);
  }

  async caveat({ record }: Volume): Promise<string> {
    return (await this.#placements.ready(record.jurisdiction, record.class)).caveat;
  }

  async settle(volume: Volume, before: Found | undefined): Promise<Found> {
    const { tenant, name, record } = volume;
    const uid = uidOf(tenant, name);
    this.#doubtful.delete(uid);
    try {
      const place = await this.#placements.ready(record.jurisdiction, record.class);
      const bucket = await this.#bucket(volume, place, before);
      await this.#requireStored(volume, bucket, place);
      const quota = await this.#quota(volume, bucket);
      // Nobody opens it while it waits to be removed, nor does the agent.
      if (record.state === "active") await this.#open(volume);
      if (record.stored === undefined && place.poolId !== undefined) {
        await this.#parts.stored(volume, { bucket: bucket.id, pool: place.poolId });
      }
      return { ...foundOf(tenant, name, { ...bucket, quota }), pool: place.pool };
    } catch (error) {
      if (error instanceof S3Error) {
        this.#known.delete(uid);
        const what = `The gateway refuses what the volume ${name} of ${tenant} needs (${error.code || error.status}); see its log.`;
        throw new DsecosError("Conflict", what, { cause: error });
      }
      const isAway = error instanceof DsecosError && /Unavailable|Timeout/.test(error.code);
      if (isAway) this.#doubtful.add(uid);
      throw error;
    }
  }

  async requireSize(volume: Volume, bytes: number): Promise<void> {
    if (bytes >= Number(volume.record.bytes)) return;
    const { tenant, name } = volume;
    const used = (await this.#buckets.look(tenant, name))?.used ?? 0;
    if (used <= bytes) return;
    const what = `${name} has ${used} bytes in it already, older versions included; remove some of that first, or let more fit.`;
    throw new DsecosError("QuotaExceeded", what);
  }

  /** Suspends whose volume is not to be opened. A volume's own user has the only key to it. */
  async admit(tenant: string, opened: readonly Found[]): Promise<Grants> {
    const prefix = `${gatewayTenant(tenant)}$`;
    const open = new Set(opened.map(({ path }) => `${prefix}${path}`));
    for (const uid of this.#declared) {
      const isLeft = open.has(uid) || this.#doubtful.has(uid) || this.#suspended.has(uid);
      if (uid.startsWith(prefix) && !isLeft) await this.#suspend(uid);
    }
    return {};
  }

  /** Nothing of it is begun before its time. */
  async reopen(): Promise<void> {}

  /** What is locked is taken out by S3 alone, which refuses what is still held. */
  async remove(volume: Volume): Promise<boolean> {
    const { tenant, name, record } = volume;
    const uid = uidOf(tenant, name);
    if (!this.#suspended.has(uid) && !this.#leaving.has(uid)) await this.#suspend(uid);
    if ((await this.#buckets.look(tenant, name)) !== undefined) {
      if (record.worm && !(await this.#empty(volume))) return false;
      try {
        await this.#buckets.purge(tenant, name, purgeSeconds);
      } catch (error) {
        if (error instanceof DsecosError && error.code === "Timeout") return false;
        throw error;
      }
      if ((await this.#buckets.look(tenant, name)) !== undefined) return false;
    }
    await this.#users.remove(tenant, name);
    const all = [this.#known, this.#declared, this.#suspended, this.#alarmed, this.#leaving];
    for (const kept of all) kept.delete(uid);
    return true;
  }

  /** Its users went with their volumes. */
  async leave(): Promise<void> {}

  async strays(declared: ReadonlyMap<string, Volumes>): Promise<string[]> {
    return objectStrays(await this.#buckets.all(), declared);
  }

  async access({ tenant, name }: Volume) {
    const { credentials } = await this.#user(tenant, name);
    return objectAccess(uidOf(tenant, name), name, await this.#endpoint(), credentials);
  }

  /** For what is asked of one bucket as its owner. */
  async entry({ tenant, name }: Volume): Promise<{ s3: S3; credentials: Credentials }> {
    return { s3: await this.#client(), credentials: (await this.#user(tenant, name)).credentials };
  }

  async #bucket(volume: Volume, place: ObjectPlace, before: Found | undefined): Promise<Bucket> {
    const { tenant, name, record } = volume;
    if (before !== undefined) {
      const bucket = this.#seen.get(bucketOf(tenant, name));
      if (bucket !== undefined) return bucket;
    }
    if (record.stored !== undefined) {
      const what = `The bucket of ${name} of ${tenant} is gone with all that was in it: somebody removed it past the agent; see the cluster's audit log (ceph log last 1000 info audit), and delete the volume, or have its content restored.`;
      await this.#alarm("ceph.BucketGone", volume, what);
      throw new DsecosError("Conflict", what);
    }
    await this.#make(volume, place);
    const bucket = await this.#buckets.look(tenant, name);
    if (bucket !== undefined) return bucket;
    const what = `The gateway made the bucket of ${name} of ${tenant} and does not have it; see the cluster's health.`;
    throw new DsecosError("Unavailable", what);
  }

  async #make({ tenant, name, record }: Volume, { target }: ObjectPlace): Promise<void> {
    const { group } = await this.#placements.gateways();
    const s3 = await this.#client();
    const { credentials } = await this.#users.make(tenant, name);
    this.#suspended.delete(uidOf(tenant, name));
    const request = {
      ...({ method: "PUT", bucket: name } as const),
      headers: record.worm ? { "x-amz-bucket-object-lock-enabled": "true" } : {},
      body: bucketConfiguration(group.api_name || group.name, target),
    };
    for (const end = performance.now() + placementMs; ; await delay(pauseMs)) {
      const reply = await s3.ask(credentials, request);
      if (reply.status === 200) return;
      const code = codeOf(reply);
      // The gateway begins anew behind a change of its zone.
      const isEarly = /InvalidLocationConstraint|ServiceUnavailable/.test(code);
      if (!isEarly) throw new S3Error(reply.status, code);
      if (performance.now() < end) continue;
      const what = `The gateway does not know the placement target ${target} yet; start it anew, and the bucket is made.`;
      throw new DsecosError("Conflict", what);
    }
  }

  /** @throws Conflict where the bucket is not the one that was made, or lies elsewhere */
  async #requireStored(volume: Volume, bucket: Bucket, place: ObjectPlace): Promise<void> {
    const { tenant, name, record } = volume;
    const { stored } = record;
    if (bucket.owner !== uidOf(tenant, name) || bucket.target !== place.target) {
      const what = `The bucket ${bucketOf(tenant, name)} belongs to ${bucket.owner} and lies in ${bucket.target}, not in ${place.target}, so no key is given to it; move its content and remove it.`;
      throw new DsecosError("Conflict", what);
    }
    if (stored === undefined) return;
    const isOther =
      stored.bucket !== bucket.id
        ? "The bucket"
        : stored.pool !== place.poolId
          ? `The pool ${place.pool} with the bucket`
          : "";
    if (isOther === "") return;
    const what = `${isOther} of ${name} of ${tenant} was removed and made anew by somebody, so what was in it is gone; delete the volume, or have its content restored.`;
    await this.#alarm("ceph.BucketGone", volume, what);
    throw new DsecosError("Conflict", what);
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
    const uid = uidOf(tenant, name);
    const isNew = record.stored === undefined;
    const { credentials, suspended } = await this.#user(tenant, name);
    if (suspended) {
      await this.#users.enable(tenant, name);
      this.#known.delete(uid);
    }
    this.#suspended.delete(uid);
    const alarm: ObjectParts["alarm"] = (...args) => this.#alarm(...args);
    await layDown({ alarm }, await this.#client(), credentials, volume, isNew);
    this.#alarmed.delete(uid);
    if (isNew) await this.#users.shut(tenant, name);
  }

  async #user(tenant: string, name: string): Promise<User> {
    const uid = uidOf(tenant, name);
    const known = this.#known.get(uid);
    const now = this.#parts.now();
    if (known !== undefined && Math.abs(now - known.at) < userMs) return known.user;
    const user = await this.#users.find(tenant, name);
    if (user === undefined) {
      const what = `The gateway has no user ${uid} any more, whose bucket the volume ${name} is; make it: radosgw-admin user create --uid '${uid}' --display-name '${name}' --max-buckets=-1`;
      throw new DsecosError("Conflict", what);
    }
    this.#known.set(uid, { user, at: now });
    return user;
  }

  async #empty(volume: Volume): Promise<boolean> {
    const { tenant, name } = volume;
    const uid = uidOf(tenant, name);
    // What the tenant was given opens nothing from now on, and the agent has to open it once more.
    let credentials = this.#leaving.get(uid);
    if (credentials === undefined) {
      ({ credentials } = await this.#users.rekey(tenant, name));
      this.#leaving.set(uid, credentials);
      await this.#users.enable(tenant, name);
    }
    return emptyLocked(await this.#client(), credentials, volume);
  }

  async #suspend(uid: string): Promise<void> {
    try {
      await this.#users.suspend(uid);
    } catch (error) {
      // It was never made, or is gone.
      if (!(error instanceof DsecosError) || error.code !== "NotFound") throw error;
    }
    this.#suspended.add(uid);
    this.#known.delete(uid);
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
