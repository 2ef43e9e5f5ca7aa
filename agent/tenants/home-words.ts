/** What is said of where a tenant lives, where that is not as it should be. */
import { DsecosError } from "../bus/errors.ts";
import type { Pool } from "../incus/server.ts";
import { slotName } from "../selinux/policy/names.ts";
import type { LoadedSlots } from "../selinux/policy/slots.ts";
import type { SlotPool } from "./numbers.ts";
import { isSmaller, poolSize } from "./pools.ts";
import { straySentences } from "./strays.ts";
import type { Entry } from "./view.ts";

export interface HomeFacts {
  slots: LoadedSlots;
  isHome: boolean;
  /** What went wrong the last time. */
  trouble: string | undefined;
  /** Of the tenant's slot. */
  pool: SlotPool | undefined;
  /** The pool of tenants without a slot. */
  shared: Pool | undefined;
}

export const noSpareSlot =
  "The SELinux policy of this node has no spare slot for it, so it cannot have instances; " +
  "build a policy with more slots: dsecos selinux build.";

export const notYetRead = () =>
  new DsecosError(
    "Unavailable",
    "Which slots the loaded SELinux policy has is not known yet; try again in a moment, and look " +
      "at “dsecos selinux show” if it stays so.",
  );

export const notDivisible = ({ name, driver }: Pick<Pool, "name" | "driver">) =>
  `No pools for single tenants can be made beside the pool ${name} (${driver}), so this node ` +
  "cannot keep them apart yet; use a pool of the driver dir, or btrfs in a file.";

export const notHere = (tenant: string, number: number) =>
  `The SELinux policy of this node has no slot ${number}, which ${tenant} has; load the one that ` +
  "the other nodes have, or build one: dsecos selinux build.";

/** @returns one sentence each; none where the node's policy has no slots and the tenant no number */
export function homeSentences(entry: Entry, facts: HomeFacts): string[] {
  const { name, number, record, strays } = entry;
  const { slots, isHome, trouble, pool, shared } = facts;
  const sentences: string[] = [];
  const isActive = typeof slots !== "string" && entry.state.state !== "deleting";
  const making = shared === undefined ? undefined : "Its storage pool is being made.";
  const missing = isHome || !isActive ? undefined : (trouble ?? making);
  if (missing !== undefined) sentences.push(missing);
  if (number !== undefined) sentences.push(...straySentences(name, strays, slotName(number)));
  if (pool === undefined || pool.size === "" || !isHome) return sentences;
  if (isActive && pool.driver === "btrfs") {
    sentences.push(
      "The kernel gives new volumes of btrfs no label, so SELinux lets nothing of it start; use " +
        "a pool of the driver dir.",
    );
  }
  const wanted = poolSize(record.quota);
  if (isSmaller(wanted, record.quota.storage)) {
    sentences.push(
      `Its pool ${slotName(pool.number)} holds ${wanted} and not ${record.quota.storage}, since a ` +
        "file system such as ext4 has no larger files.",
    );
  }
  if (isSmaller(wanted, pool.size)) {
    sentences.push(
      `Its pool ${slotName(pool.number)} stays at ${pool.size}, since btrfs in a file does not ` +
        `shrink; the quota of ${record.quota.storage} holds all the same.`,
    );
  }
  return sentences;
}
