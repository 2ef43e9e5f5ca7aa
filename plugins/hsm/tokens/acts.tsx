/** What can be done to a token, and why not. */
import { hsm } from "../../../agent/hsm/contract.ts";
import type { DriverRow } from "../../../agent/hsm/drivers/answers.ts";
import type { TokenRow } from "../../../agent/hsm/tokens/answers.ts";
import { askFor } from "../../lib/ask.ts";
import type { Access } from "../../lib/capabilities.tsx";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog, showDialog } from "../../lib/dialog.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format } from "../../lib/i18n.ts";
import type { MenuEntry } from "../../lib/menu.tsx";
import { SecondPerson } from "../../lib/second-person.tsx";

type Act = "RetryPin" | "ResetPin" | "ForgetToken";

interface Words {
  title: string;
  text: string;
  action: string;
  done: string;
}

function wordsOf(act: Act, id: string): Words {
  const words: Record<Act, Words> = {
    RetryPin: {
      title: format(_("Try the PIN of $0 once more?"), id),
      text: _(
        "Only after the driver’s credential was put right and the driver was started anew: each refusal counts towards the token’s own lock, which many tokens have after three.",
      ),
      action: _("Ask to try once more"),
      done: format(_("$0 took the PIN"), id),
    },
    ResetPin: {
      title: format(_("Reset the PIN of $0?"), id),
      text: _(
        "The token’s security officer sets the user’s PIN to what the driver knows. No key is changed by that.",
      ),
      action: _("Ask for the reset"),
      done: format(_("The PIN of $0 was reset"), id),
    },
    ForgetToken: {
      title: format(_("No longer expect $0?"), id),
      text: _(
        "Only for a token that is gone for good, or that holds no key any more. If it comes back, its keys belong to nobody.",
      ),
      action: _("Ask to forget it"),
      done: format(_("$0 is not expected any more"), id),
    },
  };
  return words[act];
}

function ActDialog({ act, id }: { act: Act; id: string }) {
  const { title, text, action, done } = wordsOf(act, id);
  return (
    <Dialog
      title={title}
      action={action}
      danger={act === "ForgetToken"}
      run={() => askFor(() => client(hsm)[act](id), done)}
    >
      <SecondPerson />
      <p>{text}</p>
      <div>
        <p className="ds-subtle">{_("The same from the command line:")}</p>
        <Command text={commandOf(hsm, act, [id])} />
      </div>
    </Dialog>
  );
}

/** Whether whoever runs the HSM made the token, and alone has the PIN of its security officer. */
export const isGiven = (driver: DriverRow | undefined) => driver?.tokensAre === "given";

/** @param driver of the token, where this node has it */
export function tokenMenu(
  row: TokenRow,
  driver: DriverRow | undefined,
  access: Access,
): MenuEntry[] {
  const { id, state } = row;
  const isRefused = state === "pinWrong" || state === "pinLocked";
  const noReset = isGiven(driver)
    ? _("Who runs the HSM resets it there, with its own tools.")
    : _("The token neither refused nor locked its PIN.");
  const may = access.why(hsm, "tokens");
  const unless = (fits: boolean, reason: string) => may ?? (fits ? undefined : reason);
  const open = (act: Act) => () => showDialog(<ActDialog act={act} id={id} />);
  return [
    {
      key: "retry",
      label: _("Try the PIN once more"),
      why: unless(isRefused, _("The token neither refused nor locked its PIN.")),
      run: open("RetryPin"),
    },
    {
      key: "reset",
      label: _("Reset the PIN"),
      why: unless(isRefused && !isGiven(driver), noReset),
      run: open("ResetPin"),
    },
    {
      key: "forget",
      label: _("No longer expect it"),
      danger: true,
      why: unless(
        state === "absent" || row.keys === 0,
        _("It is there and may hold keys; destroy them first."),
      ),
      run: open("ForgetToken"),
    },
  ];
}

/** The entry of the menu that helps now, for a button beside the trouble. */
export function helpfulEntry(
  row: TokenRow,
  driver: DriverRow | undefined,
  access: Access,
): MenuEntry | undefined {
  const resets = row.state === "pinLocked" && !isGiven(driver);
  const key = resets ? "reset" : "retry";
  return tokenMenu(row, driver, access).find((entry) => entry.key === key);
}
