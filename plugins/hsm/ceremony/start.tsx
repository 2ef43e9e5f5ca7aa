/** Starts a ceremony; a rehearsal unless somebody says that it is the real one. */
import { useState } from "react";
import { ceremonyOptionsSchema, type Script } from "../../../agent/hsm/ceremony/answers.ts";
import { hsm } from "../../../agent/hsm/contract.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { CheckField, ChoiceField, TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _ } from "../../lib/i18n.ts";
import { go } from "../../lib/location.ts";
import { useTenantNames } from "../../lib/tenant-field.tsx";
import { ceremoniesKey, inGroups } from "./words.ts";

interface Props {
  scripts: readonly Script[];
  drivers: readonly string[];
}

export function StartDialog({ scripts, drivers }: Props) {
  const [name, setName] = useState(scripts[0]?.name ?? "");
  const [rehearsal, setRehearsal] = useState(true);
  const [tenant, setTenant] = useState("");
  const [driver, setDriver] = useState(drivers[0] ?? "");
  const tenants = useTenantNames(tenant);
  const script = scripts.find((one) => one.name === name);
  const needs = (what: "tenant" | "driver") => script?.needs.includes(what) ?? false;
  const options = {
    ...(needs("tenant") ? { tenant } : {}),
    ...(needs("driver") ? { driver } : {}),
  };
  const problem = needs("tenant") ? problemOf(ceremonyOptionsSchema.entries.tenant, tenant) : "";
  return (
    <Dialog
      title={_("Start a key ceremony")}
      action={rehearsal ? _("Start the rehearsal") : _("Start the ceremony")}
      danger={!rehearsal}
      invalid={script === undefined || problem !== ""}
      run={async () => {
        const { id } = await client(hsm).StartCeremony(name, options, rehearsal);
        go([ceremoniesKey, id]);
      }}
    >
      <ChoiceField
        label={_("Script")}
        value={name}
        options={scripts.map((one) => ({ value: one.name, label: one.title }))}
        hint={script?.purpose ?? ""}
        change={setName}
      />
      {needs("tenant") && (
        <TextField
          label={_("Tenant")}
          required
          value={tenant}
          problem={problem}
          offers={tenants}
          change={setTenant}
        />
      )}
      {needs("driver") && (
        <ChoiceField
          label={_("Driver")}
          value={driver}
          options={drivers.map((one) => ({ value: one, label: one }))}
          change={setDriver}
        />
      )}
      <CheckField
        label={_("Rehearsal: the same steps on the rehearsal token, and nothing of it is of use")}
        value={rehearsal}
        change={setRehearsal}
      />
      {script && (
        <div className="ds-stack">
          <ol className="hsm-outline">
            {script.steps.map((step) => (
              <li key={step.name}>{step.title}</li>
            ))}
          </ol>
          <p>
            {_("Compare the script’s hash (SHA3-512) with the printed one:")}
            <code className="hsm-code hsm-hash">{inGroups(script.hash)}</code>
          </p>
          <Command text={commandOf(hsm, "StartCeremony", [name, options, rehearsal])} />
        </div>
      )}
    </Dialog>
  );
}
