/** What can be asked about tenants, and how each answer comes about. */
import { createHash } from "node:crypto";
import type { AuditWriter } from "../audit/types.ts";
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import { DsecosError } from "../bus/errors.ts";
import type { IncusClient } from "../incus/client.ts";
import type { Health, IncusServer } from "../incus/server.ts";
import type { JobProgress, Jobs } from "../jobs/types.ts";
import { exceeding, limitOf, plus } from "./amounts.ts";
import type { Tenant, TenantChange, TenantSpec, tenants } from "./contract.ts";
import type { Homes } from "./homes.ts";
import { Lifecycle, type Who } from "./lifecycle.ts";
import { TenantList } from "./list.ts";
import { readLive } from "./live.ts";
import type { KeyedLock } from "./locks.ts";
import { numberKey, slotHolders } from "./numbers.ts";
import { apartKeys, createProject, declared } from "./project.ts";
import { belowPromised } from "./quota.ts";
import { type StorageQuota, storageQuota } from "./quota-volumes.ts";
import { Reconciler } from "./reconcile.ts";
import type { StateRecord, TenantRecord } from "./record.ts";
import { features, restrictionsFor } from "./restrictions.ts";
import { notYetTrue, poolOf, type RowContext, rowOf } from "./rows.ts";
import type { Entry, TenantView } from "./view.ts";

export interface TenantDeps {
  client: IncusClient;
  server: IncusServer;
  view: TenantView;
  jobs: Jobs;
  audit: AuditWriter;
  now: () => Date;
  log: (event: string, facts: Record<string, unknown>) => void;
  /** Goes on with a tenant's bulk jobs that a stop of the agent interrupted. */
  finishJobs: (tenant: string) => Promise<void>;
  homes: Homes;
  /** Held by whoever changes a tenant's project. */
  locks: KeyedLock;
  /** Refuses by throwing while something of the tenant must not be lost, such as its keys. */
  mayGo: (tenant: string) => Promise<void>;
}

export interface TenantService {
  handlers: Handlers<typeof tenants, Call>;
  /** Texts that change when what a second person approves has changed. */
  fingerprints: { Delete: (call: Call, name: string) => Promise<string> };
  start(): void;
  stop(): Promise<void>;
  onChanged(listener: (name: string) => void): void;
  health(): Health;
  /** What became of a tenant whose creation or deletion was interrupted. */
  outcome(name: string): Promise<"whole" | "deleting" | "gone">;
  /** Of which tenants something is not true yet on this node, by name, with how much; empty while they are not loaded. */
  behind(): { name: string; things: number }[];
  /** What is declared of a tenant. @throws NotFound, Unavailable while they are not loaded. */
  record(name: string): Promise<TenantRecord>;
  /** Tenants' quotas of storage, for what is not in Incus. */
  storage: StorageQuota;
  /** Tells that a tenant was read anew; an empty name means all. */
  noticed(name: string): void;
  /** Reads all tenants and their pools. */
  load(): Promise<void>;
  /** The storage pools of slots, or the slots, are others now. */
  slotsChanged(): void;
  /** Names of tenants by their slot of the SELinux policy. */
  slotHolders(): ReadonlyMap<number, string>;
}

/**
 * Incus 6.0 reads the settings of all projects once for each project, every minute, and its one
 * database connection is busy meanwhile. Measured: 3.4 µs for each of about 35 rows of a tenant.
 */
function withCrowding(health: Health, count: number): Health {
  const seconds = Math.round(count * count * 35 * 3.4e-6);
  if (health.state !== "running" || seconds < 2) return health;
  const remedy =
    `With ${count} tenants Incus is busy with its own tasks for about ${Math.min(seconds, 30)} s of ` +
    "every minute, and acts may take that long; spread tenants over more clusters.";
  return { ...health, remedy };
}

export function createTenants(deps: TenantDeps): TenantService {
  const { client, server, view, jobs, now, homes } = deps;
  const listeners: ((name: string) => void)[] = [];
  const tell = (name: string) => {
    for (const listener of listeners) listener(name);
  };
  const lifecycle = new Lifecycle(deps);
  const reconciler = new Reconciler({ ...deps, lifecycle, changed: tell });
  const list = new TenantList();
  /** Names and domains of tenants that are being created. */
  const claimed = new Map<string, string>();

  const context = (): RowContext => {
    return { view, pool: server.knownPool, poolName: server.poolName, homes };
  };
  const row = (entry: Entry) => rowOf(entry, context());
  const ready = () =>
    view.ready(
      () => server.health.remedy || "The tenants are being loaded; try again in a moment.",
    );

  async function create(call: Call, name: string, spec: TenantSpec): Promise<Tenant> {
    await ready();
    const release = claim(name, spec.domain);
    try {
      const at = now().toISOString();
      const createdBy = call.caller.user;
      const record: TenantRecord = { version: 1, ...spec, createdAt: at, createdBy };
      const uid = call.caller.uid;
      const state: StateRecord = { state: "active", since: at, by: createdBy, uid };
      const { number, release } = await homes.hold();
      const slotKeys =
        number === undefined ? {} : { [numberKey]: String(number), ...apartKeys(server) };
      try {
        const config = { ...declared(record, state, server), ...slotKeys };
        await createProject(client, name, spec.displayName, config);
        view.added(name, record, state, number);
      } catch (error) {
        throw explainCreate(error, name);
      } finally {
        release();
      }
      await homes.settleNumber(name);
      tell(name);
      reconciler.kick(name);
      return row(view.get(name));
    } finally {
      release();
    }
  }

  /** Holds a name and a domain for one creation, in one step so that no other can come between. */
  function claim(name: string, domain: string): () => void {
    const owner = view.ownerOf(domain) ?? claimed.get(`domain ${domain}`);
    if (view.find(name) !== undefined || view.unreadable.has(name) || claimed.has(`name ${name}`)) {
      throw new DsecosError("Conflict", `There is a tenant ${name} already; choose another name.`);
    }
    if (owner !== undefined) {
      const message = `The tenant ${owner} has the domain ${domain}; choose another domain.`;
      throw new DsecosError("Conflict", message);
    }
    claimed.set(`name ${name}`, name).set(`domain ${domain}`, name);
    return () => {
      claimed.delete(`name ${name}`);
      claimed.delete(`domain ${domain}`);
    };
  }

  async function change(name: string, changes: TenantChange): Promise<Tenant> {
    await ready();
    try {
      const entry = await lifecycle.write(name, ({ record, state }) => {
        const { quota, ...rest } = changes;
        const next = { ...merge(record, rest), quota: merge(record.quota, quota ?? {}) };
        // In one step: refuse what is promised already, and let nothing new past the new limit.
        const limit = limitOf(next.quota);
        const { promised, limit: before } = view.get(name);
        const used = plus(promised, view.guard.held(name));
        const under = exceeding(limit, used).filter((key) => limit[key] < before[key]);
        if (under.length > 0) throw belowPromised(name, used, under);
        view.narrow(name, limit);
        return { record: next, state };
      });
      tell(name);
      return row(entry);
    } catch (error) {
      // The limit was narrowed before Incus agreed: take the true one again.
      if (view.find(name) !== undefined) await view.refresh(name).catch(() => undefined);
      throw error;
    }
  }

  function startJob(
    call: Call,
    name: string,
    title: string,
    work: (progress: JobProgress) => Promise<void>,
  ): string {
    const { user: actor, uid } = call.caller;
    tell(name);
    return jobs.start({ kind: call.member, title, tenant: name, actor, uid }, async (progress) => {
      try {
        await work(progress);
      } finally {
        tell(name);
      }
    });
  }

  const freeze = (name: string, progress: JobProgress) =>
    reconciler.leaving(name, async () => {
      await lifecycle.freeze(name, progress.finished);
    });

  const who = (call: Call): Who => ({ user: call.caller.user, uid: call.caller.uid });

  const handlers: TenantService["handlers"] = {
    List: async (_call, filter) => {
      await ready();
      const troubled = (entry: Entry) => notYetTrue(entry, context()).length > 0;
      return list.page(view.entries(), view.revision, filter, troubled, row);
    },

    Show: async (_call, name) => {
      await ready();
      const entry = view.get(name);
      const [live, pool] = await Promise.all([readLive(client, name), server.pool()]);
      return {
        tenant: row(entry),
        live,
        storage: {
          pool: poolOf(entry, pool.name),
          driver: pool.driver,
          enforced: pool.enforced,
        },
        restrictions: [...restrictionsFor(server.network), ...features],
      };
    },

    Create: create,

    Change: (_call, name, changes) => change(name, changes),

    Suspend: async (call, name) => {
      await ready();
      await lifecycle.suspend(name, who(call));
      return startJob(call, name, `Suspend ${name}`, async (progress) => {
        progress.step("Freezing instances");
        await freeze(name, progress);
      });
    },

    Resume: async (call, name) => {
      await ready();
      await lifecycle.resume(name, who(call));
      return startJob(call, name, `Resume ${name}`, async (progress) => {
        progress.step("Thawing instances");
        await reconciler.leaving(name, () => lifecycle.thaw(name, progress.finished));
      });
    },

    Delete: async (call, name, removeContents, graceSeconds) => {
      await ready();
      await lifecycle.markDeleting(name, who(call), removeContents, graceSeconds);
      return startJob(call, name, `Delete ${name}`, async (progress) => {
        if (graceSeconds === 0) {
          await reconciler.removing(name, () => lifecycle.remove(name, progress));
          return;
        }
        progress.step("Freezing instances");
        await freeze(name, progress);
      });
    },

    Restore: async (call, name) => {
      await ready();
      const entry = await lifecycle.restore(name, who(call));
      reconciler.kick(name);
      tell(name);
      return row(entry);
    },
  };

  async function fingerprint(name: string): Promise<string> {
    await ready();
    const { record, state, instances } = view.get(name);
    const text = JSON.stringify([name, record, state, instances]);
    return createHash("sha256").update(text).digest("hex").slice(0, 32);
  }

  return {
    handlers,
    fingerprints: { Delete: (_call, name) => fingerprint(name) },
    start: () => reconciler.start(),
    stop: () => reconciler.stop(),
    onChanged: (listener) => void listeners.push(listener),
    behind: () =>
      [...view.entries()]
        .map((entry) => ({ name: entry.name, things: notYetTrue(entry, context()).length }))
        .filter(({ things }) => things > 0),
    health: () => withCrowding(server.health, view.size),
    async record(name) {
      await ready();
      return view.get(name).record;
    },
    outcome: async (name) => {
      await ready();
      const entry = view.find(name) ?? (await view.refresh(name));
      if (entry === undefined) return "gone";
      return entry.state.state === "deleting" ? "deleting" : "whole";
    },
    storage: storageQuota(view, ready),
    noticed: (name) => {
      tell(name);
      reconciler.kick(name);
    },
    async load() {
      await view.load();
      await homes.load();
    },
    slotsChanged: () => reconciler.kick(""),
    slotHolders: () => slotHolders(view.entries()),
  };
}

/** What is given replaces what is kept; a key without a value leaves it. */
function merge<T extends object>(kept: T, given: { [K in keyof T]?: T[K] | undefined }): T {
  const parts = Object.entries(given).filter(([, part]) => part !== undefined);
  return { ...kept, ...(Object.fromEntries(parts) as Partial<T>) };
}

function explainCreate(error: unknown, name: string): unknown {
  if (!(error instanceof DsecosError)) return error;
  if (error.code === "Timeout") {
    const message = `Incus is slow: ${name} may still appear; look in a minute before you repeat it.`;
    return new DsecosError("Timeout", message, { cause: error });
  }
  if (error.code !== "Conflict") return error;
  const message = `Incus has a project ${name} already; choose another name.`;
  return new DsecosError("Conflict", message, { cause: error });
}
