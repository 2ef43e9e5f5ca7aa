/** What can be done to volumes, singly or to a selection, and why not. */
import { ceph } from "../../../agent/ceph/contract.ts";
import type { VolumeRow } from "../../../agent/ceph/volumes/answers.ts";
import type { Access } from "../../lib/capabilities.tsx";
import { showDialog } from "../../lib/dialog.tsx";
import { _ } from "../../lib/i18n.ts";
import type { MenuEntry } from "../../lib/menu.tsx";
import { AccessDialog } from "./access.tsx";
import { DeleteDialog } from "./delete.tsx";
import { possible, type VolumeAct, whyNot } from "./possible.ts";
import { ResizeDialog } from "./resize.tsx";
import { RestoreDialog } from "./restore.tsx";

export function volumeMenu(row: VolumeRow, access: Access): MenuEntry[] {
  const may = access.why(ceph, "storage");
  const entry = (key: VolumeAct, label: string, open: () => void, danger = false): MenuEntry => ({
    ...{ key, label, danger, run: open, why: may ?? whyNot(row, key) },
  });
  return [
    entry("access", _("Show how it is opened"), () => showDialog(<AccessDialog row={row} />)),
    entry("resize", _("Resize"), () => showDialog(<ResizeDialog row={row} />)),
    row.state === "deleting"
      ? entry("restore", _("Restore"), () => showDialog(<RestoreDialog rows={[row]} />))
      : entry("delete", _("Delete"), () => showDialog(<DeleteDialog rows={[row]} />), true),
  ];
}

export function bulkMenu(rows: readonly VolumeRow[], access: Access): MenuEntry[] {
  const may = access.why(ceph, "storage");
  const none = _("None of the chosen volumes is in a state for that.");
  const entry = (
    key: VolumeAct,
    label: string,
    open: (fit: VolumeRow[]) => void,
    danger = false,
  ): MenuEntry => {
    const fit = possible(rows, key);
    const why = may ?? (fit.length > 0 ? undefined : none);
    return { key, label, danger, why, run: () => open(fit) };
  };
  return [
    entry("restore", _("Restore"), (fit) => showDialog(<RestoreDialog rows={fit} />)),
    entry("delete", _("Delete"), (fit) => showDialog(<DeleteDialog rows={fit} />), true),
  ];
}
