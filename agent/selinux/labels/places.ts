/** Where labels are looked at, and where they may be restored: nowhere else. */
import { join } from "node:path";
import { parseType, slotName } from "../policy/names.ts";

/** Where Incus mounts its storage pools; that of a tenant has the name of the tenant's slot. */
export const poolsDirectory = "/var/lib/incus/storage-pools";

/** What a wrong label would open or break, beside the tenants' files. */
const trees: readonly string[] = [
  ...["/etc/dsecos", "/etc/selinux", "/etc/systemd/system", "/usr/lib/dsecos"],
  ...["/usr/share/dsecos", "/var/lib/dsecos"],
];
/** Incus keeps the tenants' secrets there: what guards them is looked at, and not what is inside. */
const incus = "/var/lib/incus";
const alone: readonly string[] = [
  ...[incus, `${incus}/database`, `${incus}/unix.socket`, poolsDirectory],
];

export interface Place {
  readonly path: string;
  /** Of the tenant whose pool it is; undefined for places of the host. */
  readonly slot: number | undefined;
  /** Looked at by itself, and not what is below it. */
  readonly alone: boolean;
}

/** @param slots of which pools may be there */
export function placesOf(slots: Iterable<number>): Place[] {
  const pools = [...slots]
    .sort((a, b) => a - b)
    .map((slot) => ({ path: join(poolsDirectory, slotName(slot)), slot, alone: false }));
  const host = (path: string) => ({ path, slot: undefined, alone: alone.includes(path) });
  return [...[...trees, ...alone].map(host), ...pools];
}

/** @returns the slot in whose pool the path is, if in one */
export function slotOfPath(path: string): number | undefined {
  if (!path.startsWith(`${poolsDirectory}/`)) return undefined;
  const name = path.slice(poolsDirectory.length + 1).split("/", 1)[0] ?? "";
  return parseType(`${name}_t`)?.slot;
}

/** Whether labels may be restored there. */
export function isGuarded(path: string): boolean {
  return [...trees, incus].some((place) => path === place || path.startsWith(`${place}/`));
}
