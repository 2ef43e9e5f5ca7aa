/** Rotates keys now, and says how often a key is rotated by itself. */
import { useState } from "react";
import { hsm } from "../../../agent/hsm/contract.ts";
import { type KeyRow, rotationDaysSchema } from "../../../agent/hsm/keys/answers.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format } from "../../lib/i18n.ts";
import { watchJob } from "../../lib/jobs.ts";
import { KeyNames } from "./change.tsx";
import { each } from "./each.tsx";

export function RotateDialog({ keys }: { keys: readonly KeyRow[] }) {
  const [first] = keys;
  if (first === undefined) return null;
  return (
    <Dialog
      title={
        keys.length === 1
          ? format(_("Rotate $0 now?"), first.name)
          : format(_("Rotate $0 keys now?"), keys.length)
      }
      action={_("Rotate")}
      run={() =>
        each(keys, _("rotation begun"), async ({ tenant, name }) =>
          watchJob(await client(hsm).Rotate(tenant, name)),
        )
      }
    >
      <p>
        {_(
          "A new version is made, which signs and encrypts from then on. Older versions stay: they verify and decrypt what they protected.",
        )}
      </p>
      {keys.length > 1 && <KeyNames keys={keys} />}
      <Command text={commandOf(hsm, "Rotate", [first.tenant, first.name])} />
    </Dialog>
  );
}

export function RotationDialog({ row }: { row: KeyRow }) {
  const { tenant, name } = row;
  const [days, setDays] = useState(String(row.rotateDays ?? 0));
  const wanted = days.trim() === "" ? Number.NaN : Number(days);
  const problem = problemOf(rotationDaysSchema, wanted);
  return (
    <Dialog
      title={format(_("Rotation of $0"), name)}
      action={_("Save")}
      invalid={problem !== ""}
      size="small"
      run={() =>
        each([row], _("rotation was set"), () => client(hsm).SetRotation(tenant, name, wanted))
      }
    >
      <TextField
        label={_("Days between rotations")}
        type="number"
        required
        autoFocus
        value={days}
        problem={problem}
        hint={_("counted from now; 0: only by hand")}
        change={setDays}
      />
      {problem === "" && <Command text={commandOf(hsm, "SetRotation", [tenant, name, wanted])} />}
    </Dialog>
  );
}
