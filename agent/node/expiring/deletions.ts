/** Ends of tenants, volumes and of what is stopped in Ceph for a while. */
import type { FlagRow } from "../../ceph/actions/answers.ts";
import type { VolumeRow } from "../../ceph/volumes/answers.ts";
import type { Ending } from "./answers.ts";

/** @param state as the cloud tells it of the tenant */
export function tenantEnding(name: string, state: Record<string, unknown>): Ending[] {
  if (state.state !== "deleting" || typeof state.deleteAt !== "string") return [];
  return [
    {
      ...{ endsAt: state.deleteAt, kind: "tenant", name, tenant: name, subsystem: "tenants" },
      what: "It is removed with all that it has.",
      remedy: "Restore it if anybody still needs it.",
      command: `dsecos tenants restore ${name}`,
    },
  ];
}

export function volumeEnding({ name, tenant, deleteAt, erase }: VolumeRow): Ending[] {
  if (deleteAt === undefined) return [];
  return [
    {
      ...{ endsAt: deleteAt, kind: "volume", name, tenant, subsystem: "ceph" },
      what: erase
        ? "Its key is destroyed, so that nobody reads it again."
        : "It is removed with what is in it.",
      remedy: "Restore it if anybody still needs it.",
      command: `dsecos ceph restore-volume ${tenant} ${name} 'still needed'`,
    },
  ];
}

export function flagEnding({ flag, until, means }: FlagRow): Ending[] {
  if (until === null) return [];
  return [
    {
      ...{ endsAt: until, kind: "cephFlag", name: flag, tenant: "", subsystem: "ceph" },
      what: `What it stops goes on by itself. Until then: ${means}`,
      remedy: "Be done with the work by then, or set it once more.",
      command: "dsecos ceph flags",
    },
  ];
}
