/** Snapshots of one instance and their schedule, which Incus itself keeps. */
import type * as v from "valibot";
import { apiPath, type IncusClient } from "../incus/client.ts";
import { run } from "../incus/operations.ts";
import type { TenantView } from "../tenants/view.ts";
import type { scheduleSchema, snapshotSchema } from "./contract.ts";
import { withRoomToGrow } from "./resize.ts";
import { isoTime, type Limited, promiseOf } from "./source.ts";

type Snapshot = v.InferOutput<typeof snapshotSchema>;
type Schedule = v.InferOutput<typeof scheduleSchema>;

interface IncusSnapshot {
  name: string;
  created_at: string;
  expires_at: string;
  size: number;
}

/** @returns newest first. */
export async function listSnapshots(
  client: IncusClient,
  tenant: string,
  name: string,
): Promise<Snapshot[]> {
  const path = apiPath("instances", name, "snapshots");
  const found = await client.get<IncusSnapshot[]>(path, {
    project: tenant,
    query: { recursion: "1" },
    timeoutMs: 25_000,
  });
  return found
    .map((snapshot): Snapshot => {
      const expiresAt = isoTime(snapshot.expires_at);
      return {
        // Some versions write instance/snapshot.
        name: snapshot.name.split("/").at(-1) ?? snapshot.name,
        createdAt: isoTime(snapshot.created_at) || new Date(0).toISOString(),
        ...(expiresAt === "" ? {} : { expiresAt }),
        sizeKib: Math.round(Math.max(0, snapshot.size) / 1024),
      };
    })
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
}

export async function takeSnapshot(
  client: IncusClient,
  tenant: string,
  name: string,
  snapshot: string,
): Promise<void> {
  const body = { name: snapshot, stateful: false };
  await run(client, "POST", apiPath("instances", name, "snapshots"), body, { project: tenant });
}

/** Puts back the disk and also the limits of then, which must fit into the quota of now. */
export async function restoreSnapshot(
  client: IncusClient,
  view: TenantView,
  tenant: string,
  name: string,
  snapshot: string,
): Promise<void> {
  const path = apiPath("instances", name);
  const [now, then] = await Promise.all([
    client.get<Limited>(path, { project: tenant }),
    client.get<Limited>(apiPath("instances", name, "snapshots", snapshot), { project: tenant }),
  ]);
  await withRoomToGrow(view, tenant, name, promiseOf(now), promiseOf(then), async () => {
    const body = { restore: snapshot, stateful: false };
    await run(client, "PUT", path, body, { project: tenant });
  });
}

export async function deleteSnapshot(
  client: IncusClient,
  tenant: string,
  name: string,
  snapshot: string,
): Promise<void> {
  const path = apiPath("instances", name, "snapshots", snapshot);
  await run(client, "DELETE", path, undefined, { project: tenant });
}

/** Incus takes the snapshots and lets them expire, whether or not the agent runs. */
export async function scheduleSnapshots(
  client: IncusClient,
  tenant: string,
  name: string,
  { schedule, expiry }: Schedule,
): Promise<void> {
  const config = { "snapshots.schedule": schedule, "snapshots.expiry": schedule && expiry };
  await run(client, "PATCH", apiPath("instances", name), { config }, { project: tenant });
}
