/** Dialog that gives an authority a new key. */
import { useState } from "react";
import { hsm } from "../../../agent/hsm/contract.ts";
import {
  type AuthorityRow,
  type RollSpec,
  rollSpecSchema,
} from "../../../agent/hsm/pki/answers.ts";
import { askFor } from "../../lib/ask.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format } from "../../lib/i18n.ts";
import { SecondPerson } from "../../lib/second-person.tsx";
import { type Addresses, AddressFields, changedAddresses } from "./addresses.tsx";
import { ownerName } from "./words.ts";

export function RollDialog({ row }: { row: AuthorityRow }) {
  const { tenant, selfSigned, listUrl, issuerUrl, statusUrl } = row;
  const before: Addresses = { listUrl, issuerUrl, statusUrl };
  const [addresses, setAddresses] = useState(before);
  const spec: RollSpec = changedAddresses(addresses, before);
  const invalid = problemOf(rollSpecSchema, spec) !== "";
  return (
    <Dialog
      title={format(_("Roll over the authority of $0?"), ownerName(tenant))}
      action={_("Ask for it")}
      invalid={invalid}
      run={() =>
        askFor(
          () => client(hsm).RollAuthority(tenant, spec),
          format(_("$0 has a new key for its authority"), ownerName(tenant)),
        )
      }
    >
      <SecondPerson />
      <p>
        {_(
          "It gets a new key and certificate. What the old key signed holds until it ends, and lists and answers about it go on.",
        )}
      </p>
      {selfSigned && (
        <p>
          {_(
            "Each key vouches for the other: save the chain anew and give it to those who trust the old one.",
          )}
        </p>
      )}
      <AddressFields value={addresses} change={setAddresses} />
      {!invalid && (
        <div>
          <p className="ds-subtle">{_("The same from the command line:")}</p>
          <Command text={commandOf(hsm, "RollAuthority", [tenant, spec])} />
        </div>
      )}
    </Dialog>
  );
}
