/** Answers about tenants' volumes. */
import { createHash } from "node:crypto";
import type { AuditWriter } from "../../audit/types.ts";
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import { isBelievable } from "../../hsm/watch/clock.ts";
import type { IncusClient } from "../../incus/client.ts";
import type { JobProgress, Jobs } from "../../jobs/types.ts";
import type { Log } from "../../log.ts";
import { parseBytes } from "../../tenants/quantities.ts";
import type { StorageQuota } from "../../tenants/quota-volumes.ts";
import type { Answers } from "../area.ts";
import type { Ceph } from "../link/types.ts";
import { createRetention, type RetentionParts } from "../objects/retention/service.ts";
import type { VolumeFilter, VolumePage, VolumeRow, VolumeSpec } from "./answers.ts";
import { VolumeBook } from "./book.ts";
import { createErasing, type EraseParts } from "./erase.ts";
import type { eraseMembers } from "./erase-members.ts";
import { listVolumes } from "./list.ts";
import type { volumeMembers } from "./members.ts";
import type { PoolsParts } from "./pools.ts";
import { Reconciler, type ReconcilerParts } from "./reconcile.ts";
import { mostVolumes, type VolumeRecord } from "./record.ts";
import { volumeRow } from "./rows.ts";
import type { snapshotMembers } from "./snapshots/members.ts";
import { createSnapshots } from "./snapshots/service.ts";

const dayMs = 86_400_000;

export interface VolumesParts {
  ceph: Ceph;
  incus: IncusClient;
  jobs: Jobs;
  audit: AuditWriter;
  log: Log;
  crush: PoolsParts["crush"];
  /** The map of jurisdictions that holds. @throws DsecosError where there is none */
  map: PoolsParts["map"];
  breaches: PoolsParts["breaches"];
  gateway: ReconcilerParts["gateway"];
  /** Keys in tenants' tokens. */
  vault: ReconcilerParts["vault"];
  /** @throws NotFound, Conflict while it is being deleted */
  tenant: (name: string) => Promise<{ jurisdiction: string }>;
  /** Tenants' quotas of storage, of which volumes take their part. */
  quota: StorageQuota;
  /** Entries of the audit log, which tell whether the clock is right. */
  history: EraseParts["history"];
  /** Where the audit log is copied to; undefined where nowhere. */
  copies: RetentionParts["copies"];
  changed: (tenant: string) => void;
  now?: () => number;
}

export function createVolumes(parts: VolumesParts) {
  const { ceph, crush, incus, jobs, audit, log, map, history, changed, quota } = parts;
  const now = parts.now ?? Date.now;
  const book = new VolumeBook(incus);
  const believable = (at: number) => isBelievable(history, at);
  const reconciler = new Reconciler({
    ...{ ceph, crush, book, audit, log, map, believable, now, changed },
    ...{ gateway: parts.gateway, vault: parts.vault, breaches: parts.breaches },
  });
  const retention = createRetention({
    ...{ book, log, now, copies: parts.copies },
    live: ({ tenant, name }) => reconciler.live(tenant, name),
    entry: (volume) => reconciler.objects.entry(volume),
    alarm: (action, { tenant, name }, error) => reconciler.alarm(action, tenant, name, error),
  });

  const row = (tenant: string, name: string, record: VolumeRecord) =>
    volumeRow(tenant, name, record, reconciler.live(tenant, name));

  async function declared(tenant: string, name: string): Promise<VolumeRecord> {
    const record = (await book.of(tenant)).get(name);
    if (record === undefined) throw missing(tenant, name);
    return record;
  }

  /** Changes a record, and makes it so. */
  async function change(
    tenant: string,
    name: string,
    next: (record: VolumeRecord) => VolumeRecord,
  ): Promise<VolumeRow> {
    const record = await book.change(tenant, name, (is) => next(present(tenant, name, is)));
    return settled(tenant, name, present(tenant, name, record));
  }

  /** Makes it so as far as that can be done now; the rest is on the row. */
  async function settled(tenant: string, name: string, record: VolumeRecord): Promise<VolumeRow> {
    try {
      await reconciler.settle(tenant, name);
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      log("info", "a volume is not as declared", { tenant, volume: name, why: error.message });
    }
    changed(tenant);
    return row(tenant, name, record);
  }

  async function create(call: Call, tenant: string, spec: VolumeSpec): Promise<string> {
    const { jurisdiction } = await parts.tenant(tenant);
    if (spec.jurisdiction !== undefined && spec.jurisdiction !== jurisdiction) {
      const what = `The data of ${tenant} stays in ${jurisdiction}, and a volume in ${spec.jurisdiction} would not; leave the jurisdiction out.`;
      throw new DsecosError("Conflict", what);
    }
    const { name, kind, size, worm } = spec;
    const { notWorm } = reconciler.kind(kind);
    if (worm && notWorm !== "") throw new DsecosError("InvalidArgument", `worm: ${notWorm}`);
    const bytes = bytesOf(size);
    const createdBy = call.caller.user;
    const declare = (is: VolumeRecord | undefined, count: number, others: bigint): VolumeRecord => {
      if (is !== undefined) {
        const what = `${tenant} has a volume ${name} already; choose another name.`;
        throw new DsecosError("Conflict", what);
      }
      if (count >= mostVolumes) {
        const what = `${tenant} has ${count} volumes, and one key opens ${mostVolumes} at most; delete some first.`;
        throw new DsecosError("QuotaExceeded", what);
      }
      quota.requireTotal(tenant, others + bytes);
      return {
        ...reconciler.kind(kind).declare?.(name),
        ...{ kind, bytes: String(bytes), jurisdiction, class: spec.class, worm },
        ...(spec.retention === undefined ? {} : { retention: spec.retention }),
        ...{ createdAt: new Date(now()).toISOString(), createdBy, state: "active" },
      };
    };
    const volume = { name, bytes, before: 0n };
    await quota.within(tenant, volume, () => book.change(tenant, name, declare));
    changed(tenant);
    const { user: actor, uid } = call.caller;
    const request = { kind: call.member, title: `Make ${name} of ${tenant}`, tenant, actor, uid };
    return jobs.start(request, async (progress: JobProgress) => {
      progress.step("Making the volume");
      try {
        await reconciler.settle(tenant, name);
      } catch (error) {
        if (!(error instanceof DsecosError)) throw error;
        const what = `${error.message} The volume stays declared, and is made once that is put right.`;
        throw new DsecosError(error.code, what, { cause: error });
      }
    });
  }

  async function resize(tenant: string, name: string, capacity: string): Promise<VolumeRow> {
    const bytes = bytesOf(capacity);
    const record = await declared(tenant, name);
    await reconciler.kind(record.kind).requireSize({ tenant, name, record }, Number(bytes));
    const volume = { name, bytes, before: BigInt(record.bytes) };
    const resized = await quota.within(tenant, volume, () =>
      book.change(tenant, name, (is, _count, others) => {
        const active = present(tenant, name, is);
        requireState(name, active, "active");
        if (bytes > BigInt(active.bytes)) quota.requireTotal(tenant, others + bytes);
        return { ...active, bytes: String(bytes) };
      }),
    );
    return settled(tenant, name, present(tenant, name, resized));
  }

  async function list(filter: VolumeFilter): Promise<VolumePage> {
    const { declared: known, old } = await book.recent();
    const live = (tenant: string, name: string) => reconciler.live(tenant, name);
    return {
      ...listVolumes(known.tenants, live, filter),
      strays: [...reconciler.strays],
      unknown: old || reconciler.unknown,
    };
  }

  const requireActive = (name: string, record: VolumeRecord) =>
    requireState(name, record, "active");
  const handlers: Answers<typeof volumeMembers & typeof eraseMembers & typeof snapshotMembers> = {
    ...createErasing({ reconciler, declared, requireActive, change, history, now }),
    ...createSnapshots({ files: reconciler.files, declared, requireActive, changed, now }),
    Volumes: (_call, filter) => list(filter),
    CreateVolume: create,
    ResizeVolume: (_call, tenant, name, capacity) => resize(tenant, name, capacity),
    async DeleteVolume(_call, tenant, name, wait) {
      const before = await declared(tenant, name);
      requireState(name, before, "active");
      await reconciler.kind(before.kind).requireRemovable?.({ tenant, name, record: before });
      return change(tenant, name, (record) => {
        requireState(name, record, "active");
        const deleteAt = new Date(now() + wait * dayMs).toISOString();
        return { ...record, state: "deleting", deleteAt };
      });
    },
    async RestoreVolume(call, tenant, name, reason) {
      const before = await declared(tenant, name);
      requireState(name, before, "deleting");
      const volume = { tenant, name, record: before };
      await reconciler.kind(before.kind).reopen?.(volume, call.caller.user, reason);
      return change(tenant, name, (record) => {
        requireState(name, record, "deleting");
        const { deleteAt: _deleteAt, erase: _erase, ...rest } = record;
        return { ...rest, state: "active" };
      });
    },
    async VolumeAccess(_call, tenant, name) {
      const record = await declared(tenant, name);
      requireState(name, record, "active");
      await reconciler.settle(tenant, name);
      const found = reconciler.live(tenant, name)?.found;
      if (found === undefined) throw missing(tenant, name);
      return reconciler.kind(record.kind).access({ tenant, name, record }, found);
    },
  };

  /** An approval holds for the volume as it was, whichever snapshots were taken since. */
  async function fingerprint(_call: Call, tenant: string, name: string): Promise<string> {
    const { snapshots: _snapshots, ...record } = await declared(tenant, name);
    return createHash("sha256").update(JSON.stringify(record)).digest("hex").slice(0, 32);
  }

  return {
    handlers,
    fingerprints: { DeleteVolume: fingerprint, EraseVolume: fingerprint },
    reconciler,
    retention,
    start() {
      reconciler.start();
      retention.start();
    },
    async stop() {
      await retention.stop();
      await reconciler.stop();
    },
    /** Something changed in Incus. */
    stale: () => book.stale(),
    /** Where each of a tenant's volumes is, as far as it was looked at. */
    async placesOf(tenant: string): Promise<{ name: string; pool: string }[]> {
      return [...(await book.of(tenant))].map(([name, record]) => row(tenant, name, record));
    },
    /** @throws Conflict while a tenant has volumes */
    async requireNone(tenant: string): Promise<void> {
      const { tenants, unreadable } = await book.all();
      const [wrong] = unreadable.get(tenant) ?? [];
      if (wrong !== undefined) throw new DsecosError("Conflict", wrong);
      const [name] = (await book.of(tenant)).keys();
      if (name === undefined) return;
      const more = (tenants.get(tenant)?.size ?? 1) - 1;
      const others = more > 0 ? ` and ${more} more` : "";
      const what = `${tenant} still has the volume ${name}${others}; delete its volumes first, which takes 7 days at least.`;
      throw new DsecosError("Conflict", what);
    },
  };
}

function bytesOf(text: string): bigint {
  const bytes = parseBytes(text);
  if (bytes === undefined) throw new DsecosError("InvalidArgument", `${text} is no size.`);
  return bytes;
}

function missing(tenant: string, name: string): DsecosError {
  const what = `${tenant} has no volume ${name}; list its volumes to see which it has.`;
  return new DsecosError("NotFound", what);
}

function present(tenant: string, name: string, record: VolumeRecord | undefined): VolumeRecord {
  if (record === undefined) throw missing(tenant, name);
  return record;
}

function requireState(name: string, { state }: VolumeRecord, wanted: VolumeRecord["state"]): void {
  if (state === wanted) return;
  const remedies = {
    active: "it is not being deleted",
    deleting: "it is to be deleted; restore it first",
    removing: "its data is being removed, which cannot be undone",
  };
  throw new DsecosError(
    "Conflict",
    `The volume ${name} is not to be changed so: ${remedies[state]}.`,
  );
}
