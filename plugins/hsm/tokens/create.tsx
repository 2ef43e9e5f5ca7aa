/** Gives a tenant a token of its own. */
import { useState } from "react";
import { hsm } from "../../../agent/hsm/contract.ts";
import type { DriverRow } from "../../../agent/hsm/drivers/answers.ts";
import { tenantNameSchema } from "../../../agent/tenants/names.ts";
import { askFor } from "../../lib/ask.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { ChoiceField, TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format } from "../../lib/i18n.ts";
import { useTenantNames } from "../../lib/tenant-field.tsx";
import { assuranceName } from "../drivers/words.ts";

interface Props {
  /** Those that work. */
  drivers: readonly DriverRow[];
  tenant: string;
}

export function CreateTokenDialog({ drivers, tenant: first }: Props) {
  const [tenant, setTenant] = useState(first);
  const [driver, setDriver] = useState(drivers[0]?.name ?? "");
  const names = useTenantNames(tenant);
  const chosen = drivers.find(({ name }) => name === driver);
  const problem = problemOf(tenantNameSchema, tenant);
  return (
    <Dialog
      title={_("Give a tenant a token")}
      action={_("Make it")}
      invalid={problem !== "" || chosen === undefined}
      run={() =>
        askFor(
          () => client(hsm).CreateToken(tenant, driver),
          format(_("$0 has a token on $1"), tenant, driver),
        )
      }
    >
      <TextField
        label={_("Tenant")}
        required
        autoFocus
        value={tenant}
        problem={problem}
        hint={_("its keys are in this token alone, where no other tenant reaches them")}
        offers={names}
        change={setTenant}
      />
      <ChoiceField
        label={_("Driver")}
        value={driver}
        options={drivers.map((row) => ({
          value: row.name,
          label: `${row.name} · ${row.region} · ${assuranceName(row.assurance)}`,
        }))}
        hint={
          chosen?.tokensAre === "given"
            ? _("Who runs this HSM made the tokens; the driver’s file says which is whose.")
            : (chosen?.assurance.words ?? "")
        }
        change={setDriver}
      />
      {problem === "" && (
        <div>
          <p className="ds-subtle">{_("The same from the command line:")}</p>
          <Command text={commandOf(hsm, "CreateToken", [tenant, driver])} />
        </div>
      )}
    </Dialog>
  );
}
