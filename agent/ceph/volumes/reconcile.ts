/**
 * Makes Ceph match what is declared of volumes: makes what is missing, puts quotas and capabilities
 * right, counts use and removes what was to be deleted. Runs at the start, on changes and every
 * minute. What nobody declared is told and never touched.
 */
import type { AuditWriter } from "../../audit/types.ts";
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import { forEachBounded, KeyedLock } from "../../tenants/locks.ts";
import type { Ceph } from "../link/types.ts";
import type { VolumeBook, Volumes } from "./book.ts";
import { FileEngine, type Found, requirePlaced } from "./file.ts";
import { TenantKeys } from "./keys.ts";
import { Known, type Live } from "./known.ts";
import { FilePools, type Place, type PoolsParts } from "./pools.ts";
import type { VolumeRecord } from "./record.ts";
import { findStrays } from "./strays.ts";

const everyMs = 60_000;
/** Tenants at a time. */
const width = 4;
const actor = { actor: "dsecos-agent", uid: 0 } as const;
const clockDoubt =
  "The time to remove it has come, but the clock of this node may have gone ahead; see whether it is right (“timedatectl”), or restore the volume: after two days of running the clock is believed, and it is removed.";

export interface ReconcilerParts {
  ceph: Ceph;
  book: VolumeBook;
  audit: AuditWriter;
  log: Log;
  map: PoolsParts["map"];
  /** Whether the clock can be believed. @throws DsecosError where that cannot be found out */
  believable: (now: number) => Promise<boolean>;
  now: () => number;
  /** Told a tenant of which something is other than before. */
  changed: (tenant: string) => void;
}

export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #files: FileEngine;
  readonly #keys: TenantKeys;
  readonly #pools: FilePools;
  readonly #locks = new KeyedLock();
  readonly #known: Known;
  #strays: readonly string[] = [];
  /** Why nothing could be asked in the newest round; empty where it could. */
  #unknown = "";
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #again = false;
  #stopped = true;

  constructor(parts: ReconcilerParts) {
    const { ceph, map, audit } = parts;
    this.#parts = parts;
    this.#known = new Known(parts);
    this.#files = new FileEngine(ceph);
    this.#keys = new TenantKeys(ceph);
    const record: PoolsParts["record"] = async (action, object, details) => {
      await audit.append({ action, outcome: "note", ...actor, object, details });
    };
    this.#pools = new FilePools({ ceph, map, record });
  }

  get strays(): readonly string[] {
    return this.#strays;
  }

  get unknown(): string {
    const { state, reason } = this.#parts.ceph.status();
    return state === "ready" ? this.#unknown : reason;
  }

  live(tenant: string, volume: string): Live | undefined {
    return this.#known.of(tenant, volume);
  }

  start(): void {
    this.#stopped = false;
    this.#timer = setInterval(() => this.kick(), everyMs);
    this.#timer.unref();
    let before = "";
    this.#parts.ceph.onChanged(() => {
      const { state } = this.#parts.ceph.status();
      if (state === "ready" && before !== state) this.kick();
      before = state;
    });
    this.kick();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#pass;
  }

  /** Asks for a round; those asked for meanwhile become one. */
  kick(): void {
    if (this.#stopped) return;
    if (this.#pass !== undefined) {
      this.#again = true;
      return;
    }
    this.#pass = this.round()
      .catch((error) => {
        this.#parts.log("error", "volumes could not be looked after", { error: explain(error) });
      })
      .finally(() => {
        this.#pass = undefined;
        if (!this.#again) return;
        this.#again = false;
        this.kick();
      });
  }

  /** Looks at all tenants once. */
  async round(): Promise<void> {
    if (this.#parts.ceph.status().state !== "ready") return;
    this.#pools.forget();
    try {
      const { tenants, unreadable } = await this.#parts.book.all();
      const fileSystem = tenants.size === 0 ? "" : await this.#pools.fileSystem();
      this.#unknown = [...unreadable.values()].flat()[0] ?? "";
      await forEachBounded([...tenants.keys()], width, async (tenant) => {
        if (!this.#stopped || this.#pass === undefined) await this.#tenant(tenant, fileSystem);
      });
      this.#known.keep((tenant, name) => tenants.get(tenant)?.has(name) === true);
      if (fileSystem !== "") {
        const declared = (await this.#parts.book.all()).tenants;
        this.#strays = await findStrays(this.#files, fileSystem, declared);
      }
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      this.#unknown = error.message;
    }
  }

  /** Makes a tenant's volumes as they are declared just now. @throws DsecosError of this volume */
  async settle(tenant: string, volume: string): Promise<void> {
    const { state, reason } = this.#parts.ceph.status();
    if (state !== "ready") throw new DsecosError("Unavailable", reason);
    this.#pools.forget();
    await this.#tenant(tenant, await this.#pools.fileSystem());
    const live = this.live(tenant, volume);
    if (live !== undefined && live.trouble !== "") throw new DsecosError("Conflict", live.trouble);
  }

  /** How much is in a volume, asked just now. @throws DsecosError where Ceph cannot say */
  async count(tenant: string, volume: string): Promise<number> {
    const fileSystem = await this.#pools.fileSystem();
    return (await this.#files.find(fileSystem, tenant, volume))?.used ?? 0;
  }

  /** @throws NotFound while the tenant has no key */
  secret(tenant: string): Promise<string> {
    return this.#keys.secret(tenant);
  }

  async #tenant(tenant: string, fileSystem: string): Promise<void> {
    await this.#locks.run(tenant, async () => {
      // What was declared before may be another by now.
      const volumes = await this.#parts.book.of(tenant);
      const before = this.#known.text(tenant, volumes.keys());
      try {
        await this.#look(tenant, fileSystem, volumes);
      } catch (error) {
        if (!(error instanceof DsecosError)) throw error;
        for (const name of volumes.keys())
          this.#known.tell(tenant, name, { trouble: error.message });
      }
      const after = this.#known.text(tenant, volumes.keys());
      if (before !== after) this.#parts.changed(tenant);
    });
  }

  async #look(tenant: string, fileSystem: string, volumes: Volumes): Promise<void> {
    const opened: Found[] = [];
    const leaving: string[] = [];
    for (const [name, record] of volumes) {
      const end = await this.#ending(tenant, name, record);
      if (end === "come") {
        leaving.push(name);
        continue;
      }
      const found = await this.#volume(tenant, fileSystem, name, record);
      if (found !== undefined && record.state === "active") opened.push(found);
      if (end === "doubtful") this.#known.tell(tenant, name, { trouble: clockDoubt });
    }
    // First, so that nobody writes into what is being removed.
    if (await this.#keys.allow(tenant, fileSystem, opened)) {
      const details = { volumes: opened.map(({ path }) => path) };
      await this.#note("ceph.CapabilitiesSet", tenant, "", details);
    }
    for (const name of leaving) await this.#remove(tenant, fileSystem, name);
    if (leaving.length === volumes.size) await this.#files.removeGroup(fileSystem, tenant);
  }

  /** @returns what a key may open: where it lies otherwise than it must, nothing */
  async #volume(
    tenant: string,
    fileSystem: string,
    name: string,
    record: VolumeRecord,
  ): Promise<Found | undefined> {
    // Where not even this can be asked, the key is left as it is: the error ends the look.
    let found = await this.#files.find(fileSystem, tenant, name);
    let caveat = "";
    try {
      const place = await this.#pools.ready(record.jurisdiction, record.class);
      caveat = place.caveat;
      found = await this.#asDeclared({ tenant, name, record, place, found });
      this.#known.tell(tenant, name, { found, caveat, trouble: "" });
      return found;
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      this.#known.tell(tenant, name, { found, caveat, trouble: error.message });
      return undefined;
    }
  }

  async #asDeclared(volume: {
    tenant: string;
    name: string;
    record: VolumeRecord;
    place: Place;
    found: Found | undefined;
  }): Promise<Found> {
    const { tenant, name, record, place } = volume;
    const { fileSystem, pool } = place;
    const bytes = Number(record.bytes);
    let { found } = volume;
    if (found === undefined) {
      await this.#files.make(fileSystem, tenant, name, { pool, bytes });
      found = await this.#files.find(fileSystem, tenant, name);
    }
    if (found === undefined) {
      const what = `Ceph made the volume ${name} of ${tenant} and does not have it; see the cluster's health.`;
      throw new DsecosError("Unavailable", what);
    }
    requirePlaced(found, tenant, name, pool);
    if (found.quota === bytes) return found;
    await this.#note("ceph.QuotaSet", tenant, name, { was: found.quota, is: bytes });
    await this.#files.resize(fileSystem, tenant, name, bytes);
    return { ...found, quota: bytes };
  }

  /** Whether its time has come; then there is no way back, which is declared first. */
  async #ending(
    tenant: string,
    name: string,
    record: VolumeRecord,
  ): Promise<"come" | "doubtful" | "not"> {
    const { book, believable, now } = this.#parts;
    const { state, deleteAt } = record;
    if (state === "removing") return "come";
    if (state !== "deleting" || deleteAt === undefined || Date.parse(deleteAt) > now()) {
      return "not";
    }
    if (!(await believable(now()))) return "doubtful";
    const next = await book.change(tenant, name, (is) =>
      is?.state === "deleting" && is.deleteAt === deleteAt ? { ...is, state: "removing" } : is,
    );
    return next?.state === "removing" ? "come" : "not";
  }

  async #remove(tenant: string, fileSystem: string, name: string): Promise<void> {
    const { audit, book } = this.#parts;
    try {
      await this.#files.remove(fileSystem, tenant, name);
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      this.#known.tell(tenant, name, { trouble: error.message });
      return;
    }
    let mine = false;
    await book.change(tenant, name, (is) => {
      mine = is?.state === "removing";
      return mine ? undefined : is;
    });
    this.#known.forget(tenant, name);
    this.#parts.changed(tenant);
    // Another node may have been first.
    if (!mine) return;
    const why = { why: "its time to be deleted came" };
    const event = { action: "ceph.VolumeRemoved", tenant, object: name, details: why };
    await audit.append({ ...event, outcome: "success", ...actor });
  }

  async #note(
    action: string,
    tenant: string,
    object: string,
    details: Record<string, unknown>,
  ): Promise<void> {
    const about = object === "" ? { tenant } : { tenant, object };
    await this.#parts.audit.append({ action, outcome: "note", ...actor, ...about, details });
  }
}
