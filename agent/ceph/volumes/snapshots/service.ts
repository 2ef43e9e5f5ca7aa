/** Answers about snapshots of WORM file volumes. */
import { DsecosError } from "../../../bus/errors.ts";
import type { Answers } from "../../area.ts";
import type { FileVolumes } from "../kinds/file.ts";
import type { VolumeRecord } from "../record.ts";
import type { SnapshotRow } from "./answers.ts";
import type { snapshotMembers } from "./members.ts";
import { askedAt, dayOf, everyHours, mostAsked, type Snapshot, timeOf, wasAsked } from "./names.ts";

export interface SnapshotsParts {
  files: FileVolumes;
  /** @throws NotFound */
  declared: (tenant: string, name: string) => Promise<VolumeRecord>;
  /** @throws Conflict where the volume is to be deleted */
  requireActive: (name: string, record: VolumeRecord) => void;
  changed: (tenant: string) => void;
  now: () => number;
}

/** A path's last part but for the number that CephFS gives it, which a shell finds. */
const restore = "cp -a DIRECTORY/.snap/_SNAPSHOT_*/FILE DIRECTORY/";

export function createSnapshots(parts: SnapshotsParts): Answers<typeof snapshotMembers> {
  const { files, declared, requireActive, changed, now } = parts;
  return {
    async Snapshots(_call, tenant, name) {
      const record = await declared(tenant, name);
      requireHeld(name, record);
      const found = await files.snapshots({ tenant, name, record });
      const { retention = 0, snapshots } = record;
      const about = { every: everyHours(retention), retention, lost: snapshots?.lost ?? 0 };
      return { ...about, rows: found.toReversed().map(rowOf), restore };
    },
    async TakeSnapshot(_call, tenant, name) {
      const record = await declared(tenant, name);
      requireHeld(name, record);
      requireActive(name, record);
      const volume = { tenant, name, record };
      if ((await files.find(volume)) === undefined) {
        const what = `The volume ${name} of ${tenant} is not made yet; see what is said of it.`;
        throw new DsecosError("Conflict", what);
      }
      const asked = (await files.snapshots(volume)).filter(wasAsked);
      const at = askedAt(Math.floor(now() / 1000));
      const [oldest] = asked;
      if (oldest !== undefined && asked.length >= mostAsked) {
        const what = `${name} has ${asked.length} snapshots that somebody asked for, and there may be no more, so that there is room for those of the schedule; the first of them is kept until ${dayOf(oldest.until)}.`;
        throw new DsecosError("QuotaExceeded", what);
      }
      if (asked.some((one) => one.at === at)) {
        const what = `A snapshot of ${name} was taken this very second; take another now.`;
        throw new DsecosError("Conflict", what);
      }
      const taken = await files.takeSnapshot(volume, at);
      changed(tenant);
      return rowOf(taken);
    },
  };
}

const rowOf = (snapshot: Snapshot): SnapshotRow => ({
  ...{ name: snapshot.name, at: timeOf(snapshot.at), until: timeOf(snapshot.until) },
  asked: wasAsked(snapshot),
});

function requireHeld(name: string, { kind, worm }: VolumeRecord): void {
  if (kind === "file" && worm) return;
  const what = `${name} has no snapshots of the agent's; only file volumes that are WORM have.`;
  throw new DsecosError("Conflict", what);
}
