/** What can be done to volumes, singly or to a selection, and why not. */
import { ceph } from "../../../agent/ceph/contract.ts";
import type { VolumeRow } from "../../../agent/ceph/volumes/answers.ts";
import type { Access } from "../../lib/capabilities.tsx";
import { _ } from "../../lib/i18n.ts";
import type { MenuEntry } from "../../lib/menu.tsx";
import { openDialog } from "./open.tsx";
import { possible, type VolumeAct, whyNot } from "./possible.ts";

export function volumeMenu(row: VolumeRow, access: Access): MenuEntry[] {
  const entry = (key: VolumeAct, label: string, run: () => void, danger = false): MenuEntry => ({
    ...{ key, label, danger, run },
    why: access.why(ceph, actionOf[key]) ?? whyNot(row, key),
  });
  const isBlock = row.kind === "block";
  return [
    entry("access", _("Show how it is opened"), () =>
      openDialog(({ AccessDialog }) => <AccessDialog row={row} />),
    ),
    ...(isBlock
      ? [
          entry("passphrase", _("Show its passphrase"), () =>
            openDialog(({ PassphraseDialog }) => <PassphraseDialog row={row} />),
          ),
        ]
      : []),
    entry("resize", _("Resize"), () =>
      openDialog(({ ResizeDialog }) => <ResizeDialog row={row} />),
    ),
    row.state === "deleting"
      ? entry("restore", _("Restore"), () =>
          openDialog(({ RestoreDialog }) => <RestoreDialog rows={[row]} />),
        )
      : entry(
          "delete",
          _("Delete"),
          () => openDialog(({ DeleteDialog }) => <DeleteDialog rows={[row]} />),
          true,
        ),
    ...(isBlock
      ? [
          entry(
            "erase",
            _("Erase with its key"),
            () => openDialog(({ EraseDialog }) => <EraseDialog row={row} />),
            true,
          ),
        ]
      : []),
  ];
}

/** Who opens and erases disks is somebody else than who makes them. */
const actionOf: Record<VolumeAct, string> = {
  access: "storage",
  resize: "storage",
  delete: "storage",
  restore: "storage",
  passphrase: "unlock",
  erase: "unlock",
};

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
    entry("restore", _("Restore"), (fit) =>
      openDialog(({ RestoreDialog }) => <RestoreDialog rows={fit} />),
    ),
    entry(
      "delete",
      _("Delete"),
      (fit) => openDialog(({ DeleteDialog }) => <DeleteDialog rows={fit} />),
      true,
    ),
  ];
}
