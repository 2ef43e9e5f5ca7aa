/** Gives out the passphrase of a disk: shown once, kept nowhere on the page, each reading on record. */
import { useState } from "react";
import { ceph } from "../../../agent/ceph/contract.ts";
import type { VolumeRow } from "../../../agent/ceph/volumes/answers.ts";
import { reasonSchema } from "../../../agent/hsm/keys/answers.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { Dialog, showDialog } from "../../lib/dialog.tsx";
import { TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format } from "../../lib/i18n.ts";

export function PassphraseDialog({ row: { tenant, name } }: { row: VolumeRow }) {
  const [reason, setReason] = useState("");
  const problem = problemOf(reasonSchema, reason.trim());
  return (
    <Dialog
      title={format(_("Show the passphrase of $0?"), name)}
      action={_("Show the passphrase")}
      danger
      invalid={problem !== ""}
      run={async () => {
        const passphrase = await client(ceph).VolumePassphrase(tenant, name, reason.trim());
        showDialog(<Shown name={name} passphrase={passphrase} />);
      }}
    >
      <p>
        {_(
          "With the tenant’s key it opens this disk and no other. That you read it goes on record with the reason and is counted, and a certificate of erasure says how often; the passphrase itself is in none of them.",
        )}
      </p>
      <TextField
        label={_("Reason")}
        required
        autoFocus
        value={reason}
        problem={problem}
        hint={_("for the record")}
        change={setReason}
      />
    </Dialog>
  );
}

function Shown({ name, passphrase }: { name: string; passphrase: string }) {
  return (
    <Dialog title={format(_("Passphrase of $0"), name)}>
      <p>{_("It is shown once: when this is closed it is gone from the page.")}</p>
      <Command text={passphrase} copy={_("Copy the passphrase")} />
    </Dialog>
  );
}
