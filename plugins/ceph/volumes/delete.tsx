/** Asks for volumes to be deleted: a second person, 7 to 30 days in which they can be restored. */
import { useState } from "react";
import { ceph } from "../../../agent/ceph/contract.ts";
import { type VolumeRow, waitDaysSchema } from "../../../agent/ceph/volumes/answers.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, dateTime, format, ngettext } from "../../lib/i18n.ts";
import { SecondPerson } from "../../lib/second-person.tsx";
import { each } from "./each.tsx";
import { VolumeNames } from "./names.tsx";
import { bytes } from "./words.ts";

const dayMs = 86_400_000;

export function DeleteDialog({ rows }: { rows: readonly VolumeRow[] }) {
  const [days, setDays] = useState("30");
  const [typed, setTyped] = useState("");
  const [first] = rows;
  if (first === undefined) return null;
  const alone = rows.length === 1;
  const wanted = days.trim() === "" ? Number.NaN : Number(days);
  const problem = problemOf(waitDaysSchema, wanted);
  const word = alone ? first.name : String(rows.length);
  const invalid = problem !== "" || typed !== word;
  return (
    <Dialog
      title={
        alone
          ? format(_("Delete $0?"), first.name)
          : ngettext("Delete $0 volume?", "Delete $0 volumes?", rows.length)
      }
      action={_("Ask for deletion")}
      danger
      invalid={invalid}
      run={() =>
        each(rows, _("to be deleted"), ({ tenant, name }) =>
          client(ceph).DeleteVolume(tenant, name, wanted),
        )
      }
    >
      <SecondPerson />
      <p>
        {_(
          "When it is carried out, the tenant’s key stops opening it; clients that have it open lose it within the hour. On the day below its data is removed for good. Until then it can be restored.",
        )}
      </p>
      {alone && (
        <p className="ce-strong">
          {first.used < 0
            ? format(_("How much is in $0 of $1 is not known."), first.name, first.tenant)
            : format(_("$0 of $1 has $2 in it."), first.name, first.tenant, bytes(first.used))}
        </p>
      )}
      <VolumeNames rows={rows} />
      <TextField
        label={_("Days until it is removed")}
        type="number"
        required
        value={days}
        problem={problem}
        hint={
          problem === ""
            ? format(
                _("carried out today, that is $0"),
                dateTime(new Date(Date.now() + wanted * dayMs).toISOString()),
              )
            : ""
        }
        change={setDays}
      />
      <TextField
        label={alone ? _("Name of the volume") : _("Number of volumes")}
        required
        autoFocus
        value={typed}
        problem={typed === "" || typed === word ? "" : _("This is something else.")}
        hint={format(_("type $0, so that nothing else is meant"), word)}
        change={setTyped}
      />
      {!invalid && (
        <Command text={commandOf(ceph, "DeleteVolume", [first.tenant, first.name, wanted])} />
      )}
    </Dialog>
  );
}
