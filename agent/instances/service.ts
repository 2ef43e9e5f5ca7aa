/** What can be asked about instances, and how each answer comes about. */
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import { DsecosError } from "../bus/errors.ts";
import { apiPath, type IncusClient } from "../incus/client.ts";
import type { JobProgress } from "../jobs/types.ts";
import { forEachInstance } from "./bulk.ts";
import type { Consoles } from "./console.ts";
import type { instances } from "./contract.ts";
import { type CreateDeps, Creator } from "./create.ts";
import { readLog } from "./log.ts";
import { resizeInstance } from "./resize.ts";
import {
  deleteInstance,
  requireRunning,
  restartInstance,
  startInstance,
  stopInstance,
} from "./run.ts";
import {
  deleteSnapshot,
  listSnapshots,
  restoreSnapshot,
  scheduleSnapshots,
  takeSnapshot,
} from "./snapshots.ts";
import { type IncusInstance, instanceOf } from "./source.ts";

export interface InstanceService {
  handlers: Handlers<typeof instances, Call>;
  onChanged(listener: (tenant: string) => void): void;
  /** Goes on with bulk jobs that a stop of the agent interrupted. */
  finishJobs(tenant: string): Promise<void>;
  /** Tells that instances of a tenant changed. */
  noticed(tenant: string): void;
}

export interface InstanceDeps extends CreateDeps {
  /** Undefined where the agent has no place for their sockets. */
  consoles: Consoles | undefined;
}

export function createInstances(deps: InstanceDeps): InstanceService {
  const { client, server, view, jobs, consoles } = deps;
  const creator = new Creator(deps);
  const listeners: ((tenant: string) => void)[] = [];
  const tell = (tenant: string) => {
    for (const listener of listeners) listener(tenant);
  };
  const ready = () =>
    view.ready(
      () => server.health.remedy || "The tenants are being loaded; try again in a moment.",
    );

  /** Waits for the view and refuses unknown tenants. */
  async function known(tenant: string): Promise<void> {
    await ready();
    view.get(tenant);
  }

  /** Refuses names that are not there before the job begins. */
  async function requireAll(tenant: string, names: readonly string[]): Promise<void> {
    await known(tenant);
    const there = await creator.existing(tenant, names);
    const missing = names.filter((name) => !there.has(name));
    if (missing.length === 0) return;
    const list = missing.slice(0, 5).join(", ");
    const message = `${tenant} has no instance ${list}; list its instances to see which.`;
    throw new DsecosError("NotFound", message);
  }

  /** Nothing starts in a tenant that is suspended or being deleted. */
  function requireActive(tenant: string): void {
    const { state } = view.get(tenant).state;
    if (state === "active") return;
    const remedy = state === "suspended" ? "resume it first" : "restore it first";
    throw new DsecosError("Conflict", `${tenant} is ${state}; ${remedy}.`);
  }

  function begin(
    call: Call,
    tenant: string,
    title: string,
    work: (progress: JobProgress) => Promise<void>,
  ): string {
    const { user: actor, uid } = call.caller;
    return jobs.start(
      { kind: call.member, title, tenant, actor, uid, cancellable: true },
      async (progress) => {
        try {
          await work(progress);
        } finally {
          tell(tenant);
        }
      },
    );
  }

  /** A job that does the same with each of the instances. */
  async function each(
    call: Call,
    tenant: string,
    names: readonly string[],
    words: { title: string; doing: string },
    work: (name: string) => Promise<void>,
  ): Promise<string> {
    const unique = [...new Set(names)];
    await requireAll(tenant, unique);
    const what = unique.length === 1 ? unique[0] : `${unique.length} instances`;
    return begin(call, tenant, `${words.title} ${what}`, (progress) =>
      forEachInstance(progress, unique, words.doing, work),
    );
  }

  const handlers: InstanceService["handlers"] = {
    List: async (_call, tenant) => {
      await known(tenant);
      const found = await client.get<IncusInstance[]>("/1.0/instances", {
        project: tenant,
        query: { recursion: "2" },
        timeoutMs: 25_000,
      });
      return found.map(instanceOf).sort((a, b) => (a.name < b.name ? -1 : 1));
    },

    Create: async (call, tenant, name, spec) => {
      await known(tenant);
      const { user: actor, uid } = call.caller;
      return creator.create({ tenant, name, spec, actor, uid });
    },

    Start: async (call, tenant, names) => {
      await known(tenant);
      requireActive(tenant);
      return each(call, tenant, names, { title: "Start", doing: "Starting" }, async (name) => {
        requireActive(tenant);
        await startInstance(client, tenant, name);
      });
    },

    Stop: (call, tenant, names, force) =>
      each(call, tenant, names, { title: "Stop", doing: "Stopping" }, (name) =>
        stopInstance(client, tenant, name, force),
      ),

    Restart: async (call, tenant, names) => {
      await known(tenant);
      requireActive(tenant);
      return each(call, tenant, names, { title: "Restart", doing: "Restarting" }, async (name) => {
        requireActive(tenant);
        await restartInstance(client, tenant, name);
      });
    },

    Delete: (call, tenant, names) =>
      each(call, tenant, names, { title: "Delete", doing: "Deleting" }, (name) =>
        deleteInstance(client, tenant, name),
      ),

    Resize: (call, tenant, names, size) =>
      each(call, tenant, names, { title: "Resize", doing: "Resizing" }, (name) =>
        resizeInstance(client, view, tenant, name, size),
      ),

    Log: async (_call, tenant, name) => {
      await requireAll(tenant, [name]);
      return readLog(client, tenant, name);
    },

    OpenConsole: async (call, tenant, name) => {
      await requireAll(tenant, [name]);
      requireActive(tenant);
      await requireRunning(client, tenant, name);
      if (consoles === undefined) {
        throw new DsecosError("Unavailable", "This agent is configured without consoles.");
      }
      return consoles.open(call, tenant, name);
    },

    ListSnapshots: async (_call, tenant, name) => {
      await requireAll(tenant, [name]);
      return listSnapshots(client, tenant, name);
    },

    Snapshot: (call, tenant, names, snapshot) =>
      each(call, tenant, names, { title: "Snapshot", doing: "Taking a snapshot of" }, (name) =>
        takeSnapshot(client, tenant, name, snapshot),
      ),

    RestoreSnapshot: async (call, tenant, name, snapshot) => {
      await requireAll(tenant, [name]);
      await requireSnapshot(client, tenant, name, snapshot);
      return begin(call, tenant, `Restore ${name} to ${snapshot}`, (progress) =>
        forEachInstance(progress, [name], "Restoring", () =>
          restoreSnapshot(client, view, tenant, name, snapshot),
        ),
      );
    },

    DeleteSnapshot: async (call, tenant, name, snapshot) => {
      await requireAll(tenant, [name]);
      await requireSnapshot(client, tenant, name, snapshot);
      return begin(call, tenant, `Delete snapshot ${snapshot} of ${name}`, (progress) =>
        forEachInstance(progress, [name], "Deleting a snapshot of", () =>
          deleteSnapshot(client, tenant, name, snapshot),
        ),
      );
    },

    ScheduleSnapshots: (call, tenant, names, schedule) =>
      each(call, tenant, names, { title: "Schedule snapshots of", doing: "Scheduling" }, (name) =>
        scheduleSnapshots(client, tenant, name, schedule),
      ),
  };

  return {
    handlers,
    onChanged: (listener) => void listeners.push(listener),
    finishJobs: (tenant) => creator.finishJobs(tenant),
    noticed: tell,
  };
}

async function requireSnapshot(
  client: IncusClient,
  tenant: string,
  name: string,
  snapshot: string,
): Promise<void> {
  try {
    const path = apiPath("instances", name, "snapshots", snapshot);
    await client.get(path, { project: tenant });
  } catch (error) {
    if (!(error instanceof DsecosError) || error.code !== "NotFound") throw error;
    const message = `${name} has no snapshot ${snapshot}; list its snapshots to see which.`;
    throw new DsecosError("NotFound", message, { cause: error });
  }
}
