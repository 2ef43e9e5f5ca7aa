/** Creating instances: one or hundreds, within the quota, and going on after an interruption. */
import * as v from "valibot";
import { DsecosError } from "../bus/errors.ts";
import { apiPath, type IncusClient } from "../incus/client.ts";
import { run } from "../incus/operations.ts";
import type { IncusServer } from "../incus/server.ts";
import { literal, literals, select } from "../incus/sql.ts";
import type { JobProgress, Jobs } from "../jobs/types.ts";
import type { Amount } from "../tenants/amounts.ts";
import { type Config, updateProject } from "../tenants/project.ts";
import type { Reservation } from "../tenants/quota.ts";
import { jobKeyPrefix, type PendingJob, parsePendingJob } from "../tenants/record.ts";
import type { TenantView } from "../tenants/view.ts";
import { forEachInstance } from "./bulk.ts";
import { type InstanceSpec, instanceNameSchema, instanceSpecSchema } from "./contract.ts";
import { amountOfSpec, creation, namesOf, type Place } from "./source.ts";

export interface CreateDeps {
  client: IncusClient;
  server: IncusServer;
  view: TenantView;
  jobs: Jobs;
  now: () => Date;
  log: (event: string, facts: Record<string, unknown>) => void;
  /** How long an interrupted creation waits for Incus to come back, in milliseconds. */
  patienceMs: number;
  /** Name of this node. */
  node: string;
  /** The storage pool for what is made for a tenant next. */
  poolFor: (tenant: string) => Promise<string>;
}

interface Request {
  tenant: string;
  name: string;
  spec: InstanceSpec;
  actor: string;
  uid: number;
}

export class Creator {
  readonly #deps: CreateDeps;
  /** Jobs of this process, so that only those of an earlier one are taken up. */
  readonly #own = new Set<string>();

  constructor(deps: CreateDeps) {
    this.#deps = deps;
  }

  /** Checks and reserves everything first. @returns id of the job. */
  async create(request: Request): Promise<string> {
    const { tenant, name, spec } = request;
    const { jobs, now } = this.#deps;
    this.#requireActive(tenant);
    const names = namesOf(name, spec.count);
    const place = await this.#place(tenant, spec);
    const taken = await this.existing(tenant, names);
    const first = names.find((one) => taken.has(one));
    if (first !== undefined) {
      const message = `${tenant} has an instance ${first} already; choose another name.`;
      throw new DsecosError("Conflict", message);
    }
    this.#requireActive(tenant);
    const room = this.#reserve(tenant, names, spec);
    const title =
      names.length === 1 ? `Create ${name}` : `Create ${names.length} instances ${name}-…`;
    const pending: PendingJob = {
      kind: "instances.Create",
      title,
      name,
      spec,
      actor: request.actor,
      uid: request.uid,
      startedAt: now().toISOString(),
      node: this.#deps.node,
    };
    const id = jobs.start(jobRequest(tenant, pending), async (progress) => {
      this.#own.add(progress.id);
      try {
        // A single one is one request to Incus, which is whole or absent by itself.
        const durable = names.length > 1;
        if (durable) await this.#remember(tenant, progress.id, pending);
        await this.#make(progress, tenant, names, spec, place, room);
        if (durable) await this.#forget(tenant, progress.id);
      } finally {
        room.close();
        this.#own.delete(progress.id);
      }
    });
    return id;
  }

  /** Takes up a tenant's bulk jobs that an earlier run of the agent left unfinished. */
  async finishJobs(tenant: string): Promise<void> {
    const { client, jobs, log, view } = this.#deps;
    const rows = await select(
      client,
      "SELECT c.key, c.value FROM projects_config c JOIN projects p ON p.id=c.project_id " +
        `WHERE p.name=${literal(tenant)} AND SUBSTR(c.key,1,${jobKeyPrefix.length})=${literal(jobKeyPrefix)}`,
    );
    for (const [key, value] of rows) {
      const id = String(key).slice(jobKeyPrefix.length);
      if (this.#own.has(id)) continue;
      const pending = parsePendingJob(String(value));
      const spec = v.safeParse(instanceSpecSchema, pending?.spec);
      const name = v.safeParse(instanceNameSchema, pending?.name);
      if (pending === undefined || !spec.success || !name.success || !/^[0-9a-f]{16}$/.test(id)) {
        log("unreadable job dropped", { tenant, key: String(key) });
        await this.#forget(tenant, id);
        continue;
      }
      if (pending.node !== this.#deps.node) continue;
      // A tenant that is not active gets nothing new; the job waits for it in its key.
      if (view.find(tenant)?.state.state !== "active") continue;
      this.#own.add(id);
      jobs.start({ ...jobRequest(tenant, pending), id }, (progress) =>
        this.#goOn(progress, tenant, name.output, spec.output),
      );
    }
  }

  async #goOn(progress: JobProgress, tenant: string, name: string, spec: InstanceSpec) {
    const names = namesOf(name, spec.count);
    try {
      const place = await this.#place(tenant, spec);
      const there = await this.existing(tenant, names);
      const missing = names.filter((one) => !there.has(one));
      const room = this.#reserve(tenant, missing, spec);
      try {
        await this.#make(progress, tenant, names, spec, place, room, there);
      } finally {
        room.close();
      }
      await this.#forget(tenant, progress.id);
    } catch (error) {
      // What can never succeed is not tried again; what only has to wait keeps its key.
      const waits = error instanceof DsecosError && /^(Unavailable|Timeout)$/.test(error.code);
      if (!waits) await this.#forget(tenant, progress.id);
      throw error;
    } finally {
      this.#own.delete(progress.id);
    }
  }

  async #make(
    progress: JobProgress,
    tenant: string,
    names: string[],
    spec: InstanceSpec,
    place: Place,
    room: Reservation,
    there?: ReadonlySet<string>,
  ): Promise<void> {
    await forEachInstance(progress, names, "Creating", async (name) => {
      if (there?.has(name)) return;
      try {
        await this.#makeOne(progress, tenant, name, spec, place, there !== undefined);
        room.kept(name);
      } catch (error) {
        // It may exist all the same, for example when only its start failed: look before letting go.
        await this.#look(tenant);
        room.dropped(name);
        throw error;
      }
    });
  }

  async #makeOne(
    progress: JobProgress,
    tenant: string,
    name: string,
    spec: InstanceSpec,
    place: Place,
    resumed: boolean,
  ): Promise<void> {
    const { client, server, patienceMs } = this.#deps;
    const deadline = Date.now() + patienceMs;
    for (let attempt = 0; ; attempt += 1) {
      this.#requireActive(tenant);
      try {
        if (attempt > 0 && (await this.existing(tenant, [name])).has(name)) return;
        await run(client, "POST", "/1.0/instances", creation(name, spec, place), {
          project: tenant,
          timeoutMs: 60_000,
          wait: { timeoutMs: 600_000 },
        });
        return;
      } catch (error) {
        if (resumed && (await this.#existsAfter(error, tenant, name))) return;
        const away = error instanceof DsecosError && error.code === "Unavailable";
        if (!away || Date.now() > deadline || progress.signal.aborted) throw error;
        if (await server.probe()) throw error;
        progress.step("Waiting for Incus to come back");
        await waitUntil(() => server.probe(), deadline, progress.signal);
      }
    }
  }

  /** True when a request of the agent before, still under way, made it first. */
  async #existsAfter(error: unknown, tenant: string, name: string): Promise<boolean> {
    if (!(error instanceof DsecosError) || error.code !== "Conflict") return false;
    return (await this.existing(tenant, [name])).has(name);
  }

  async #look(tenant: string): Promise<void> {
    try {
      await this.#deps.view.refresh(tenant);
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      // Incus is away; all is read again when it is back.
      this.#deps.log("refresh failed", { tenant, error: error.message });
    }
  }

  /** @returns those of the names that the tenant has. */
  async existing(tenant: string, names: readonly string[]): Promise<Set<string>> {
    const rows = await select(
      this.#deps.client,
      "SELECT i.name FROM instances i JOIN projects p ON p.id=i.project_id " +
        `WHERE p.name=${literal(tenant)} AND i.name IN (${literals(names)})`,
    );
    return new Set(rows.map(([name]) => String(name)));
  }

  #reserve(tenant: string, names: readonly string[], spec: InstanceSpec): Reservation {
    const amount = amountOfSpec(spec);
    const wanted = new Map<string, Amount>(names.map((name) => [name, amount]));
    return this.#deps.view.guard.reserve(tenant, wanted);
  }

  #requireActive(tenant: string): void {
    const { state } = this.#deps.view.get(tenant).state;
    if (state === "active") return;
    const remedy = state === "suspended" ? "resume it first" : "restore it first";
    throw new DsecosError("Conflict", `${tenant} is ${state}; ${remedy}.`);
  }

  async #place(tenant: string, spec: InstanceSpec): Promise<Place> {
    const { client, server, poolFor } = this.#deps;
    if (spec.type === "virtual-machine" && !server.runsMachines) {
      throw new DsecosError(
        "Unavailable",
        "Incus on this node has no working QEMU driver (it needs /dev/kvm and vhost_vsock), so it " +
          "runs no virtual machines; create a container instead.",
      );
    }
    const pool = await poolFor(tenant);
    const path = apiPath("images", "aliases", spec.image);
    try {
      const alias = await client.get<{ target: string; type: string }>(path);
      if (alias.type === spec.type) {
        return { pool, network: server.network, fingerprint: alias.target };
      }
    } catch (error) {
      if (!(error instanceof DsecosError) || error.code !== "NotFound") throw error;
      const message = `There is no image ${spec.image}; import one or choose from the list of images.`;
      throw new DsecosError("NotFound", message, { cause: error });
    }
    const message = `The image ${spec.image} is not for a ${spec.type}; choose another.`;
    throw new DsecosError("InvalidArgument", message);
  }

  async #remember(tenant: string, id: string, pending: PendingJob): Promise<void> {
    const value = JSON.stringify(pending);
    await updateProject(this.#deps.client, tenant, (config) => ({
      ...config,
      [jobKeyPrefix + id]: value,
    }));
  }

  async #forget(tenant: string, id: string): Promise<void> {
    await updateProject(this.#deps.client, tenant, (config): Config => {
      return { ...config, [jobKeyPrefix + id]: "" };
    });
  }
}

function jobRequest(tenant: string, { kind, title, actor, uid }: PendingJob) {
  return { kind, title, tenant, actor, uid, cancellable: true };
}

/** Asks every two seconds until it is so, the time is over, or somebody cancels. */
async function waitUntil(
  isSo: () => Promise<boolean>,
  deadline: number,
  signal: AbortSignal,
): Promise<void> {
  while (Date.now() < deadline && !signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    if (await isSo()) return;
  }
}
