/** Words and colours for what the contract names by keys. */
import type { VolumeRow } from "../../../agent/ceph/volumes/answers.ts";
import { redundancyOf, type StorageClass } from "../../../agent/ceph/volumes/classes.ts";
import type { VolumeKindName } from "../../../agent/ceph/volumes/kinds/names.ts";
import { everyHours } from "../../../agent/ceph/volumes/snapshots/names.ts";
import { _, format, ngettext, size } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

type State = VolumeRow["state"];

export const stateColors: Record<State, TagColor> = {
  declared: "orange",
  ready: "green",
  deleting: "orange",
  removing: "red",
};

export function stateName(state: State): string {
  const names = {
    declared: _("not ready"),
    ready: _("ready"),
    deleting: _("to be deleted"),
    removing: _("being removed"),
  };
  return names[state];
}

export function stateMeans(state: State): string {
  const means = {
    declared: _(
      "It is declared, and not as declared yet, or not known to be. The agent tries again every minute.",
    ),
    ready: _("It is as declared, and the tenant’s key opens it."),
    deleting: _(
      "The tenant’s key does not open it any more. Its data is still there, and it can be restored until its day comes.",
    ),
    removing: _("Its day came: its data is being removed, which cannot be undone."),
  };
  return means[state];
}

export function kindName(kind: VolumeKindName): string {
  const names = {
    file: _("files"),
    block: _("block device"),
    object: _("bucket of objects"),
  };
  return names[kind];
}

export function kindMeans(kind: VolumeKindName): string {
  const means = {
    file: _("A directory on CephFS, which many clients of the tenant may mount at once."),
    block: _("An image on RBD, which one client at a time has as its disk."),
    object: _("A bucket behind the RADOS gateway, spoken to over S3."),
  };
  return means[kind];
}

/** What holds it to its size, and what does not. */
export function kindLimits(kind: VolumeKindName): string {
  const limits = {
    file: _(
      "CephFS stops writes beyond its size, by its clients: one that was changed to ignore that is not stopped.",
    ),
    block: _("A disk has its size: nothing can be written beyond it."),
    object: _("The gateway refuses objects beyond its size, soon after it counted them."),
  };
  return limits[kind];
}

/** What WORM of a kind is: the word alone would say too much of snapshots. */
export function holdMeans(kind: VolumeKindName): string {
  return kind === "file"
    ? _(
        "WORM by snapshots: what is in it is kept, read-only, though files themselves stay writable",
      )
    : _("WORM: what is written can be neither changed nor deleted until its days are over");
}

/** @param days that each is kept */
export function snapshotsMean(days: number): string {
  return format(
    _(
      "$0 a snapshot is taken. What is written and changed or deleted between two is lost: for more than that, choose a bucket.",
    ),
    ngettext("Every hour", "Every $0 hours", everyHours(days)),
  );
}

export function className(storageClass: StorageClass): string {
  const { copies, domain } = redundancyOf[storageClass];
  return domain === "host"
    ? ngettext("$0 copy, each on another host", "$0 copies, each on another host", copies)
    : ngettext("$0 copy, each at another site", "$0 copies, each at another site", copies);
}

/** What may be lost, and what then becomes of writes. */
export function classMeans(storageClass: StorageClass): string {
  const { copies, least, domain } = redundancyOf[storageClass];
  const lost =
    domain === "host"
      ? ngettext(
          "All data is still there after $0 host was lost.",
          "All data is still there after $0 hosts were lost.",
          copies - 1,
        )
      : ngettext(
          "All data is still there after $0 site was lost.",
          "All data is still there after $0 sites were lost.",
          copies - 1,
        );
  const written =
    least > 1
      ? _("With two away writes wait, so that nothing is ever written once only.")
      : _("While one is away, what is written has a single copy.");
  return `${lost} ${written}`;
}

/** @param bytes as the contract has them; -1 where they are not known */
export function bytes(count: number): string {
  return count < 0 ? _("unknown") : size(count / 1024);
}

/** What a volume of this size takes of the cluster. */
export function onDevices(count: number, storageClass: StorageClass): string {
  const { copies } = redundancyOf[storageClass];
  return format(_("Full, it takes $0 on devices."), bytes(count * copies));
}
