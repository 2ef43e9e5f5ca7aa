/** Dialog that makes an authority: the node's root, or a tenant's below it. */
import { useState } from "react";
import { hsm } from "../../../agent/hsm/contract.ts";
import {
  type AuthoritySpec,
  authoritySpecSchema,
  nodeOwner,
} from "../../../agent/hsm/pki/answers.ts";
import { tenantNameSchema } from "../../../agent/tenants/names.ts";
import { askFor } from "../../lib/ask.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { CheckField, TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format } from "../../lib/i18n.ts";
import { SecondPerson } from "../../lib/second-person.tsx";
import { useTenantNames } from "../../lib/tenant-field.tsx";
import { AddressFields, changedAddresses, noAddresses } from "./addresses.tsx";
import { ownerName } from "./words.ts";

/** @param root whether the node has one */
export function CreateAuthorityDialog({ root }: { root: boolean }) {
  const [tenant, setTenant] = useState("");
  const [hosts, setHosts] = useState("");
  const [postQuantum, setPostQuantum] = useState(true);
  const [addresses, setAddresses] = useState(noAddresses);
  const names = useTenantNames(tenant);
  const owner = root ? tenant : nodeOwner;
  const spec: AuthoritySpec = {
    ...{ selfSigned: false, postQuantum, ...changedAddresses(addresses, noAddresses) },
    hosts: root ? hosts.split(/[\s,]+/).filter(Boolean) : [],
  };
  const wrongName = root ? problemOf(tenantNameSchema, tenant) : "";
  const wrongHosts = problemOf(authoritySpecSchema, { hosts: spec.hosts });
  const invalid = wrongName !== "" || problemOf(authoritySpecSchema, spec) !== "";
  return (
    <Dialog
      title={root ? _("Make an authority") : _("Make the node’s root")}
      action={_("Ask for it")}
      invalid={invalid}
      run={() =>
        askFor(
          () => client(hsm).CreateAuthority(owner, spec),
          format(_("$0 has an authority"), ownerName(owner)),
        )
      }
    >
      <SecondPerson />
      <p>
        {root
          ? _("Its key is made in the tenant’s token, and the node’s root signs its certificate.")
          : _("Its key is made in the node’s own token. It signs the authorities of tenants.")}
      </p>
      {root && (
        <>
          <TextField
            label={_("Tenant")}
            required
            autoFocus
            value={tenant}
            problem={wrongName}
            hint={_("its token must be there")}
            offers={names}
            change={setTenant}
          />
          <TextField
            label={_("Domains of its services")}
            value={hosts}
            problem={wrongHosts}
            hint={_("for example agency.example.org; without one, services have no host names")}
            change={setHosts}
          />
        </>
      )}
      <CheckField
        label={_("Sign every certificate with ML-DSA-65, too, as a second one beside it")}
        value={postQuantum}
        change={setPostQuantum}
      />
      <AddressFields value={addresses} change={setAddresses} />
      {!invalid && (
        <div>
          <p className="ds-subtle">{_("The same from the command line:")}</p>
          <Command text={commandOf(hsm, "CreateAuthority", [owner, spec])} />
        </div>
      )}
    </Dialog>
  );
}
