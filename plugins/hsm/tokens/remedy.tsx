/** What to do about a token that cannot be used, step by step. */

import { hsm } from "../../../agent/hsm/contract.ts";
import type { DriverRow } from "../../../agent/hsm/drivers/answers.ts";
import type { TokenRow } from "../../../agent/hsm/tokens/answers.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { askAtOnce } from "../../lib/ask.ts";
import { useAccess } from "../../lib/capabilities.tsx";
import { client } from "../../lib/client.ts";
import { Command } from "../../lib/help.tsx";
import { _ } from "../../lib/i18n.ts";
import { partAddress } from "../part.ts";
import { helpfulEntry, isGiven } from "./acts.tsx";

interface Props {
  row: TokenRow;
  driver: DriverRow | undefined;
}

/** Nothing where the agent's own sentence says all of it. */
export function Remedy(props: Props) {
  switch (props.row.state) {
    case "driverDown":
      return (
        <p>
          <a href={partAddress("overview")}>{_("What is wrong with the driver, and what to do")}</a>
        </p>
      );
    case "pinWrong":
      return <RefusedPin {...props} />;
    case "pinLocked":
      return <LockedPin {...props} />;
    case "absent":
      return <Absent />;
    default:
      return null;
  }
}

function RefusedPin({ row, driver }: Props) {
  const credential = driver?.pin.credential;
  return (
    <ol className="hsm-todo">
      {credential && (
        <li>
          {_(
            "Put the right PIN back as the driver’s credential, or the secret that PINs are made of:",
          )}
          <Command
            text={`systemd-creds encrypt --name=${credential} - /etc/credstore.encrypted/${credential}`}
          />
        </li>
      )}
      <li>
        {_("Start the driver anew, which reads its credential then:")}
        <Command text={`systemctl restart dsecos-hsm@${row.driver}.service`} />
      </li>
      <li>
        {_("Let the token try it, once:")} <Help row={row} driver={driver} />
      </li>
    </ol>
  );
}

function LockedPin({ row, driver }: Props) {
  return (
    <>
      <p>
        {isGiven(driver)
          ? _(
              "Who runs the HSM unlocks it there, with the PIN that the driver has. Then let the token try it, once.",
            )
          : _(
              "The driver knows the PIN of the token’s security officer too, and sets the user’s anew with it. No key is changed by that.",
            )}
      </p>
      <div>
        <Help row={row} driver={driver} />
      </div>
    </>
  );
}

function Help({ row, driver }: Props) {
  const entry = helpfulEntry(row, driver, useAccess());
  if (!entry) return null;
  return (
    <ActionButton variant="secondary" why={entry.why} onClick={entry.run}>
      {entry.label}
    </ActionButton>
  );
}

function Absent() {
  const look = () =>
    askAtOnce(_("The token could not be looked for"), () => client(hsm).Reconcile());
  return (
    <div>
      <ActionButton variant="secondary" why={useAccess().why(hsm, "keys")} onClick={look}>
        {_("It is back: look for it now")}
      </ActionButton>
    </div>
  );
}
