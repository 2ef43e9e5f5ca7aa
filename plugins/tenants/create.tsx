/** Dialog that creates a tenant. */
import { useState } from "react";
import { tenants } from "../../agent/tenants/contract.ts";
import { domainSchema, tenantNameSchema } from "../../agent/tenants/names.ts";
import { problemOf } from "../lib/check.ts";
import { client } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { Dialog } from "../lib/dialog.tsx";
import { TextField } from "../lib/fields.tsx";
import { Command } from "../lib/help.tsx";
import { _, format } from "../lib/i18n.ts";
import { toast } from "../lib/toasts.tsx";
import { DraftFields } from "./declare.tsx";
import { contactList, type Draft, domainFor, draftProblems, hasProblem } from "./draft.ts";

const blank: Draft = {
  displayName: "",
  classification: "official",
  jurisdiction: "UK",
  cpu: "",
  ram: "",
  storage: "",
  contacts: "",
};

export function CreateDialog() {
  const [draft, setDraft] = useState(blank);
  const [name, setName] = useState("");
  const [ownDomain, setOwnDomain] = useState<string>();
  const domain = ownDomain ?? domainFor(name);
  const problems = {
    ...draftProblems(draft),
    name: problemOf(tenantNameSchema, name),
    domain: problemOf(domainSchema, domain),
  };
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const { cpu, ram, storage, contacts, ...rest } = draft;
  const spec = { ...rest, domain, quota: { cpu, ram, storage }, contacts: contactList(contacts) };
  const invalid = hasProblem(problems);
  return (
    <Dialog
      title={_("Create a tenant")}
      action={_("Create")}
      invalid={invalid}
      run={async () => {
        await client(tenants).Create(name, spec);
        toast("success", format(_("$0 was created"), draft.displayName || name));
      }}
    >
      <div className="ds-fields">
        <TextField
          label={_("Name")}
          required
          autoFocus
          value={name}
          problem={problems.name}
          hint={_("for example mod-defense; it stays for ever")}
          change={setName}
        />
        <TextField
          label={_("SELinux domain")}
          required
          value={domain}
          problem={name === "" && !ownDomain ? "" : problems.domain}
          hint={_("confines its processes; it stays for ever")}
          change={setOwnDomain}
        />
      </div>
      <TextField
        label={_("Display name")}
        value={draft.displayName}
        problem={problems.displayName}
        hint={_("for people, for example Ministry of Defense")}
        change={(displayName) => change({ displayName })}
      />
      <DraftFields draft={draft} problems={problems} change={change} />
      {!invalid && (
        <div className="ds-dialog-command">
          <p className="ds-subtle">{_("The same from the command line:")}</p>
          <Command text={commandOf(tenants, "Create", [name, spec])} />
        </div>
      )}
    </Dialog>
  );
}
