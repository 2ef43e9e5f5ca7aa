/** One token in full: what is wrong, what helps, and what it says of itself. */
import type { DriverRow } from "../../../agent/hsm/drivers/answers.ts";
import type { TokenRow } from "../../../agent/hsm/tokens/answers.ts";
import { _, dateTime, format, size } from "../../lib/i18n.ts";
import { pinIsWeak, pinSealName } from "../drivers/words.ts";
import { Remedy } from "./remedy.tsx";
import { keysOf } from "./words.ts";

interface Props {
  row: TokenRow;
  /** Undefined where this node does not have it. */
  driver: DriverRow | undefined;
}

export function TokenDetail({ row, driver }: Props) {
  return (
    <div className="ds-stack">
      <Trouble row={row} driver={driver} />
      <dl className="ds-facts">
        <dt>{_("Assurance")}</dt>
        <dd>{row.assurance.words}</dd>
        {driver && (
          <>
            <dt>{_("PIN is kept")}</dt>
            <dd>
              <span className={pinIsWeak(driver.pin.seal) ? "hsm-weak" : ""}>
                {pinSealName(driver.pin.seal)}
              </span>{" "}
              <span className="ds-subtle">{driver.pin.words}</span>
            </dd>
          </>
        )}
        <dt>{_("Serial")}</dt>
        <dd>
          <code className="hsm-code">{row.serial || _("not seen yet")}</code>
        </dd>
        <dt>{_("Device")}</dt>
        <dd>
          {row.manufacturer
            ? format(_("$0 $1, firmware $2"), row.manufacturer, row.model, row.firmware)
            : _("unknown")}
        </dd>
        <dt>{_("Keys")}</dt>
        <dd>{keysOf(row)}</dd>
        <dt>{_("Free")}</dt>
        <dd>{row.freeBytes === null ? _("not told") : size(row.freeBytes / 1024)}</dd>
        {row.createdAt && (
          <>
            <dt>{_("Made")}</dt>
            <dd>{format(_("$0 by $1 on $2"), dateTime(row.createdAt), row.createdBy, row.node)}</dd>
          </>
        )}
      </dl>
    </div>
  );
}

/** The agent's sentences, and what a person can do about it here or in a shell. */
function Trouble({ row, driver }: Props) {
  const { state, troubles } = row;
  if (state === "elsewhere") {
    return <p>{format(_("This token belongs to the node $0; look at it there."), row.node)}</p>;
  }
  if (troubles.length === 0) return null;
  return (
    <div className="ds-stack hsm-trouble">
      {troubles.map((trouble) => (
        <p key={trouble} className="ds-bad">
          {trouble}
        </p>
      ))}
      <Remedy row={row} driver={driver} />
    </div>
  );
}
