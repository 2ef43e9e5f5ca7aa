/** While a loaded policy is not confirmed: how long it stays, on every part of the page. */
import type { SelinuxStatus } from "../../../agent/selinux/answers.ts";
import { selinux } from "../../../agent/selinux/contract.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { client } from "../../lib/client.ts";
import { toPageError } from "../../lib/errors.ts";
import { useNow } from "../../lib/hooks.ts";
import { _, format } from "../../lib/i18n.ts";
import { toast } from "../../lib/toasts.tsx";
import { clock, short } from "./words.ts";

async function confirm(policy: string): Promise<void> {
  try {
    await client(selinux).Confirm(policy);
    toast("success", _("The policy is confirmed and stays"));
  } catch (cause) {
    toast("danger", _("The policy could not be confirmed"), toPageError(cause).message);
  }
}

export function Pending({ loaded }: { loaded: SelinuxStatus["loaded"] }) {
  if (loaded?.origin !== "pending") return null;
  return <Countdown {...loaded} />;
}

type Loaded = NonNullable<SelinuxStatus["loaded"]>;

function Countdown({ policy, confirmUntil, by }: Loaded) {
  const now = useNow(1000);
  const { who, why } = useAccess();
  const left = (Date.parse(confirmUntil) - now) / 1000;
  const other =
    who && who.user !== by ? format(_("Only $0, who loaded it, can confirm it."), by) : undefined;
  return (
    <section
      className="ds-panel ds-stack se-kind"
      aria-label={_("Policy on trial")}
      data-pending={policy}
    >
      <div className="ds-job-head">
        <strong role="timer">
          {left > 0
            ? format(
                _("The policy $0 goes again in $1 unless it is confirmed."),
                short(policy),
                clock(left),
              )
            : format(_("The policy $0 is being taken back."), short(policy))}
        </strong>
        <span className="ds-grow" />
        <ActionButton
          variant="primary"
          why={other ?? why(selinux, "load")}
          onClick={() => confirm(policy)}
        >
          {_("Confirm")}
        </ActionButton>
      </div>
      <p>
        {_(
          "Before you confirm, log in once more from another window, and look at the denials: whoever confirms from a session that was there before learns nothing.",
        )}
      </p>
    </section>
  );
}
