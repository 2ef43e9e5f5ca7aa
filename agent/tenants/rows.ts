/** An entry of the view as people see it. */
import type { Pool } from "../incus/server.ts";
import { slotName } from "../selinux/policy/names.ts";
import type { Tenant } from "./contract.ts";
import { overQuota } from "./quota.ts";
import type { Entry, TenantView } from "./view.ts";

export interface RowContext {
  view: TenantView;
  pool: Pool | undefined;
  poolName: string;
  /** What of a tenant's slot and pool is not as it should be. */
  homes: { sentences(entry: Entry): string[] };
}

/** What is declared but not true yet, or not kept, one sentence each. */
export function notYetTrue(entry: Entry, context: RowContext): string[] {
  const { view, pool, poolName, homes } = context;
  const sentences = overQuota(entry);
  if (entry.drifted) {
    sentences.push("Its limits or restrictions were changed in Incus and are being put right.");
  }
  if (entry.state.thawing) sentences.push("Its instances are still being thawed.");
  if (view.sharesDomain(entry)) {
    sentences.push(`Another tenant has the domain ${entry.record.domain} too; delete one of them.`);
  }
  sentences.push(...homes.sentences(entry));
  if (pool === undefined) {
    sentences.push(`The storage pool ${poolName} is not there, so it cannot have instances.`);
  } else if (!pool.enforced) {
    sentences.push(
      `The pool ${poolOf(entry, pool.name)} (${pool.driver}) counts disk sizes but cannot hold disks to them; ` +
        "use zfs, btrfs, lvm or ceph.",
    );
  }
  return sentences;
}

/** @returns the pool of what is made for the tenant next */
export function poolOf({ number }: Entry, shared: string): string {
  return number === undefined ? shared : slotName(number);
}

export function rowOf(entry: Entry, context: RowContext): Tenant {
  const { record, state } = entry;
  return {
    name: entry.name,
    displayName: record.displayName,
    domain: record.domain,
    classification: record.classification,
    jurisdiction: record.jurisdiction,
    state: state.state,
    quota: record.quota,
    limit: entry.limit,
    promised: entry.promised,
    // What is on in a tenant that is not active is frozen, so nothing of it runs.
    instances: { total: entry.instances, running: state.state === "active" ? entry.powered : 0 },
    contacts: record.contacts,
    createdAt: record.createdAt,
    createdBy: record.createdBy,
    ...(entry.number === undefined
      ? {}
      : { slot: { number: entry.number, pool: slotName(entry.number) } }),
    ...(state.deleteAt === undefined ? {} : { deleteAt: state.deleteAt }),
    notYetTrue: notYetTrue(entry, context),
  };
}
