/**
 * Puts together what runs on Incus: one client, one stream of events, one view of the tenants, and
 * the services for tenants, instances and images over them.
 */
import { hostname } from "node:os";
import type { AuditWriter } from "../audit/types.ts";
import { DsecosError } from "../bus/errors.ts";
import { createImages, type ImageService, imageDirectory } from "../images/service.ts";
import { Consoles } from "../instances/console.ts";
import { createInstances, type InstanceService } from "../instances/service.ts";
import type { Jobs } from "../jobs/types.ts";
import type { LoadedSlots } from "../selinux/policy/slots.ts";
import { Homes } from "../tenants/homes.ts";
import { KeyedLock } from "../tenants/locks.ts";
import { poolNumber } from "../tenants/numbers.ts";
import { createTenants, type TenantService } from "../tenants/service.ts";
import { TenantView } from "../tenants/view.ts";
import { IncusClient } from "./client.ts";
import { type IncusEvent, IncusEvents } from "./events.ts";
import { IncusServer } from "./server.ts";

export interface CloudOptions {
  socketPath: string;
  storagePool: string;
  jobs: Jobs;
  audit: AuditWriter;
  log: (event: string, facts: Record<string, unknown>) => void;
  now?: () => Date;
  /** Name of this node; the host's name unless told. */
  node?: string;
  /** Where image files wait; another place in tests. */
  images?: string;
  /** Where sockets of consoles are made; without it there are no consoles. */
  runtimeDirectory?: string;
  /** The slots of the policy that this node has loaded; none unless told. */
  slots?: () => LoadedSlots;
  /** Refuses to let a tenant be deleted, by throwing; nobody does unless told. */
  mayGo?: (tenant: string) => Promise<void>;
  /** How long a bulk job waits for Incus to come back, in milliseconds; ten minutes unless told. */
  patienceMs?: number;
}

export interface Cloud {
  /** What each tenant is; undefined until they are loaded. */
  states(): ReadonlyMap<string, Record<string, unknown>> | undefined;
  tenants: TenantService;
  instances: InstanceService;
  images: ImageService;
  /** Returns at once; Incus is connected to in the background, now or when it is there. */
  start(): void;
  stop(): Promise<void>;
}

/** Everything is read anew so often, should an event have been missed. */
const reloadMs = 300_000;
const retryMs = 5_000;
/** Stands for the pools of slots among the names of tenants, of which none is empty. */
const slotPools = "";
/** Changes of one tenant within this time are read once. */
const gatherMs = 150;

const endsConsole: ReadonlySet<string> = new Set([
  "instance-stopped",
  "instance-shutdown",
  "instance-restarted",
  "instance-deleted",
]);

export function createCloud(options: CloudOptions): Cloud {
  const { socketPath, storagePool, jobs, audit, log } = options;
  const now = options.now ?? (() => new Date());
  const client = new IncusClient(socketPath);
  const server = new IncusServer(client, storagePool);
  const view = new TenantView(client, () => server);
  const patienceMs = options.patienceMs ?? 600_000;
  const node = options.node ?? hostname();
  const { runtimeDirectory } = options;
  const consoles =
    runtimeDirectory === undefined
      ? undefined
      : new Consoles({ client, audit, log, runtimeDirectory });
  const shared = { client, server, view, jobs, now, log };
  const locks = new KeyedLock();
  const homes = new Homes({ ...shared, audit, locks, slots: options.slots ?? (() => "none") });
  const poolFor = (tenant: string) => homes.poolFor(tenant);
  const instances = createInstances({ ...shared, patienceMs, node, consoles, poolFor });
  const { finishJobs } = instances;
  const mayGo = options.mayGo ?? (async () => undefined);
  const tenants = createTenants({ ...shared, audit, finishJobs, homes, locks, mayGo });
  tenants.onChanged(() =>
    consoles?.endOfInactive((name) => view.find(name)?.state.state === "active"),
  );
  const images = createImages({ client, jobs, directory: options.images ?? imageDirectory });

  let stopped = true;
  let connected = false;
  let retry: NodeJS.Timeout | undefined;
  let reloading: Promise<void> | undefined;
  let again = false;
  const gathering = new Map<string, NodeJS.Timeout>();
  const reading = new Set<string>();

  /** Reads everything; asked for during a reading, reads once more. */
  function reload(): void {
    if (stopped) return;
    if (reloading !== undefined) {
      again = true;
      return;
    }
    clearTimeout(retry);
    reloading = readAll().finally(() => {
      reloading = undefined;
      if (again) {
        again = false;
        reload();
      }
    });
  }

  async function readAll(): Promise<void> {
    try {
      if (!(await server.probe())) {
        later();
        return;
      }
      await server.reload();
      const began = performance.now();
      await tenants.load();
      log("tenants loaded", { count: view.size, ms: Math.round(performance.now() - began) });
      tenants.noticed("");
      images.noticed("");
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      log("tenants not loaded", { error: error.message });
      later();
    }
  }

  function later(): void {
    if (stopped) return;
    retry = setTimeout(reload, retryMs);
    retry.unref();
  }

  /** Reads one tenant again soon, once for many events. */
  function gather(name: string): void {
    if (stopped || gathering.has(name)) return;
    const timer = setTimeout(() => {
      gathering.delete(name);
      if (reading.has(name)) gather(name);
      else void readOne(name);
    }, gatherMs);
    timer.unref();
    gathering.set(name, timer);
  }

  async function readOne(name: string): Promise<void> {
    reading.add(name);
    try {
      if (name === slotPools) {
        await homes.load();
        tenants.slotsChanged();
        return;
      }
      await view.refresh(name);
      tenants.noticed(name);
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      if (stopped) return;
      log("tenant not read", { tenant: name, error: error.message });
      reload();
    } finally {
      reading.delete(name);
    }
  }

  function onEvent({ action, project, source }: IncusEvent): void {
    const [kind] = action.split("-");
    // Where this node joined a cluster, all of its Incus is another one now.
    if (action === "project-renamed" || action === "cluster-member-added") reload();
    else if (kind === "project") gather(project);
    else if (kind === "instance") {
      gather(project);
      instances.noticed(project);
      const name = source.split("/")[3] ?? "";
      if (endsConsole.has(action)) consoles?.endOf(project, name, "the instance stopped");
    } else if (action.startsWith("storage-volume-")) gather(project);
    else if (kind === "image") images.noticed(source.split("/")[3] ?? "");
    else if (kind === "storage" && poolNumber(source.split("/").at(-1) ?? "") !== undefined)
      gather(slotPools);
    else if (kind === "storage" || (kind === "profile" && project === "default")) reload();
  }

  const events = new IncusEvents(socketPath, {
    event: onEvent,
    back: () => {
      connected = true;
      reload();
    },
    lost: (reason) => {
      connected = false;
      log("incus events lost", { reason });
      void server.probe();
    },
  });
  let regular: NodeJS.Timeout | undefined;
  let watch: NodeJS.Timeout | undefined;

  const states = () => {
    if (!view.loaded) return undefined;
    return new Map(
      [...view.entries()].map(({ name, record, state, number }) => {
        const { version, ...declared } = record;
        const { deleteAt } = state;
        const until = deleteAt === undefined ? {} : { deleteAt };
        const slot = number === undefined ? {} : { slot: number };
        return [name, { ...declared, state: state.state, ...until, ...slot }];
      }),
    );
  };
  return {
    states,
    tenants,
    instances,
    images,
    start: () => {
      stopped = false;
      events.start();
      tenants.start();
      consoles?.start();
      // Says what is wrong right away, should there be no Incus to connect to.
      if (!connected) void server.probe();
      regular = setInterval(reload, reloadMs);
      regular.unref();
      // While it is away, what is wrong with it may change.
      watch = setInterval(() => {
        if (!connected) void server.probe();
      }, retryMs);
      watch.unref();
    },
    stop: async () => {
      stopped = true;
      clearInterval(regular);
      clearInterval(watch);
      clearTimeout(retry);
      for (const timer of gathering.values()) clearTimeout(timer);
      events.stop();
      await consoles?.stop();
      // Ends what waits for an answer, so that stopping does not wait for an Incus that hangs.
      client.close();
      await tenants.stop();
      await reloading;
    },
  };
}
