/** Keeps volumes that were to be deleted, with a reason that goes on record. */
import { useState } from "react";
import { ceph } from "../../../agent/ceph/contract.ts";
import type { VolumeRow } from "../../../agent/ceph/volumes/answers.ts";
import { reasonSchema } from "../../../agent/hsm/keys/answers.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format, ngettext } from "../../lib/i18n.ts";
import { each } from "./each.tsx";
import { VolumeNames } from "./names.tsx";

export function RestoreDialog({ rows }: { rows: readonly VolumeRow[] }) {
  const [reason, setReason] = useState("");
  const [first] = rows;
  if (first === undefined) return null;
  const problem = problemOf(reasonSchema, reason.trim());
  return (
    <Dialog
      title={
        rows.length === 1
          ? format(_("Keep $0?"), first.name)
          : ngettext("Keep $0 volume?", "Keep $0 volumes?", rows.length)
      }
      action={_("Restore")}
      invalid={problem !== ""}
      run={() =>
        each(rows, _("kept"), ({ tenant, name }) =>
          client(ceph).RestoreVolume(tenant, name, reason.trim()),
        )
      }
    >
      <p>{_("It is not deleted, all data in it stays, and the tenant’s key opens it again.")}</p>
      <VolumeNames rows={rows} />
      <TextField
        label={_("Reason")}
        required
        autoFocus
        value={reason}
        problem={problem}
        hint={_("for the record")}
        change={setReason}
      />
      {problem === "" && (
        <Command
          text={commandOf(ceph, "RestoreVolume", [first.tenant, first.name, reason.trim()])}
        />
      )}
    </Dialog>
  );
}
