/** Asks to load the declared rules: what they are is read first, and they go again unless confirmed. */
import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { useState } from "react";
import { node } from "../../../agent/node/contract.ts";
import type { FirewallStatus } from "../../../agent/node/firewall/answers.ts";
import { askFor } from "../../lib/ask.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { ChoiceField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format, ngettext } from "../../lib/i18n.ts";
import { short } from "./words.ts";

const minutes = [1, 2, 5, 15];

export function ApplyDialog({ policy, text }: NonNullable<FirewallStatus["declared"]>) {
  const [time, setTime] = useState("60");
  const options = { confirmSeconds: Number(time) };
  return (
    <Dialog
      title={format(_("Load the rules $0?"), short(policy))}
      action={_("Ask to load them")}
      danger
      run={() =>
        askFor(
          () => client(node).ApplyFirewall(policy, options),
          _("The rules are loaded; confirm them in time"),
        )
      }
    >
      <Alert isInline component="h2" variant="info" title={_("Another person must approve it")}>
        {_(
          "Once it is approved, carry it out. If you do not confirm them in time, the rules of before come back by themselves.",
        )}
      </Alert>
      <ChoiceField
        label={_("Time to confirm them")}
        value={time}
        options={minutes.map((one) => ({
          value: String(60 * one),
          label: ngettext("$0 minute", "$0 minutes", one),
        }))}
        hint={_("long enough to log in once more")}
        change={setTime}
      />
      <details>
        <summary>{_("What would be loaded")}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it. */}
        <pre className="ov-rules" tabIndex={0}>
          {text}
        </pre>
      </details>
      <div>
        <p className="ds-subtle">{_("The same from the command line:")}</p>
        <Command text={commandOf(node, "ApplyFirewall", [policy, options])} />
      </div>
    </Dialog>
  );
}
