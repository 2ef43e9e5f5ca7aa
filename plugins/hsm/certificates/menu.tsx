/** What can be done with a certificate in the table. */
import { hsm } from "../../../agent/hsm/contract.ts";
import type { CertificateRow } from "../../../agent/hsm/pki/answers.ts";
import type { Access } from "../../lib/capabilities.tsx";
import { _ } from "../../lib/i18n.ts";
import type { MenuEntry } from "../../lib/menu.tsx";
import { openDialog } from "./open.tsx";
import { saveIssued } from "./save.ts";
import { isLeaf } from "./words.ts";

export function certificateMenu(row: CertificateRow, access: Access): MenuEntry[] {
  const may = access.why(hsm, "certify");
  const { tenant, serial, state } = row;
  return [
    { key: "save", label: _("Save with its chain"), run: () => void saveIssued(tenant, serial) },
    {
      key: "renew",
      label: _("Renew"),
      why:
        may ??
        (state === "revoked"
          ? _("It is revoked.")
          : isLeaf(row)
            ? undefined
            : _("An authority is made anew, with a second person.")),
      run: () => void openDialog(({ RenewDialog }) => <RenewDialog row={row} />),
    },
    {
      key: "revoke",
      label: _("Revoke"),
      danger: true,
      why:
        (isLeaf(row) ? may : access.why(hsm, "authority")) ??
        (state === "revoked" ? _("It is revoked.") : undefined),
      run: () => void openDialog(({ RevokeDialog }) => <RevokeDialog row={row} />),
    },
  ];
}
