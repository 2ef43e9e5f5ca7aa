/** Dialog that changes what was declared of a tenant: everything but its name and domain. */
import { useState } from "react";
import { type Tenant, tenants } from "../../agent/tenants/contract.ts";
import { client } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { Dialog } from "../lib/dialog.tsx";
import { TextField } from "../lib/fields.tsx";
import { Command } from "../lib/help.tsx";
import { _, format } from "../lib/i18n.ts";
import { toast } from "../lib/toasts.tsx";
import { DraftFields } from "./declare.tsx";
import { changesOf, type Draft, draftOf, draftProblems, hasProblem } from "./draft.ts";

export function EditDialog({ tenant }: { tenant: Tenant }) {
  const [draft, setDraft] = useState(() => draftOf(tenant));
  const problems = draftProblems(draft);
  const changes = changesOf(tenant, draft);
  const invalid = hasProblem(problems) || Object.keys(changes).length === 0;
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  return (
    <Dialog
      title={format(_("Edit $0"), tenant.displayName || tenant.name)}
      action={_("Save")}
      invalid={invalid}
      run={async () => {
        await client(tenants).Change(tenant.name, changes);
        toast("success", format(_("$0 was changed"), draft.displayName || tenant.name));
      }}
    >
      <TextField
        label={_("Display name")}
        value={draft.displayName}
        problem={problems.displayName}
        autoFocus
        hint={_("for people, for example Ministry of Defense")}
        change={(displayName) => change({ displayName })}
      />
      <DraftFields draft={draft} problems={problems} change={change} />
      {!invalid && (
        <div className="ds-dialog-command">
          <p className="ds-subtle">{_("The same from the command line:")}</p>
          <Command text={commandOf(tenants, "Change", [tenant.name, changes])} />
        </div>
      )}
    </Dialog>
  );
}
