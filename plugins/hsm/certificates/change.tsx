/** Dialogs that revoke and renew a certificate. */
import { useState } from "react";
import { hsm } from "../../../agent/hsm/contract.ts";
import type { CertificateRow } from "../../../agent/hsm/pki/answers.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { ChoiceField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format } from "../../lib/i18n.ts";
import { SecondPerson } from "../../lib/second-person.tsx";
import { toast } from "../../lib/toasts.tsx";
import { saveCertificate } from "./save.ts";
import { isLeaf, type RevocationReason, revocationName, revocations } from "./words.ts";

export function RevokeDialog({ row }: { row: CertificateRow }) {
  const [reason, setReason] = useState<RevocationReason>("superseded");
  const { tenant, name, serial } = row;
  const member = isLeaf(row) ? "Revoke" : "RevokeAuthority";
  return (
    <Dialog
      title={format(_("Revoke the certificate of $0?"), name)}
      action={_("Revoke it")}
      danger
      run={async () => {
        await client(hsm)[member](tenant, serial, reason);
        toast("success", format(_("The certificate of $0 is revoked"), name));
      }}
    >
      {isLeaf(row) ? null : <SecondPerson />}
      <p>
        {isLeaf(row)
          ? _(
              "From now on services that ask refuse it. There is no way back; a new one can be issued.",
            )
          : _(
              "From now on services that ask refuse everything that this authority issued. There is no way back.",
            )}
      </p>
      <ChoiceField
        label={_("Why")}
        value={reason}
        options={revocations.map((value) => ({ value, label: revocationName(value) }))}
        change={(value) => setReason(value as RevocationReason)}
      />
      <div>
        <p className="ds-subtle">{_("The same from the command line:")}</p>
        <Command text={commandOf(hsm, member, [tenant, serial, reason])} />
      </div>
    </Dialog>
  );
}

export function RenewDialog({ row }: { row: CertificateRow }) {
  const { tenant, name, serial } = row;
  return (
    <Dialog
      title={format(_("Renew the certificate of $0?"), name)}
      action={_("Renew it")}
      run={async () => {
        saveCertificate(await client(hsm).Renew(tenant, serial));
        toast(
          "success",
          format(_("$0 has a new certificate"), name),
          _("It was saved as a file with its chain."),
        );
      }}
    >
      <p>
        {_(
          "A new certificate for the same names and the same key, for as long as this one held. This one holds until it ends.",
        )}
      </p>
      <div>
        <p className="ds-subtle">{_("The same from the command line:")}</p>
        <Command text={commandOf(hsm, "Renew", [tenant, serial])} />
      </div>
    </Dialog>
  );
}
