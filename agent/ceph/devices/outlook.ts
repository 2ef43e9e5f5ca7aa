/**
 * How long an OSD's disks are expected to last. The weeks are those of Ceph's own module devicehealth
 * (warn_threshold and mark_out_threshold), which goes by the later end of what was foretold.
 */
import type { Disk, Outlook } from "./answers.ts";

const weekMs = 7 * 86_400_000;
const failingMs = 4 * weekMs;
const soonMs = 12 * weekMs;

export interface Judged {
  outlook: Outlook;
  why: string;
}

const foretell =
  "have it foretold with: ceph device monitoring on, and ceph config set global device_failure_prediction_mode local";

/** @param now in milliseconds since 1970 */
export function outlookOf(store: string, disks: readonly Disk[], now: number): Judged {
  if (disks.length === 0) {
    if (store === "memstore") {
      return { outlook: "none", why: "It keeps its data in memory, so there is no disk to fail." };
    }
    const why = "It tells of no disk; in a container it may not see which it has.";
    return { outlook: "unknown", why };
  }
  const told = disks.flatMap((disk) => {
    if (disk.failsFrom === "") return [];
    const end = Date.parse(disk.failsTo);
    // Without an end it is not expected to fail.
    return { disk, left: Number.isNaN(end) ? Number.POSITIVE_INFINITY : end - now };
  });
  const [worst] = told.sort((a, b) => a.left - b.left);
  if (worst !== undefined && worst.left <= soonMs) {
    const { disk, left } = worst;
    const day = disk.failsTo.slice(0, 10);
    const outlook = left <= failingMs ? "failing" : "soon";
    const remedy =
      outlook === "failing"
        ? "mark the OSD out, and put a new disk in when its data has moved"
        : "have a new disk at hand";
    return { outlook, why: `${disk.path || disk.id} is expected to fail by ${day}; ${remedy}.` };
  }
  const nameless = disks.find(({ id }) => id === "");
  if (nameless !== undefined) {
    const why = `${nameless.path} has no serial number that Ceph can read, as virtual disks have none, so nothing is foretold of it.`;
    return { outlook: "unknown", why };
  }
  if (told.length < disks.length) {
    return { outlook: "unknown", why: `Nobody foretold how long it lasts; ${foretell}.` };
  }
  return { outlook: "good", why: "None of its disks is expected to fail within twelve weeks." };
}
