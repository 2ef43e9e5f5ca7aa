/** The storage pools of slots: read from Incus's database, made, grown and taken away. */
import { DsecosError } from "../bus/errors.ts";
import { apiPath, type IncusClient } from "../incus/client.ts";
import { type SqlValue, select } from "../incus/sql.ts";
import { slotName } from "../selinux/policy/names.ts";
import type { Quota } from "./contract.ts";
import { type Numbered, numberKey, parseNumber, poolNumber, type SlotPool } from "./numbers.ts";
import { incusSize } from "./project.ts";
import { parseBytes } from "./quantities.ts";
import { parseRecord, tenantKey } from "./record.ts";

/** Key of the pool, see `ownerOf`. */
const ownerKey = "user.dsecos.tenant";

/** mkfs.btrfs refuses less than 109 MiB, and little is left of that. */
const smallest = 256n * 1024n ** 2n;
/** A file of ext4 ends before 16 TiB. */
const largest = 15n * 1024n ** 4n;

const text = (value: SqlValue | undefined): string => (value == null ? "" : String(value));

export async function readPools(client: IncusClient): Promise<SlotPool[]> {
  const rows = await select(
    client,
    "SELECT s.name, s.driver, MAX(CASE WHEN c.key='user.dsecos.tenant' THEN c.value END), " +
      "MAX(CASE WHEN c.key='size' THEN c.value END) FROM storage_pools s " +
      "LEFT JOIN storage_pools_config c ON c.storage_pool_id=s.id " +
      "WHERE s.name LIKE 'tenant%' GROUP BY s.id",
  );
  return rows.flatMap(([name, driver, owner, size]) => {
    const number = poolNumber(text(name));
    if (number === undefined) return [];
    return [{ number, driver: text(driver), owner: text(owner), size: text(size) }];
  });
}

/** @returns the pool of the default profile's root disk, by project; those of slots only */
export async function readProfiles(client: IncusClient): Promise<Map<string, string>> {
  const rows = await select(
    client,
    "SELECT p.name, o.value FROM profiles f JOIN projects p ON p.id=f.project_id " +
      "JOIN profiles_devices d ON d.profile_id=f.id " +
      "JOIN profiles_devices_config r ON r.profile_device_id=d.id AND r.key='path' AND r.value='/' " +
      "JOIN profiles_devices_config o ON o.profile_device_id=d.id AND o.key='pool' " +
      "WHERE f.name='default' AND o.value LIKE 'tenant%'",
  );
  return new Map(rows.map(([project, pool]) => [text(project), text(pool)]));
}

/**
 * All tenants that have a number.
 *
 * @param of when each was created is told of those with this number only; empty of the others
 */
export async function readNumbered(client: IncusClient, of?: number): Promise<Numbered[]> {
  const record = of === undefined ? "''" : `CASE WHEN c.value='${Math.trunc(of)}' THEN t.value END`;
  const rows = await select(
    client,
    `SELECT p.name, c.value, ${record} FROM projects p ` +
      `JOIN projects_config c ON c.project_id=p.id AND c.key='${numberKey}' ` +
      `LEFT JOIN projects_config t ON t.project_id=p.id AND t.key='${tenantKey}'`,
  );
  return rows.flatMap(([name, value, told]) => {
    const number = parseNumber(text(value));
    if (number === undefined) return [];
    const createdAt = parseRecord(text(told))?.createdAt ?? "";
    return [{ name: text(name), number, createdAt }];
  });
}

/** @returns the size of a tenant's pool as Incus reads it: its quota, as far as there is such a file */
export function poolSize({ storage }: Quota): string {
  const bytes = parseBytes(storage) ?? 0n;
  if (bytes < smallest) return "256MiB";
  return bytes > largest ? "15TiB" : incusSize(storage);
}

/** @returns whether the first size is below the second */
export function isSmaller(size: string, than: string): boolean {
  return (parseBytes(size) ?? 0n) < (parseBytes(than) ?? 0n);
}

/** @throws DsecosError Conflict where there is such a pool already */
export async function createPool(client: IncusClient, pool: SlotPool): Promise<void> {
  const size = pool.size === "" ? {} : { size: pool.size };
  const body = {
    name: slotName(pool.number),
    driver: pool.driver,
    config: { ...size, [ownerKey]: pool.owner },
  };
  await client.send("POST", "/1.0/storage-pools", body, { timeoutMs: 60_000 });
}

export async function growPool(client: IncusClient, number: number, size: string): Promise<void> {
  const path = apiPath("storage-pools", slotName(number));
  await client.send("PATCH", path, { config: { size } }, { timeoutMs: 60_000 });
}

/** Does nothing where it is gone already, as by another node. */
export async function removePool(client: IncusClient, number: number): Promise<void> {
  const path = apiPath("storage-pools", slotName(number));
  try {
    await client.send("DELETE", path, undefined, { timeoutMs: 120_000 });
  } catch (error) {
    if (!(error instanceof DsecosError) || error.code !== "NotFound") throw error;
  }
}

/** Gives the project's default profile a root disk in the pool of the slot. */
export async function putInProfile(
  client: IncusClient,
  project: string,
  number: number,
): Promise<void> {
  const path = apiPath("profiles", "default");
  const { metadata } = await client.send<{ devices: Record<string, Record<string, string>> }>(
    "GET",
    path,
    undefined,
    { project },
  );
  const kept = Object.entries(metadata.devices).filter(
    ([, device]) => device.type !== "disk" || device.path !== "/",
  );
  const root = { type: "disk", path: "/", pool: slotName(number) };
  const devices = { ...Object.fromEntries(kept), root };
  await client.send("PATCH", path, { devices }, { project, timeoutMs: 20_000 });
}
