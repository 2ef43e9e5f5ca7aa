/** Sums of what is counted against a quota: cores and KiB. */
import type { Quota } from "./contract.ts";
import { parseBytes } from "./quantities.ts";

export interface Amount {
  cpu: number;
  ramKib: number;
  storageKib: number;
}

export const nothing: Readonly<Amount> = { cpu: 0, ramKib: 0, storageKib: 0 };

export function plus(a: Amount, b: Amount, times = 1): Amount {
  return {
    cpu: a.cpu + b.cpu * times,
    ramKib: a.ramKib + b.ramKib * times,
    storageKib: a.storageKib + b.storageKib * times,
  };
}

/** Rounded up, so that a sum of promises is never less than their bytes. */
export function kibUp(text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== undefined) return Number((bytes + 1023n) / 1024n);
  // Incus also takes a bare number of bytes.
  return /^[0-9]{1,18}$/.test(text) ? Math.ceil(Number(text) / 1024) : 0;
}

/** Rounded down, so that a limit is never more than its bytes. */
function kibDown(text: string): number {
  const bytes = parseBytes(text);
  return bytes === undefined ? 0 : Number(bytes / 1024n);
}

export function limitOf(quota: Quota): Amount {
  return {
    cpu: Number(quota.cpu),
    ramKib: kibDown(quota.ram),
    storageKib: kibDown(quota.storage),
  };
}

/** What one instance or volume is promised, from Incus's texts; empty ones promise nothing. */
export function amountOf(cpu: string, memory: string, size: string): Amount {
  return {
    cpu: /^[0-9]{1,6}$/.test(cpu) ? Number(cpu) : 0,
    ramKib: kibUp(memory),
    storageKib: kibUp(size),
  };
}

/** Names of the resources of which there is more than the limit allows. */
export function exceeding(limit: Amount, sum: Amount): (keyof Amount)[] {
  return (["cpu", "ramKib", "storageKib"] as const).filter((key) => sum[key] > limit[key]);
}
