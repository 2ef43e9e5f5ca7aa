/**
 * Makes Incus match what is declared: puts changed keys right, keeps suspended tenants frozen,
 * gives them their slots and pools, finishes deletions and jobs that were interrupted. Runs at start,
 * on events and every minute.
 */
import type { AuditWriter } from "../audit/types.ts";
import { DsecosError } from "../bus/errors.ts";
import type { IncusClient } from "../incus/client.ts";
import type { IncusServer } from "../incus/server.ts";
import type { Jobs } from "../jobs/types.ts";
import type { Homes } from "./homes.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { apartKeys, declared, driftOf, updateProject } from "./project.ts";
import { overQuota } from "./quota.ts";
import { parseRecord, parseState, stateKey, tenantKey } from "./record.ts";
import type { Entry, TenantView } from "./view.ts";

export interface ReconcilerDeps {
  client: IncusClient;
  server: IncusServer;
  view: TenantView;
  jobs: Jobs;
  audit: AuditWriter;
  lifecycle: Lifecycle;
  log: (event: string, facts: Record<string, unknown>) => void;
  finishJobs: (tenant: string) => Promise<void>;
  homes: Homes;
  /** Tells that a tenant's row is another now. */
  changed: (tenant: string) => void;
}

const everyMs = 60_000;
/** A removal that failed is tried again after this time, not every minute. */
const removalPauseMs = 600_000;
/** Keys that we read back: written differently they still say the same. */
const isOurs = (key: string) => key === tenantKey || key === stateKey;
const agentActor = { actor: "dsecos-agent", uid: 0 } as const;

export class Reconciler {
  readonly #deps: ReconcilerDeps;
  /** Tenants to look at next; an empty name means all. */
  readonly #asked = new Set<string>();
  readonly #removing = new Set<string>();
  /** How many jobs freeze or thaw a tenant right now. */
  readonly #left = new Map<string, number>();
  /** When a removal failed last. */
  readonly #failedAt = new Map<string, number>();
  /** Tenants whose broken quota is on record already. */
  readonly #reported = new Set<string>();
  readonly #waking = new Map<string, NodeJS.Timeout>();
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #stopped = true;

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#stopped = false;
    this.#timer = setInterval(() => this.kick(""), everyMs);
    this.#timer.unref();
    this.kick("");
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const timer of this.#waking.values()) clearTimeout(timer);
    await this.#pass;
  }

  /** Asks for a look at one tenant, or at all with an empty name; several become one. */
  kick(name: string): void {
    if (this.#stopped) return;
    this.#asked.add(name);
    this.#pass ??= this.#run().finally(() => {
      this.#pass = undefined;
    });
  }

  /** Runs somebody's job that freezes or thaws a tenant, and keeps out of its way meanwhile. */
  async leaving(name: string, work: () => Promise<void>): Promise<void> {
    this.#left.set(name, (this.#left.get(name) ?? 0) + 1);
    try {
      await work();
    } finally {
      const count = (this.#left.get(name) ?? 1) - 1;
      if (count === 0) this.#left.delete(name);
      else this.#left.set(name, count);
      this.kick(name);
    }
  }

  /** Runs a removal unless one of the same tenant is under way. */
  async removing(name: string, work: () => Promise<void>): Promise<void> {
    if (this.#removing.has(name)) {
      throw new DsecosError("Conflict", `${name} is being removed already; wait for it.`);
    }
    this.#removing.add(name);
    try {
      await work();
      this.#failedAt.delete(name);
    } catch (error) {
      this.#failedAt.set(name, Date.now());
      throw error;
    } finally {
      this.#removing.delete(name);
    }
  }

  async #run(): Promise<void> {
    while (this.#asked.size > 0 && !this.#stopped) {
      const names = [...this.#asked];
      this.#asked.clear();
      const { view } = this.#deps;
      if (!view.loaded) continue;
      const entries = names.includes("") ? [...view.entries()] : names.map((n) => view.find(n));
      for (const entry of entries) {
        if (entry === undefined || this.#stopped) continue;
        try {
          await this.#look(entry);
        } catch (error) {
          if (!(error instanceof DsecosError)) throw error;
          this.#deps.log("reconcile failed", { tenant: entry.name, error: error.message });
          // Without Incus nothing can be done; it is looked at again when it is back.
          if (error.code === "Unavailable" || error.code === "Timeout") return;
        }
      }
    }
  }

  async #look(entry: Entry): Promise<void> {
    const { lifecycle, finishJobs, view } = this.#deps;
    const { name, state } = entry;
    if (entry.drifted) await this.#repair(name);
    if (lifecycle.isDue(state)) {
      this.#remove(entry);
      return;
    }
    if (state.deleteAt !== undefined) this.#wakeAt(name, state.deleteAt);
    if (!this.#left.has(name)) {
      if (state.state === "active" && state.thawing) await lifecycle.thaw(name);
      if (state.state !== "active" && entry.powered > 0) await this.#keepFrozen(name);
    }
    if (entry.jobs > 0) await finishJobs(name);
    await this.#reportQuota(entry);
    if (await this.#deps.homes.settle(view.find(name) ?? entry)) this.#deps.changed(name);
  }

  /** Writes what is declared over what was changed behind our back, and puts both on record. */
  async #repair(name: string): Promise<void> {
    const { client, server, view, audit } = this.#deps;
    const entry = view.get(name);
    const isApart = entry.number !== undefined && entry.strays.length === 0;
    await updateProject(client, name, async (config) => {
      const record = parseRecord(config[tenantKey] ?? "");
      const state = parseState(config[stateKey] ?? "");
      if (record === undefined || state === undefined) return undefined;
      const wanted = {
        ...declared(record, state, server),
        ...(isApart ? apartKeys(server) : {}),
      };
      const changed = driftOf(config, wanted).filter(({ key }) => !isOurs(key));
      if (changed.length === 0) return undefined;
      // On record before it is done, like every other change.
      await audit.append({
        action: "tenants.Repaired",
        outcome: "note",
        ...agentActor,
        tenant: name,
        details: { changed },
      });
      return { ...config, ...wanted };
    });
    await view.refresh(name);
  }

  async #keepFrozen(name: string): Promise<void> {
    const { lifecycle, audit } = this.#deps;
    const frozen = await lifecycle.freeze(name);
    if (frozen.length === 0) return;
    await audit.append({
      action: "tenants.Frozen",
      outcome: "note",
      ...agentActor,
      tenant: name,
      details: { instances: frozen.slice(0, 100), count: frozen.length },
    });
  }

  /** A deletion whose grace is over goes on as a job in the name of who asked for it. */
  #remove({ name, state }: Entry): void {
    const { jobs, lifecycle, log } = this.#deps;
    const failedAt = this.#failedAt.get(name) ?? Number.NEGATIVE_INFINITY;
    if (this.#removing.has(name) || Date.now() - failedAt < removalPauseMs) return;
    const { by: actor, uid } = state;
    const request = { kind: "tenants.Delete", title: `Remove ${name}`, tenant: name, actor, uid };
    const id = jobs.start(request, (progress) =>
      this.removing(name, () => lifecycle.remove(name, progress)),
    );
    log("removing tenant", { tenant: name, job: id });
  }

  /** Looks again when a grace period ends, if that is before the next regular look. */
  #wakeAt(name: string, at: string): void {
    const ms = new Date(at).getTime() - Date.now();
    if (ms > everyMs || this.#waking.has(name)) return;
    const timer = setTimeout(() => {
      this.#waking.delete(name);
      this.kick(name);
    }, Math.max(0, ms) + 50);
    timer.unref();
    this.#waking.set(name, timer);
  }

  async #reportQuota(entry: Entry): Promise<void> {
    const sentences = overQuota(entry);
    if (sentences.length === 0) {
      this.#reported.delete(entry.name);
      return;
    }
    if (this.#reported.has(entry.name)) return;
    this.#reported.add(entry.name);
    await this.#deps.audit.append({
      action: "tenants.OverQuota",
      outcome: "note",
      ...agentActor,
      tenant: entry.name,
      details: { limit: entry.limit, promised: entry.promised },
    });
  }
}
