/** Asks to load a policy: what it changes is read first, and it goes again unless it is confirmed. */
import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { useState } from "react";
import { selinux } from "../../../agent/selinux/contract.ts";
import { ask } from "../../lib/ask.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { ChoiceField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, format, ngettext, number } from "../../lib/i18n.ts";
import { short } from "./words.ts";

const seconds = [60, 120, 300, 900];

/** @param inactive SELinux is off: it is installed for the next start */
export function LoadDialog({ policy, inactive }: { policy: string; inactive: boolean }) {
  const [time, setTime] = useState("120");
  const options = { confirmSeconds: Number(time) };
  return (
    <Dialog
      title={format(
        inactive ? _("Install the policy $0?") : _("Load the policy $0?"),
        short(policy),
      )}
      action={inactive ? _("Ask to install it") : _("Ask to load it")}
      danger
      run={() => ask(() => client(selinux).Load(policy, options))}
    >
      <Alert isInline component="h2" variant="info" title={_("Another person must approve it")}>
        {inactive
          ? _("SELinux is off, so nothing is loaded now: the next start loads it.")
          : _(
              "Once it is approved, carry it out. If you do not confirm it in time, the policy of before comes back by itself.",
            )}
      </Alert>
      {!inactive && (
        <>
          <Changes policy={policy} />
          <ChoiceField
            label={_("Time to confirm it")}
            value={time}
            options={seconds.map((one) => ({
              value: String(one),
              label: ngettext("$0 minute", "$0 minutes", one / 60),
            }))}
            hint={_("long enough to log in once more and to look at the denials")}
            change={setTime}
          />
        </>
      )}
      <div>
        <p className="ds-subtle">{_("The same from the command line:")}</p>
        <Command text={commandOf(selinux, "Load", [policy, options])} />
      </div>
    </Dialog>
  );
}

function Changes({ policy }: { policy: string }) {
  const { data, error } = useQuery(policy, () =>
    client(selinux).Compare("loaded", policy, { cursor: "", limit: 1 }),
  );
  if (!data) {
    return (
      <p className={error ? "ds-bad" : ""}>
        {error ? format(_("What it changes is not known: $0"), error.message) : _("Comparing…")}
      </p>
    );
  }
  if (data.same) return <p>{_("It says the same as the loaded one.")}</p>;
  const added = data.counts.reduce((sum, one) => sum + one.added, 0);
  const removed = data.counts.reduce((sum, one) => sum + one.removed, 0);
  return (
    <div className="ds-stack" data-changes={data.weakens.length}>
      <p>
        {format(
          _("Against the loaded one, $0 things come and $1 go."),
          number(added),
          number(removed),
        )}
      </p>
      <Weakens sentences={data.weakens} />
    </div>
  );
}

export function Weakens({ sentences }: { sentences: readonly string[] }) {
  if (sentences.length === 0) return <p>{_("Nothing in it gives more rights.")}</p>;
  return (
    <ul className="se-names se-kind">
      {sentences.map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}
