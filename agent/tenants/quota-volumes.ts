/**
 * Volumes of Ceph in a tenant's quota of storage, beside what Incus promises its instances. How much fits
 * into a volume is counted, once, however many copies Ceph keeps of it; a volume counts until its data is
 * removed.
 */
import { DsecosError } from "../bus/errors.ts";
import { nothing } from "./amounts.ts";
import { formatKib } from "./quantities.ts";
import type { TenantView } from "./view.ts";

/** As it is about to be declared. */
export interface SizedVolume {
  name: string;
  bytes: bigint;
  /** How much fits into it now; 0 for a new one. */
  before: bigint;
}

export interface StorageQuota {
  /**
   * Holds room for what a volume gains while it is declared.
   * @throws QuotaExceeded with what is left, NotFound, Conflict while the same is declared already
   */
  within<T>(tenant: string, volume: SizedVolume, declare: () => Promise<T>): Promise<T>;
  /**
   * Of all volumes together, as they are in the very reading of the project that is written back: so
   * that two nodes do not get past the quota with volumes of which they do not know yet.
   * @throws QuotaExceeded
   */
  requireTotal(tenant: string, bytes: bigint): void;
}

const kib = (bytes: bigint) => Number((bytes + 1023n) / 1024n);

/** How a volume is told from others, and from itself with another size. */
export const volumePart = (name: string, bytes: bigint | string) =>
  `volume ${name} of ${bytes} bytes`;

/**
 * Of a volume's record, without a look at the rest of it: thousands are read at once on the agent's own
 * loop, and who makes volumes tells of records that are not whole.
 * @returns decimal; undefined where there is no such number
 */
export function promisedBytes(record: string): string | undefined {
  try {
    const { bytes } = JSON.parse(record);
    return typeof bytes === "string" && /^[1-9][0-9]{0,15}$/.test(bytes) ? bytes : undefined;
  } catch {
    return undefined; // Not ours; nothing is promised by it.
  }
}

export function storageQuota(
  view: Pick<TenantView, "get" | "guard">,
  ready: () => Promise<void>,
): StorageQuota {
  return {
    async within(tenant, { name, bytes, before }, declare) {
      await ready();
      const growth = bytes > before ? kib(bytes) - kib(before) : 0;
      if (growth === 0) return declare();
      const part = volumePart(name, bytes);
      const amount = { ...nothing, storageKib: growth };
      const room = view.guard.reserve(tenant, new Map([[part, amount]]));
      try {
        const declared = await declare();
        room.kept(part);
        return declared;
      } finally {
        room.close();
      }
    },
    requireTotal(tenant, bytes) {
      const { storageKib } = view.get(tenant).limit;
      if (kib(bytes) <= storageKib) return;
      const what = `All volumes of ${tenant} would have ${formatKib(kib(bytes))} together, and it may have ${formatKib(storageKib)} of storage; ask for less or raise the quota.`;
      throw new DsecosError("QuotaExceeded", what);
    },
  };
}
