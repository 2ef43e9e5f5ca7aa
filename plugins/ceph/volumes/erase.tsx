/** Asks for the key of a disk to be destroyed: after that nobody reads it, nor any copy of it. */
import { useState } from "react";
import { ceph } from "../../../agent/ceph/contract.ts";
import { type VolumeRow, waitDaysSchema } from "../../../agent/ceph/volumes/answers.ts";
import { reasonSchema } from "../../../agent/hsm/keys/answers.ts";
import { askFor } from "../../lib/ask.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format } from "../../lib/i18n.ts";
import { SecondPerson } from "../../lib/second-person.tsx";

export function EraseDialog({ row: { tenant, name, key } }: { row: VolumeRow }) {
  const [days, setDays] = useState("30");
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const wanted = days.trim() === "" ? Number.NaN : Number(days);
  const wait = problemOf(waitDaysSchema, wanted);
  const why = problemOf(reasonSchema, reason.trim());
  const invalid = wait !== "" || why !== "" || typed !== name;
  const inputs = [tenant, name, wanted, reason.trim()] as const;
  return (
    <Dialog
      title={format(_("Erase $0?"), name)}
      action={_("Ask for erasure")}
      danger
      invalid={invalid}
      run={() =>
        askFor(() => client(ceph).EraseVolume(...inputs), format(_("$0 is to be erased"), name))
      }
    >
      <SecondPerson />
      <p>
        {format(
          _(
            "On the day below the key $0 is destroyed in the tenant’s token, and then the data is removed: whoever has a copy of it has nothing. What was done is certified on record. Until then it can be restored.",
          ),
          key,
        )}
      </p>
      <TextField
        label={_("Days until its key is destroyed")}
        type="number"
        required
        value={days}
        problem={wait}
        change={setDays}
      />
      <TextField
        label={_("Reason")}
        required
        value={reason}
        problem={why}
        hint={_("for the record, and in the certificate")}
        change={setReason}
      />
      <TextField
        label={_("Name of the volume")}
        required
        autoFocus
        value={typed}
        problem={typed === "" || typed === name ? "" : _("This is something else.")}
        hint={format(_("type $0, so that nothing else is meant"), name)}
        change={setTyped}
      />
      {!invalid && <Command text={commandOf(ceph, "EraseVolume", [...inputs])} />}
    </Dialog>
  );
}
