/**
 * Which tenant has which slot of the SELinux policy. Its project carries the number; the storage
 * pool of the slot carries the tenant, and since no two pools have one name, making the pool is what
 * settles whose the slot is, on however many nodes it is tried at once.
 */
import { FIRST_SLOT, LAST_SLOT, slotNumber } from "../selinux/policy/names.ts";
import { claim } from "../selinux/policy/slots.ts";
import type { TenantRecord } from "./record.ts";

/** Key of the project. */
export const numberKey = "user.dsecos.selinux.number";

/** @returns undefined for what is no number of a slot, an empty text among it */
export function parseNumber(text: string): number | undefined {
  if (!/^[1-9][0-9]*$/.test(text)) return undefined;
  const number = Number(text);
  return number >= FIRST_SLOT && number <= LAST_SLOT ? number : undefined;
}

/** @returns the slot whose storage pool has this name, undefined for other pools */
export function poolNumber(pool: string): number | undefined {
  const number = slotNumber(pool);
  return Number.isNaN(number) ? undefined : number;
}

/**
 * What a slot's pool carries to say whose it is. A name that is used again is another tenant, which
 * must not find the files of the one before.
 */
export function ownerOf(name: string, { createdAt }: Pick<TenantRecord, "createdAt">): string {
  return `${name} ${createdAt}`;
}

/** A tenant that has a number. */
export interface Numbered {
  readonly name: string;
  readonly number: number;
  readonly createdAt: string;
}

/** A slot's storage pool. */
export interface SlotPool {
  readonly number: number;
  readonly driver: string;
  /** As {@link ownerOf} wrote it; empty for a pool that we did not make. */
  readonly owner: string;
  /** As Incus has it; empty where the driver has no size. */
  readonly size: string;
}

/** Of two tenants with one number and no pool: the older one keeps it. */
function comesFirst(one: Omit<Numbered, "number">, other: Omit<Numbered, "number">): boolean {
  if (one.createdAt !== other.createdAt) return one.createdAt < other.createdAt;
  return one.name < other.name;
}

/** @returns names of tenants by their slot; of two with the same the older one */
export function slotHolders(
  tenants: Iterable<{ name: string; number: number | undefined; record: { createdAt: string } }>,
): Map<number, string> {
  const holders = new Map<number, Omit<Numbered, "number">>();
  for (const { name, number, record } of tenants) {
    if (number === undefined) continue;
    const { createdAt } = record;
    const other = holders.get(number);
    if (other === undefined || comesFirst({ name, createdAt }, other))
      holders.set(number, { name, createdAt });
  }
  return new Map([...holders].map(([number, { name }]) => [number, name]));
}

export interface Situation {
  readonly name: string;
  readonly createdAt: string;
  /** What its project says. */
  readonly number: number | undefined;
  /** All other tenants with a number. */
  readonly others: readonly Numbered[];
  readonly pools: readonly SlotPool[];
  readonly slots: readonly number[];
  /** Numbers that are being given to new tenants just now. */
  readonly held: ReadonlySet<number>;
}

/**
 * The number that a tenant is to have. One with a pool keeps the pool's; one without keeps what it
 * has, unless an older tenant has it too, a pool of somebody else is there, or the policy does not
 * have it; else it takes a spare one.
 *
 * @throws SlotError where no slot is spare
 */
export function rightfulNumber(situation: Situation): number {
  const { name, createdAt, number, others, pools, slots, held } = situation;
  const owner = ownerOf(name, { createdAt });
  const own = pools.filter((pool) => pool.owner === owner).map((pool) => pool.number);
  if (number !== undefined && own.includes(number)) return number;
  if (own.length > 0) return Math.min(...own);
  const taken = new Set(pools.map((pool) => pool.number));
  if (number !== undefined && slots.includes(number) && !taken.has(number)) {
    const rivals = others.filter((other) => other.number === number);
    if (rivals.every((rival) => comesFirst(situation, rival))) return number;
  }
  return spareNumber({ slots, used: others.map((other) => other.number), pools, held });
}

/**
 * A pool that is there without a tenant keeps its slot in quarantine: it has the files of whoever
 * had the slot before.
 *
 * @throws SlotError where no slot is spare
 */
export function spareNumber(from: {
  slots: readonly number[];
  used: readonly number[];
  pools: readonly Pick<SlotPool, "number">[];
  held: ReadonlySet<number>;
}): number {
  const used = new Set(from.used);
  const tenants = [...used].map((number) => ({ name: `the tenant of slot ${number}`, number }));
  const quarantined = [...from.pools.map(({ number }) => number), ...from.held];
  return claim(from.slots, { tenants, quarantined });
}
