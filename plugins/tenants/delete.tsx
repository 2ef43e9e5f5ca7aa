/** Dialog that asks for the deletion of tenants; a second person must approve each. */

import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { useState } from "react";
import { tenants } from "../../agent/tenants/contract.ts";
import { client } from "../lib/client.ts";
import { Dialog } from "../lib/dialog.tsx";
import { toPageError } from "../lib/errors.ts";
import { CheckField, ChoiceField } from "../lib/fields.tsx";
import { _, format, ngettext } from "../lib/i18n.ts";
import { watchJob } from "../lib/jobs.ts";
import { toast } from "../lib/toasts.tsx";

const hour = 3600;

function graceOptions() {
  return [
    { value: String(24 * hour), label: _("after one day") },
    { value: String(7 * 24 * hour), label: _("after a week") },
    { value: String(30 * 24 * hour), label: _("after 30 days") },
    { value: "0", label: _("at once; it cannot be undone") },
  ];
}

interface Props {
  names: readonly string[];
  /** How many instances they have together. */
  contents: number;
}

export function DeleteDialog({ names, contents }: Props) {
  const [remove, setRemove] = useState(false);
  const [grace, setGrace] = useState(String(24 * hour));
  const [one] = names;
  const title =
    names.length === 1
      ? format(_("Delete $0?"), one ?? "")
      : format(_("Delete $0 tenants?"), names.length);
  return (
    <Dialog
      title={title}
      action={_("Ask for deletion")}
      danger
      size="small"
      run={async () => {
        const asked = await Promise.all(names.map((name) => ask(name, remove, Number(grace))));
        const waiting = asked.filter((answer) => answer === "waits").length;
        if (waiting > 0) {
          toast(
            "info",
            ngettext(
              "$0 request waits for a second person",
              "$0 requests wait for a second person",
              waiting,
            ),
            _("An officer approves it below “Approvals”; then carry it out there."),
          );
        }
      }}
    >
      <Alert isInline component="h2" variant="info" title={_("Another person must approve it")}>
        {_("Somebody in dsecos-officer other than you approves exactly this request.")}
      </Alert>
      {contents > 0 && (
        <CheckField
          label={ngettext(
            "Also remove its $0 instance, with disks and snapshots",
            "Also remove the $0 instances, with disks and snapshots",
            contents,
          )}
          value={remove}
          change={setRemove}
        />
      )}
      <ChoiceField
        label={_("Gone for good")}
        value={grace}
        options={graceOptions()}
        hint={_("until then it is frozen and can be restored")}
        change={setGrace}
      />
    </Dialog>
  );
}

async function ask(name: string, remove: boolean, grace: number): Promise<"begun" | "waits"> {
  try {
    await watchJob(await client(tenants).Delete(name, remove, grace));
    return "begun";
  } catch (cause) {
    const error = toPageError(cause);
    if (error.code === "NeedsApproval") return "waits";
    throw error;
  }
}
