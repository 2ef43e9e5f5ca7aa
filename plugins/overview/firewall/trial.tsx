/** While loaded rules are not confirmed: how long they stay. */

import { node } from "../../../agent/node/contract.ts";
import type { FirewallStatus } from "../../../agent/node/firewall/answers.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { client } from "../../lib/client.ts";
import { toPageError } from "../../lib/errors.ts";
import { useNow } from "../../lib/hooks.ts";
import { _, format, ngettext } from "../../lib/i18n.ts";
import { toast } from "../../lib/toasts.tsx";

type Trial = NonNullable<FirewallStatus["trial"]>;

async function confirm(policy: string, done: () => void): Promise<void> {
  try {
    await client(node).ConfirmFirewall(policy);
    toast("success", _("The rules are confirmed and stay"));
    done();
  } catch (cause) {
    toast("danger", _("The rules could not be confirmed"), toPageError(cause).message);
  }
}

export function TrialNotice({ trial, done }: { trial: Trial; done: () => void }) {
  const now = useNow(1000);
  const { who, why } = useAccess();
  const left = Math.ceil((Date.parse(trial.until) - now) / 1000);
  const other =
    who && who.user !== trial.by
      ? format(_("Only $0, who loaded them, can confirm them."), trial.by)
      : undefined;
  return (
    <div className="ds-stack" data-trial={trial.policy}>
      <div className="ds-job-head">
        <strong role="timer">
          {left > 0
            ? ngettext(
                "The rules of before come back in $0 second unless these are confirmed.",
                "The rules of before come back in $0 seconds unless these are confirmed.",
                left,
              )
            : _("The rules are being taken back.")}
        </strong>
        <span className="ds-grow" />
        <ActionButton
          variant="primary"
          why={other ?? why(node, "firewall")}
          onClick={() => confirm(trial.policy, done)}
        >
          {_("Confirm")}
        </ActionButton>
      </div>
      <p>{_("Before you confirm, log in once more from another window, to see that you can.")}</p>
    </div>
  );
}
