/** Changing what one instance is promised, within the quota of its tenant. */
import type * as v from "valibot";
import { DsecosError } from "../bus/errors.ts";
import { apiPath, type IncusClient } from "../incus/client.ts";
import { run } from "../incus/operations.ts";
import { type Amount, amountOf } from "../tenants/amounts.ts";
import { incusSize } from "../tenants/project.ts";
import type { TenantView } from "../tenants/view.ts";
import type { resizeSchema } from "./contract.ts";
import { type IncusInstance, rootDisk } from "./source.ts";

type Size = v.InferOutput<typeof resizeSchema>;

/** @throws QuotaExceeded, or InvalidArgument for a smaller disk. */
export async function resizeInstance(
  client: IncusClient,
  view: TenantView,
  tenant: string,
  name: string,
  size: Size,
): Promise<void> {
  const path = apiPath("instances", name);
  const instance = await client.get<IncusInstance>(path, { project: tenant });
  const disk = rootDisk(instance);
  if (disk === undefined) {
    const message = `${name} has its disk from a profile; change the profile with incus instead.`;
    throw new DsecosError("Conflict", message);
  }
  const [diskName, device] = disk;
  const cpu = instance.expanded_config["limits.cpu"] ?? "";
  const ram = instance.expanded_config["limits.memory"] ?? "";
  const storage = device.size ?? "";
  const next = {
    cpu: size.cpu === undefined ? cpu : String(size.cpu),
    ram: size.ram === undefined ? ram : incusSize(size.ram),
    storage: size.storage === undefined ? storage : incusSize(size.storage),
  };
  const before = amountOf(cpu, ram, storage);
  const after = amountOf(next.cpu, next.ram, next.storage);
  if (after.storageKib < before.storageKib) {
    const message = `The disk of ${name} can only grow; it has ${storage}.`;
    throw new DsecosError("InvalidArgument", message);
  }
  await withRoomToGrow(view, tenant, name, before, after, async () => {
    const body = {
      config: { "limits.cpu": next.cpu, "limits.memory": next.ram },
      devices: { [diskName]: { ...device, size: next.storage } },
    };
    await run(client, "PATCH", path, body, { project: tenant, timeoutMs: 60_000 });
  });
}

/** Holds room for what an instance gains; what it gives back counts once Incus says so. */
export async function withRoomToGrow(
  view: TenantView,
  tenant: string,
  name: string,
  before: Amount,
  after: Amount,
  work: () => Promise<void>,
): Promise<void> {
  const growth = {
    cpu: Math.max(0, after.cpu - before.cpu),
    ramKib: Math.max(0, after.ramKib - before.ramKib),
    storageKib: Math.max(0, after.storageKib - before.storageKib),
  };
  // The space keeps it apart from the names of instances, which have none.
  const part = `resize ${name}`;
  const room = view.guard.reserve(tenant, new Map([[part, growth]]));
  try {
    await work();
    room.kept(part);
  } finally {
    room.close();
  }
  await view.refresh(tenant);
}
