/** Asks for a key to be destroyed: a second person, 7 to 30 days in which it can be cancelled. */
import { useState } from "react";
import { hsm } from "../../../agent/hsm/contract.ts";
import { destroyDaysSchema, type KeyRow } from "../../../agent/hsm/keys/answers.ts";
import { askFor } from "../../lib/ask.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, dateTime, format } from "../../lib/i18n.ts";
import { SecondPerson } from "../../lib/second-person.tsx";

const dayMs = 86_400_000;

export function DestroyDialog({ row }: { row: KeyRow }) {
  const { tenant, name } = row;
  const [days, setDays] = useState("30");
  const [typed, setTyped] = useState("");
  const wanted = days.trim() === "" ? Number.NaN : Number(days);
  const problem = problemOf(destroyDaysSchema, wanted);
  const invalid = problem !== "" || typed !== name;
  return (
    <Dialog
      title={format(_("Destroy $0?"), name)}
      action={_("Ask for destruction")}
      danger
      invalid={invalid}
      run={() =>
        askFor(
          () => client(hsm).Destroy(tenant, name, wanted),
          format(_("$0 is to be destroyed"), name),
        )
      }
    >
      <SecondPerson />
      <p>
        {_(
          "From then on the key protects nothing new. On the day below its key material is destroyed in the token, and what it encrypted is lost for good. Until then everything can be cancelled.",
        )}
      </p>
      <TextField
        label={_("Days until it is destroyed")}
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
        label={_("Name of the key")}
        required
        autoFocus
        value={typed}
        problem={typed === "" || typed === name ? "" : _("This is not its name.")}
        hint={format(_("type $0, so that it is not another one"), name)}
        change={setTyped}
      />
      {!invalid && <Command text={commandOf(hsm, "Destroy", [tenant, name, wanted])} />}
    </Dialog>
  );
}
