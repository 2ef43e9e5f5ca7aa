/** What can be done to keys, singly or to a selection, and why not. */
import { hsm } from "../../../agent/hsm/contract.ts";
import type { KeyRow } from "../../../agent/hsm/keys/answers.ts";
import type { KeyAct } from "../../../agent/hsm/keys/lifecycle.ts";
import type { Access } from "../../lib/capabilities.tsx";
import { showDialog } from "../../lib/dialog.tsx";
import { _ } from "../../lib/i18n.ts";
import type { MenuEntry } from "../../lib/menu.tsx";
import { type Change, ChangeDialog } from "./change.tsx";
import { DestroyDialog } from "./destroy.tsx";
import { possible, whyNot } from "./possible.ts";
import { RotateDialog, RotationDialog } from "./rotate.tsx";

const acts: Record<Change, KeyAct> = {
  Activate: "activate",
  Suspend: "suspend",
  Resume: "resume",
  Deactivate: "deactivate",
  Compromise: "compromise",
  CancelDestroy: "cancelDestroy",
};

export function keyMenu(row: KeyRow, access: Access): MenuEntry[] {
  const may = access.why(hsm, "keys");
  const change = (key: Change, label: string, danger = false): MenuEntry => ({
    ...{ key, label, danger },
    why: may ?? whyNot(row, acts[key]),
    run: () => showDialog(<ChangeDialog change={key} keys={[row]} />),
  });
  const waits = row.destroyAt !== undefined && row.state !== "destroyed";
  return [
    {
      key: "Rotate",
      label: _("Rotate now"),
      why: may ?? whyNot(row, "rotate"),
      run: () => showDialog(<RotateDialog keys={[row]} />),
    },
    {
      key: "SetRotation",
      label: _("Rotate by itself"),
      why: may ?? whyNot(row, "setRotation"),
      run: () => showDialog(<RotationDialog row={row} />),
    },
    ...(row.state === "pre-active" ? [change("Activate", _("Activate"))] : []),
    row.state === "suspended" ? change("Resume", _("Resume")) : change("Suspend", _("Suspend")),
    change("Deactivate", _("Deactivate for good"), true),
    change("Compromise", _("Mark as compromised"), true),
    waits
      ? change("CancelDestroy", _("Cancel the destruction"))
      : {
          key: "Destroy",
          label: _("Destroy"),
          danger: true,
          why: may ?? whyNot(row, "scheduleDestroy"),
          run: () => showDialog(<DestroyDialog row={row} />),
        },
  ];
}

export function bulkMenu(rows: readonly KeyRow[], access: Access): MenuEntry[] {
  const may = access.why(hsm, "keys");
  const none = _("None of the chosen keys is in a state for that.");
  const entry = (key: string, label: string, act: KeyAct, open: (fit: KeyRow[]) => void) => {
    const fit = possible(rows, act);
    return { key, label, why: may ?? (fit.length > 0 ? undefined : none), run: () => open(fit) };
  };
  return [
    entry("Rotate", _("Rotate now"), "rotate", (fit) => showDialog(<RotateDialog keys={fit} />)),
    entry("Suspend", _("Suspend"), "suspend", (fit) =>
      showDialog(<ChangeDialog change="Suspend" keys={fit} />),
    ),
    entry("Resume", _("Resume"), "resume", (fit) =>
      showDialog(<ChangeDialog change="Resume" keys={fit} />),
    ),
  ];
}
