/** What an instance is made of: the request to Incus that creates it, and reading it back. */
import { type Amount, amountOf } from "../tenants/amounts.ts";
import { type IncusState, liveOf } from "../tenants/live.ts";
import { incusSize } from "../tenants/project.ts";
import type { Instance, InstanceSpec, instanceStatuses } from "./contract.ts";

/** Alias that the instance was made from, kept on it since an alias may move later. */
const imageKey = "user.dsecos.image";

/** What of the node an instance is made with. */
export interface Place {
  pool: string;
  network: string | undefined;
  /** Fingerprint of the image, so that all of a bulk are made from the same. */
  fingerprint: string;
}

/** Body of the request that creates it. No profile: all that counts stands on the instance. */
export function creation(name: string, spec: InstanceSpec, place: Place): object {
  const isolated = spec.type === "container" ? { "security.idmap.isolated": "true" } : {};
  const nic = { type: "nic", name: "eth0", network: place.network };
  return {
    name,
    type: spec.type,
    profiles: [],
    start: spec.start,
    source: { type: "image", fingerprint: place.fingerprint },
    config: {
      ...isolated,
      "limits.cpu": String(spec.cpu),
      "limits.memory": incusSize(spec.ram),
      "snapshots.schedule.stopped": "false",
      [imageKey]: spec.image,
    },
    devices: {
      root: { type: "disk", path: "/", pool: place.pool, size: incusSize(spec.storage) },
      ...(place.network === undefined ? {} : { eth0: nic }),
    },
  };
}

export function amountOfSpec(spec: InstanceSpec): Amount {
  return amountOf(String(spec.cpu), incusSize(spec.ram), incusSize(spec.storage));
}

/** `web` alone, or `web-001` and so on. */
export function namesOf(name: string, count: number): string[] {
  if (count === 1) return [name];
  return Array.from({ length: count }, (_, i) => `${name}-${String(i + 1).padStart(3, "0")}`);
}

/** An instance as Incus tells it with recursion; only what we read of it. */
export interface IncusInstance {
  name: string;
  type: string;
  status: string;
  location: string;
  created_at: string;
  config: Record<string, string>;
  devices: Record<string, Record<string, string>>;
  expanded_config: Record<string, string>;
  expanded_devices: Record<string, Record<string, string>>;
  state: IncusState | null;
  snapshots: unknown[] | null;
}

/** The parts that say what an instance, or a snapshot of it, is promised. */
export type Limited = Pick<IncusInstance, "expanded_config" | "expanded_devices">;

export function promiseOf({ expanded_config: config, expanded_devices: devices }: Limited): Amount {
  return amountOf(
    config["limits.cpu"] ?? "",
    config["limits.memory"] ?? "",
    rootDisk({ devices })?.[1].size ?? "",
  );
}

export function rootDisk(instance: Pick<IncusInstance, "devices">) {
  return Object.entries(instance.devices).find(
    ([, device]) => device.type === "disk" && device.path === "/",
  );
}

/** What Incus tells of an instance that it cannot look into, as while that is deleted. */
export type Glimpse = Pick<IncusInstance, "name" | "status" | "location">;

export function instanceOf(told: Glimpse & Partial<IncusInstance>): Instance {
  const config = told.expanded_config ?? {};
  const source = {
    ...told,
    expanded_config: config,
    expanded_devices: told.expanded_devices ?? {},
    state: told.state ?? null,
  };
  return {
    name: source.name,
    type: source.type === "virtual-machine" ? "virtual-machine" : "container",
    status: statusOf(source.status),
    location: source.location,
    image: config[imageKey] ?? config["image.description"] ?? "",
    createdAt: isoTime(source.created_at ?? ""),
    limit: promiseOf(source),
    live: { ...liveOf(source.state), processes: Math.max(0, source.state?.processes ?? 0) },
    addresses: addressesOf(source.state),
    snapshots: source.snapshots?.length ?? 0,
    snapshotSchedule: config["snapshots.schedule"] ?? "",
  };
}

const statuses: Record<string, (typeof instanceStatuses)[number]> = {
  Running: "running",
  Stopped: "stopped",
  Frozen: "frozen",
  Error: "error",
};

function statusOf(status: string): (typeof instanceStatuses)[number] {
  return statuses[status] ?? "unknown";
}

function addressesOf(state: IncusState | null): string[] {
  return Object.values(state?.network ?? {}).flatMap(({ addresses = [] }) =>
    addresses.filter(({ scope }) => scope === "global").map(({ address }) => address),
  );
}

/** Incus writes nanoseconds, and the year 1 for never. @returns empty for never. */
export function isoTime(text: string): string {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) || time.getUTCFullYear() < 1970 ? "" : time.toISOString();
}
