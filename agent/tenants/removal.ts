/**
 * Takes a tenant away with all that is in it. Each step looks at what is there now, so that it may
 * be interrupted anywhere and begun again.
 */
import { setTimeout as delay } from "node:timers/promises";
import { DsecosError } from "../bus/errors.ts";
import { apiPath, type IncusClient } from "../incus/client.ts";
import { run } from "../incus/operations.ts";
import { literal, select } from "../incus/sql.ts";
import { forEachBounded } from "./locks.ts";

export interface RemovalProgress {
  total(steps: number): void;
  step(text: string): void;
  finished(object: string, error?: string): void;
}

const width = 4;
const rounds = 5;

interface Kept {
  pool: string;
  name: string;
}

/** Names of custom volumes of a project over all pools; their snapshots go with them. */
export function customVolumes(client: IncusClient, project: string): Promise<Kept[]> {
  return keptIn(client, "storage_volumes v", "v.type=2", project);
}

async function keptIn(client: IncusClient, table: string, which: string, project: string) {
  const rows = await select(
    client,
    `SELECT s.name, v.name FROM ${table} JOIN storage_pools s ON s.id=v.storage_pool_id ` +
      `JOIN projects p ON p.id=v.project_id WHERE ${which} AND p.name=${literal(project)} ` +
      "ORDER BY s.name, v.name",
  );
  return rows.map(([pool, name]) => ({ pool: String(pool), name: String(name) }));
}

/**
 * @param after how many steps the caller has left when the project is gone
 * @throws DsecosError when something cannot be removed; what is removed stays removed.
 */
export async function removeTenant(
  client: IncusClient,
  project: string,
  progress: RemovalProgress,
  after = 0,
): Promise<void> {
  for (let round = 1; ; round += 1) {
    const known = await removeContents(client, project, progress, after);
    if (!known) return;
    progress.step("Removing the tenant");
    try {
      const path = apiPath("projects", project);
      await gone(client.send("DELETE", path, undefined, { timeoutMs: 30_000 }));
      progress.finished(project);
      return;
    } catch (error) {
      // Something that was being created just then has come into being: once more.
      if (!isConflict(error) || round >= rounds) throw error;
    }
  }
}

/** @returns false when the project is gone. */
async function removeContents(
  client: IncusClient,
  project: string,
  progress: RemovalProgress,
  after: number,
): Promise<boolean> {
  const instances = await lastParts(client, "/1.0/instances", project);
  if (instances === undefined) return false;
  const volumes = await customVolumes(client, project);
  progress.total(instances.length + volumes.length + 1 + after);

  progress.step("Removing instances");
  await forEachBounded(instances, width, async (name) => {
    await gone(removeInstance(client, project, name));
    progress.finished(name);
  });

  progress.step("Removing volumes");
  for (const { pool, name } of volumes) {
    const path = apiPath("storage-pools", pool, "volumes", "custom", name);
    await gone(run(client, "DELETE", path, undefined, { project, timeoutMs: 60_000 }));
    progress.finished(`${pool}/${name}`);
  }
  await removeBuckets(client, project);
  for (const name of (await lastParts(client, "/1.0/profiles", project)) ?? []) {
    const path = apiPath("profiles", name);
    if (name !== "default") await gone(client.send("DELETE", path, undefined, { project }));
  }
  return true;
}

/** Stops it the hard way, frozen or not, and deletes it with its disks and snapshots. */
export async function removeInstance(
  client: IncusClient,
  project: string,
  name: string,
): Promise<void> {
  const path = apiPath("instances", name);
  try {
    await run(
      client,
      "PUT",
      `${path}/state`,
      { action: "stop", force: true, timeout: 30 },
      {
        project,
        wait: { timeoutMs: 60_000 },
      },
    );
  } catch (error) {
    // What is stopped already needs no stop; deleting tells if it really runs on.
    if (!(error instanceof DsecosError) || isTrouble(error)) throw error;
  }
  for (let round = 1; ; round += 1) {
    try {
      await run(client, "DELETE", path, undefined, { project, wait: { timeoutMs: 120_000 } });
      return;
    } catch (error) {
      // It is still being created or stopped; that ends soon.
      if (!isConflict(error) || round >= 20) throw error;
      await delay(1_000);
    }
  }
}

async function removeBuckets(client: IncusClient, project: string): Promise<void> {
  for (const { pool, name } of await keptIn(client, "storage_buckets v", "1=1", project)) {
    const path = apiPath("storage-pools", pool, "buckets", name);
    await gone(client.send("DELETE", path, undefined, { project }));
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof DsecosError && error.code === "Conflict";
}

function isTrouble(error: DsecosError): boolean {
  return error.code === "Timeout" || /not running on this node|broke off/.test(error.message);
}

/** Waits for a removal; that the thing is gone already is what was wanted. */
async function gone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!(error instanceof DsecosError) || error.code !== "NotFound") throw error;
  }
}

/** @returns last parts of the listed paths, or undefined when the project is gone. */
async function lastParts(client: IncusClient, path: string, project: string | undefined) {
  try {
    const urls = await client.get<string[]>(path, { project });
    return urls.map((url) => decodeURIComponent((url.split("?")[0] ?? "").split("/").at(-1) ?? ""));
  } catch (error) {
    if (error instanceof DsecosError && error.code === "NotFound") return undefined;
    throw error;
  }
}
