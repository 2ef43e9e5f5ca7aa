/** Lets more or less fit into a volume. */
import { useState } from "react";
import { ceph } from "../../../agent/ceph/contract.ts";
import { capacitySchema, type VolumeRow } from "../../../agent/ceph/volumes/answers.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format } from "../../lib/i18n.ts";
import { toast } from "../../lib/toasts.tsx";
import { Use } from "./columns.tsx";
import { bytesOf } from "./draft.ts";
import { bytes, onDevices } from "./words.ts";

export function ResizeDialog({ row }: { row: VolumeRow }) {
  const { tenant, name } = row;
  const [text, setText] = useState("");
  const capacity = text.trim();
  const wanted = bytesOf(capacity);
  const small = wanted !== undefined && wanted < row.used;
  const problem =
    problemOf(capacitySchema, capacity) ||
    (small
      ? format(_("There is $0 in it already; remove some of that first."), bytes(row.used))
      : "");
  return (
    <Dialog
      title={format(_("Resize $0"), name)}
      action={_("Resize")}
      invalid={problem !== ""}
      run={async () => {
        const now = await client(ceph).ResizeVolume(tenant, name, capacity);
        if (now.trouble === "")
          toast("success", format(_("$0 has $1 now"), name, bytes(now.bytes)));
        else
          toast(
            "warning",
            format(_("$0 is declared to have $1"), name, bytes(now.bytes)),
            now.trouble,
          );
      }}
    >
      <Use row={row} />
      <TextField
        label={_("New size")}
        required
        autoFocus
        value={text}
        problem={problem}
        hint={wanted === undefined ? _("for example 20GiB") : onDevices(wanted, row.class)}
        change={setText}
      />
      {problem === "" && (
        <Command text={commandOf(ceph, "ResizeVolume", [tenant, name, capacity])} />
      )}
    </Dialog>
  );
}
