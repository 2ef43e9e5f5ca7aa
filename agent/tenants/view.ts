/**
 * All tenants in memory, kept compact: what a row of the table needs and nothing of Incus's
 * configuration. Loaded at start, refreshed tenant by tenant as Incus tells of changes, and loaded
 * anew when changes may have been missed. Incus stays the only keeper of the truth.
 */
import { DsecosError } from "../bus/errors.ts";
import type { IncusClient } from "../incus/client.ts";
import { type Amount, limitOf, plus } from "./amounts.ts";
import { parseNumber } from "./numbers.ts";
import { limitsOf, type NodeFacts } from "./project.ts";
import { QuotaGuard, type Usage } from "./quota.ts";
import { parseRecord, parseState, type StateRecord, type TenantRecord } from "./record.ts";
import { readStrays, type Stray } from "./strays.ts";
import {
  noUsage,
  type ProjectRow,
  readProject,
  readProjects,
  readUsage,
  readUsageOf,
  type UsageRow,
} from "./viewsql.ts";

export interface Entry extends Usage {
  readonly name: string;
  record: TenantRecord;
  state: StateRecord;
  instances: number;
  powered: number;
  /** True when a declared key of the project is not as declared. */
  drifted: boolean;
  jobs: number;
  /** Its slot of the SELinux policy. */
  number: number | undefined;
  /** What of it lies in other pools than that of its slot. */
  strays: readonly Stray[];
  /** Counts changes that were made here, so that an older reading cannot undo them. */
  version: number;
}

const pageSize = 500;

export class TenantView {
  readonly guard = new QuotaGuard({
    usage: (tenant) => this.get(tenant),
    adjust: (tenant, delta) => this.#adjust(tenant, delta),
  });
  readonly #client: IncusClient;
  readonly #facts: () => NodeFacts;
  readonly #interned = new Map<string, string>();
  #entries = new Map<string, Entry>();
  #unreadable = new Map<string, string>();
  #domains = new Map<string, number>();
  #loaded = false;
  #loading: Promise<void> | undefined;
  /** Names that changed while a load is under way. */
  #touched = new Set<string>();
  #waiting: (() => void)[] = [];
  /** Grows with every change; lists use it to keep a sorted order. */
  revision = 0;

  constructor(client: IncusClient, facts: () => NodeFacts) {
    this.#client = client;
    this.#facts = facts;
  }

  get loaded(): boolean {
    return this.#loaded;
  }

  entries(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  get size(): number {
    return this.#entries.size;
  }

  find(name: string): Entry | undefined {
    return this.#entries.get(name);
  }

  /** Projects that carry our key with a record that cannot be read, with the reason. */
  get unreadable(): ReadonlyMap<string, string> {
    return this.#unreadable;
  }

  /** @throws NotFound */
  get(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    const reason = this.#unreadable.get(name);
    if (reason !== undefined) throw new DsecosError("Conflict", reason);
    throw new DsecosError("NotFound", `There is no tenant ${name}; list the tenants to see which.`);
  }

  /** Name of another tenant that has the domain. */
  ownerOf(domain: string): string | undefined {
    if (!this.#domains.has(domain)) return undefined;
    for (const entry of this.#entries.values()) {
      if (entry.record.domain === domain) return entry.name;
    }
    return undefined;
  }

  sharesDomain(entry: Entry): boolean {
    return (this.#domains.get(entry.record.domain) ?? 0) > 1;
  }

  /** Waits until the tenants are known. @throws Unavailable after `timeoutMs`. */
  async ready(reason: () => string, timeoutMs = 5_000): Promise<void> {
    if (this.#loaded) return;
    const came = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
    if (!came) throw new DsecosError("Unavailable", reason());
  }

  /** Reads all tenants; calls made meanwhile join the one under way. */
  load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    this.#touched.clear();
    const entries = new Map<string, Entry>();
    const unreadable = new Map<string, string>();
    const facts = this.#facts();
    for (let after = 0; ; ) {
      const rows = await readProjects(this.#client, facts, after, pageSize);
      const last = rows.at(-1);
      if (last === undefined) break;
      const usage = await readUsage(this.#client, after, last.id);
      const strays = await readStrays(this.#client, after, last.id);
      for (const row of rows) {
        const entry = this.#entryOf(row, usage.get(row.id) ?? noUsage, strays.get(row.id) ?? []);
        if (typeof entry === "string") unreadable.set(row.name, entry);
        else entries.set(row.name, entry);
      }
      after = last.id;
      if (rows.length < pageSize) break;
    }
    // What changed meanwhile, or is being created, is taken from before and read again alone.
    const again = new Set(this.#touched);
    for (const name of entries.keys()) if (this.guard.hasPending(name)) again.add(name);
    for (const name of again) {
      const before = this.#entries.get(name);
      if (before === undefined) entries.delete(name);
      else entries.set(name, before);
    }
    this.#entries = entries;
    this.#unreadable = unreadable;
    this.#domains = new Map();
    for (const entry of entries.values()) this.#count(entry.record.domain, 1);
    this.#loaded = true;
    this.revision += 1;
    for (const wake of this.#waiting.splice(0)) wake();
    for (const name of again) await this.refresh(name);
  }

  /** Reads one tenant again. @returns it as it is now, or undefined when it is gone. */
  async refresh(name: string): Promise<Entry | undefined> {
    for (let attempt = 0; ; attempt += 1) {
      const before = this.#entries.get(name);
      const version = before?.version;
      const row = await readProject(this.#client, this.#facts(), name);
      const read = row === undefined ? undefined : await this.#readOf(row);
      const now = this.#entries.get(name);
      // Something was changed here while we read: what we have may be older than that.
      if ((now !== before || now?.version !== version) && attempt < 20) continue;
      this.#unreadable.delete(name);
      if (row === undefined || read === undefined) {
        this.#drop(name);
        return undefined;
      }
      const entry = this.#entryOf(row, read.usage, read.strays);
      if (typeof entry === "string") {
        this.#drop(name);
        this.#unreadable.set(name, entry);
        return undefined;
      }
      this.guard.found(name, read.names);
      this.put(entry);
      return entry;
    }
  }

  async #readOf({ id, number }: ProjectRow) {
    const found = await readUsageOf(this.#client, id);
    const strays = number === "" ? undefined : await readStrays(this.#client, id - 1, id);
    return { ...found, strays: strays?.get(id) ?? [] };
  }

  /** Takes an entry in, or one in another's place. */
  put(entry: Entry): void {
    this.#drop(entry.name);
    this.#entries.set(entry.name, entry);
    this.#count(entry.record.domain, 1);
  }

  /** A new tenant as it was just created. */
  added(name: string, record: TenantRecord, state: StateRecord, number?: number): Entry {
    const entry = { ...this.#makeEntry(name, record, state, noUsage), number };
    this.put(entry);
    return entry;
  }

  /** Tells that a number was just written. */
  numbered(name: string, number: number): void {
    const entry = this.#entries.get(name);
    if (entry !== undefined) this.put({ ...entry, number, version: entry.version + 1 });
  }

  /** Tells that record or state were just written. */
  changed(name: string, record: TenantRecord, state: StateRecord): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    const { instances, powered, promised, drifted, jobs, number, strays, version } = entry;
    const next = this.#makeEntry(name, record, state, { instances, powered, promised });
    this.put({ ...next, drifted, jobs, number, strays, version: version + 1 });
  }

  /** Makes a limit smaller before Incus knows, so that nothing slips in between. */
  narrow(name: string, limit: Amount): void {
    const entry = this.get(name);
    entry.limit = {
      cpu: Math.min(entry.limit.cpu, limit.cpu),
      ramKib: Math.min(entry.limit.ramKib, limit.ramKib),
      storageKib: Math.min(entry.limit.storageKib, limit.storageKib),
    };
    entry.version += 1;
  }

  gone(name: string): void {
    this.#drop(name);
  }

  #drop(name: string): void {
    this.#touched.add(name);
    this.revision += 1;
    const before = this.#entries.get(name);
    if (before === undefined) return;
    this.#entries.delete(name);
    this.#count(before.record.domain, -1);
  }

  #adjust(name: string, delta: Amount): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    entry.promised = plus(entry.promised, delta);
    entry.version += 1;
    this.#touched.add(name);
    this.revision += 1;
  }

  #count(domain: string, by: number): void {
    const count = (this.#domains.get(domain) ?? 0) + by;
    if (count === 0) this.#domains.delete(domain);
    else this.#domains.set(domain, count);
  }

  #entryOf(row: ProjectRow, usage: UsageRow, strays: Stray[]): Entry | string {
    const record = parseRecord(row.tenant);
    const state = parseState(row.state);
    if (record === undefined || state === undefined) {
      const key = record === undefined ? "tenant" : "state";
      return (
        `The record of ${row.name} cannot be read; look at “incus project get ${row.name} ` +
        `user.dsecos.${key}” and put it right.`
      );
    }
    const limits = limitsOf(record.quota);
    const limitsRight =
      limits["limits.cpu"] === row.limits.cpu &&
      limits["limits.memory"] === row.limits.memory &&
      limits["limits.disk"] === row.limits.disk;
    const entry = this.#makeEntry(row.name, record, state, usage);
    const number = parseNumber(row.number);
    const apartRight = number === undefined || strays.length > 0 || row.apart;
    const drifted = !(row.fixedRight && limitsRight && apartRight);
    return { ...entry, drifted, jobs: row.jobs, number, strays };
  }

  #makeEntry(name: string, record: TenantRecord, state: StateRecord, usage: UsageRow): Entry {
    const { cpu, ram, storage } = record.quota;
    const intern = (text: string) => this.#intern(text);
    return {
      name,
      record: {
        ...record,
        jurisdiction: intern(record.jurisdiction),
        createdBy: intern(record.createdBy),
        quota: { cpu: intern(cpu), ram: intern(ram), storage: intern(storage) },
      },
      state: { ...state, by: intern(state.by) },
      limit: limitOf(record.quota),
      promised: usage.promised,
      instances: usage.instances,
      powered: usage.powered,
      drifted: false,
      jobs: 0,
      number: undefined,
      strays: [],
      version: 0,
    };
  }

  /** Many tenants share few texts such as `1TB` or `UK`: each is kept once. */
  #intern(text: string): string {
    const known = this.#interned.get(text);
    if (known !== undefined) return known;
    if (this.#interned.size < 10_000) this.#interned.set(text, text);
    return text;
  }
}
