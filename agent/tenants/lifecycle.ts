/** The states of a tenant: active, suspended, deleting, and what each change does to its project. */
import type { AuditWriter } from "../audit/types.ts";
import { DsecosError } from "../bus/errors.ts";
import type { IncusClient } from "../incus/client.ts";
import type { IncusServer } from "../incus/server.ts";
import { freezeAll, instanceStates, isFrozen, type Told, thawAll } from "./freeze.ts";
import type { Homes } from "./homes.ts";
import type { KeyedLock } from "./locks.ts";
import { ownerOf } from "./numbers.ts";
import { type Config, declared, updateProject } from "./project.ts";
import type { TenantRecord } from "./record.ts";
import { parseRecord, parseState, type StateRecord, stateKey, tenantKey } from "./record.ts";
import { customVolumes, type RemovalProgress, removeTenant } from "./removal.ts";
import type { Entry, TenantView } from "./view.ts";

export interface Who {
  user: string;
  uid: number;
}

export interface LifecycleDeps {
  client: IncusClient;
  server: IncusServer;
  view: TenantView;
  audit: AuditWriter;
  locks: KeyedLock;
  homes: Homes;
  /** Refuses by throwing while something of the tenant must not be lost, such as its keys. */
  mayGo: (tenant: string) => Promise<void>;
  now: () => Date;
}

interface Written {
  record: TenantRecord;
  state: StateRecord;
}

export class Lifecycle {
  readonly #deps: LifecycleDeps;

  constructor(deps: LifecycleDeps) {
    this.#deps = deps;
  }

  /**
   * Reads record and state from Incus, lets them change, and writes all that is declared. Callers
   * of the same tenant wait for each other.
   */
  write(name: string, change: (now: Written) => Written | Promise<Written>): Promise<Entry> {
    const { client, server, view, locks } = this.#deps;
    return locks.run(name, async () => {
      view.get(name);
      let written: Written | undefined;
      await updateProject(client, name, async (config) => {
        written = await change(parseWritten(config, name));
        return { ...config, ...declared(written.record, written.state, server) };
      });
      if (written !== undefined) view.changed(name, written.record, written.state);
      return view.get(name);
    });
  }

  async suspend(name: string, who: Who): Promise<Entry> {
    const entry = await this.write(name, async ({ record, state }) => {
      requireState(name, state, "active");
      return { record, state: { ...this.#state("suspended", who), ...(await this.#keep(name)) } };
    });
    return entry;
  }

  async resume(name: string, who: Who): Promise<Entry> {
    return this.write(name, ({ record, state }) => {
      requireState(name, state, "suspended");
      const { keepFrozen = [] } = state;
      return { record, state: { ...this.#state("active", who), keepFrozen, thawing: true } };
    });
  }

  async markDeleting(
    name: string,
    who: Who,
    removeContents: boolean,
    graceSeconds: number,
  ): Promise<Entry> {
    return this.write(name, async ({ record, state }) => {
      if (state.state === "deleting") {
        throw new DsecosError("Conflict", `${name} is being deleted already; wait or restore it.`);
      }
      await this.#deps.mayGo(name);
      if (!removeContents) await this.requireEmpty(name);
      const keep = state.state === "suspended" ? { keepFrozen: state.keepFrozen ?? [] } : {};
      const at = new Date(this.#deps.now().getTime() + graceSeconds * 1000);
      const next: StateRecord = {
        ...this.#state("deleting", who),
        deleteAt: at.toISOString(),
        removeContents,
        was: state.state,
        ...(state.state === "active" ? await this.#keep(name) : keep),
      };
      return { record, state: next };
    });
  }

  async restore(name: string, who: Who): Promise<Entry> {
    return this.write(name, ({ record, state }) => {
      requireState(name, state, "deleting");
      if (this.isDue(state)) {
        throw new DsecosError(
          "Conflict",
          `The grace period of ${name} is over and it is being removed; it cannot be restored.`,
        );
      }
      const { keepFrozen = [], was = "active" } = state;
      const back = this.#state(was, who);
      return { record, state: { ...back, keepFrozen, thawing: was === "active" } };
    });
  }

  /** True when a deletion's grace period is over. */
  isDue(state: StateRecord): boolean {
    if (state.state !== "deleting" || state.deleteAt === undefined) return false;
    return new Date(state.deleteAt).getTime() <= this.#deps.now().getTime();
  }

  async freeze(name: string, told?: Told): Promise<string[]> {
    return freezeAll(this.#deps.client, name, told);
  }

  /** Thaws what ran before, then says so in the state. */
  async thaw(name: string, told?: Told): Promise<void> {
    const { client, view } = this.#deps;
    const { state } = view.get(name);
    await thawAll(client, name, state.keepFrozen ?? [], told);
    await this.write(name, ({ record, state: now }) => {
      // Suspended or deleted again meanwhile: that state has its own list.
      if (!now.thawing) return { record, state: now };
      return { record, state: { state: now.state, since: now.since, by: now.by, uid: now.uid } };
    });
  }

  /** @throws Conflict while there is anything that people would miss. */
  async requireEmpty(name: string): Promise<void> {
    const { client, view } = this.#deps;
    const entry = (await view.refresh(name)) ?? view.get(name);
    const volumes = entry.instances > 0 ? [] : await customVolumes(client, name);
    if (entry.instances === 0 && volumes.length === 0 && !view.guard.hasPending(name)) return;
    const what = entry.instances > 0 ? `${entry.instances} instances` : "volumes";
    throw new DsecosError(
      "Conflict",
      `${name} still has ${what}; delete them first or ask to remove the contents too.`,
    );
  }

  /** Removes the project with its contents; does nothing when it is gone. */
  async remove(name: string, progress: RemovalProgress): Promise<void> {
    const { client, view, locks, homes } = this.#deps;
    await locks.run(name, async () => {
      const { state, record, number } = view.get(name);
      if (!this.isDue(state))
        throw new DsecosError("Conflict", `${name} is not to be deleted now.`);
      await this.#deps.mayGo(name);
      if (!state.removeContents) await this.requireEmpty(name);
      await removeTenant(client, name, progress, number === undefined ? 0 : 1);
      view.gone(name);
      // Last: while the pool is there, nobody is given its slot.
      await homes.vacate(ownerOf(name, record), progress.finished);
    });
  }

  async #keep(name: string): Promise<{ keepFrozen: string[] }> {
    const states = await instanceStates(this.#deps.client, name);
    return { keepFrozen: states.filter(isFrozen).map((instance) => instance.name) };
  }

  #state(state: StateRecord["state"], who: Who): StateRecord {
    return { state, since: this.#deps.now().toISOString(), by: who.user, uid: who.uid };
  }
}

function parseWritten(config: Config, name: string): Written {
  const record = parseRecord(config[tenantKey] ?? "");
  const state = parseState(config[stateKey] ?? "");
  if (record !== undefined && state !== undefined) return { record, state };
  throw new DsecosError(
    "Conflict",
    `The record of ${name} cannot be read; put its user.dsecos.* keys right in Incus first.`,
  );
}

function requireState(name: string, state: StateRecord, wanted: StateRecord["state"]): void {
  if (state.state === wanted) return;
  throw new DsecosError("Conflict", `${name} is ${state.state}, not ${wanted}; look at it again.`);
}
