/**
 * Where each tenant lives on a node whose policy has slots: its number, the storage pool of that
 * number, and its default profile on that pool. What Incus makes in the pool is labelled by the
 * policy, so that nothing of a tenant may be made elsewhere.
 */
import { DsecosError } from "../bus/errors.ts";
import type { IncusServer } from "../incus/server.ts";
import { slotName } from "../selinux/policy/names.ts";
import { homeSentences, noSpareSlot, notDivisible } from "./home-words.ts";
import type { KeyedLock } from "./locks.ts";
import { type HeldNumber, Numbering, type NumberingDeps } from "./numbering.ts";
import { ownerOf, type SlotPool } from "./numbers.ts";
import * as pools from "./pools.ts";
import type { Entry } from "./view.ts";

export interface HomesDeps extends NumberingDeps {
  server: IncusServer;
  /** Held by whoever changes a tenant's project. */
  locks: KeyedLock;
  log: (event: string, facts: Record<string, unknown>) => void;
}

const agentActor = { actor: "dsecos-agent", uid: 0 } as const;
/** How often another node may come first before it is given up. */
const rounds = 10;

export class Homes {
  readonly #deps: HomesDeps;
  readonly #numbering: Numbering;
  /** As they were read or made last. */
  #pools = new Map<number, SlotPool>();
  #profiles = new Map<string, string>();
  /** Owners whose pools are being removed. */
  readonly #vacating = new Set<string>();
  /** Why a tenant has no home, by its name. */
  readonly #troubles = new Map<string, string>();

  constructor(deps: HomesDeps) {
    this.#deps = deps;
    this.#numbering = new Numbering(deps);
  }

  /** Reads pools and profiles, and takes away pools that a removal left. */
  async load(): Promise<void> {
    const { client } = this.#deps;
    const [found, profiles] = await Promise.all([
      pools.readPools(client),
      pools.readProfiles(client),
    ]);
    this.#pools = byNumber(found);
    this.#profiles = profiles;
    await this.#sweep(found);
  }

  /** Keeps a spare number for a tenant until its project is there. */
  hold(): Promise<HeldNumber> {
    return this.#numbering.hold();
  }

  /** Looks again whether a new tenant's number is its own, once all can see it. */
  async settleNumber(name: string): Promise<void> {
    if (this.#deps.view.find(name)?.number !== undefined) await this.#numbering.settle(name);
  }

  /**
   * The storage pool for what is made for a tenant next, made first where it is missing.
   *
   * @throws DsecosError with what to do where the tenant cannot have one
   */
  async poolFor(name: string): Promise<string> {
    const { server, view, locks, slots } = this.#deps;
    const entry = view.get(name);
    if (entry.number === undefined && slots() === "none") return (await server.pool()).name;
    if (this.#isHome(entry)) return slotName(entry.number);
    return locks.run(name, () => this.#house(name));
  }

  /**
   * Makes what is missing of a tenant's home. Throws only where Incus is away; all else is told in
   * its row.
   *
   * @returns whether its row changed
   */
  async settle(entry: Entry): Promise<boolean> {
    const { slots, locks, server, log } = this.#deps;
    const { name, state } = entry;
    if (typeof slots() === "string" || state.state === "deleting") return false;
    if (this.#isHome(entry) && !this.#growsTo(entry)) return this.#explain(name, undefined);
    if (this.#numbering.isFull(entry)) return this.#explain(name, noSpareSlot);
    try {
      await locks.run(name, () => this.#house(name));
      this.#explain(name, undefined);
      return true;
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      log("tenant without a pool", { tenant: name, error: error.message });
      const changed = this.#explain(name, error.message);
      const away = error.code === "Unavailable" || error.code === "Timeout";
      if (away && !(await server.probe())) throw error;
      return changed;
    }
  }

  /** What of a tenant's home is not as it should be, one sentence each. */
  sentences(entry: Entry): string[] {
    const { server, slots } = this.#deps;
    return homeSentences(entry, {
      slots: slots(),
      isHome: this.#isHome(entry),
      trouble: this.#troubles.get(entry.name),
      pool: this.#pools.get(entry.number ?? 0),
      shared: server.knownPool,
    });
  }

  /** Takes away the pools of a tenant whose project is gone; then its slot is free. */
  async vacate(owner: string, told: (pool: string) => void = () => undefined): Promise<void> {
    const { client } = this.#deps;
    this.#vacating.add(owner);
    try {
      for (const pool of await pools.readPools(client)) {
        if (pool.owner !== owner) continue;
        await pools.removePool(client, pool.number);
        this.#pools.delete(pool.number);
        this.#numbering.freed();
        told(slotName(pool.number));
      }
    } finally {
      this.#vacating.delete(owner);
    }
  }

  #isHome(entry: Entry): entry is Entry & { number: number } {
    const { name, number, record } = entry;
    if (number === undefined) return false;
    const isOwn = this.#pools.get(number)?.owner === ownerOf(name, record);
    return isOwn && this.#profiles.get(name) === slotName(number) && this.#numbering.has(number);
  }

  /** @returns the size that the tenant's pool is to grow to, undefined where it is large enough */
  #growsTo({ number, record }: Entry): string | undefined {
    const pool = this.#pools.get(number ?? 0);
    if (pool === undefined || pool.size === "") return undefined;
    const size = pools.poolSize(record.quota);
    return pools.isSmaller(pool.size, size) ? size : undefined;
  }

  /** @returns whether it is another than before */
  #explain(name: string, trouble: string | undefined): boolean {
    if (this.#troubles.get(name) === trouble) return false;
    if (trouble === undefined) this.#troubles.delete(name);
    else this.#troubles.set(name, trouble);
    this.#deps.view.revision += 1;
    return true;
  }

  async #house(name: string): Promise<string> {
    const { client, server, view } = this.#deps;
    const shared = await server.pool();
    for (let round = 1; ; round += 1) {
      const { number, pools: found } = await this.#numbering.settle(name);
      this.#pools = byNumber(found);
      const { record } = view.get(name);
      const owner = ownerOf(name, record);
      if (this.#pools.get(number)?.owner !== owner) {
        if (shared.tenantDriver === undefined)
          throw new DsecosError("Conflict", notDivisible(shared));
        const size = shared.tenantDriver === "btrfs" ? pools.poolSize(record.quota) : "";
        const pool = { number, driver: shared.tenantDriver, owner, size };
        try {
          await pools.createPool(client, pool);
        } catch (error) {
          const isThere = error instanceof DsecosError && error.code === "Conflict";
          if (!isThere || round >= rounds) throw error;
          continue; // Another node made it for another tenant, who has the slot now.
        }
        this.#pools.set(number, pool);
      }
      const target = slotName(number);
      if (this.#profiles.get(name) !== target) {
        await pools.putInProfile(client, name, number);
        this.#profiles.set(name, target);
      }
      await this.#grow(view.get(name));
      return target;
    }
  }

  async #grow(entry: Entry): Promise<void> {
    const { number } = entry;
    const size = this.#growsTo(entry);
    const pool = this.#pools.get(number ?? 0);
    if (size === undefined || pool === undefined) return;
    await pools.growPool(this.#deps.client, pool.number, size);
    this.#pools.set(pool.number, { ...pool, size });
  }

  /** Takes away the pools of tenants that are gone, where a stop came between the two. */
  async #sweep(found: readonly SlotPool[]): Promise<void> {
    const { view, audit, log } = this.#deps;
    const isOwner = ({ owner }: SlotPool, entry: Entry | undefined) =>
      entry !== undefined && ownerOf(entry.name, entry.record) === owner;
    for (const pool of found) {
      const name = pool.owner.split(" ")[0] ?? "";
      if (pool.owner === "" || this.#vacating.has(pool.owner)) continue;
      if (isOwner(pool, view.find(name))) continue;
      // It may have come just now: Incus tells.
      if (isOwner(pool, await view.refresh(name)) || view.unreadable.has(name)) continue;
      const details = { pool: slotName(pool.number) };
      try {
        await this.vacate(pool.owner);
        await audit.append({ action: "tenants.Vacated", outcome: "note", ...agentActor, details });
      } catch (error) {
        if (!(error instanceof DsecosError)) throw error;
        // Its slot stays in quarantine; it is tried again when all is read again.
        log("pool of a removed tenant not removed", { ...details, error: error.message });
      }
    }
  }
}

const byNumber = (found: readonly SlotPool[]) => new Map(found.map((pool) => [pool.number, pool]));
