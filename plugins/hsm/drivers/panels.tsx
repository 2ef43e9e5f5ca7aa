/** Drivers: what each says of itself, what is wrong with it, and what to do. */
import type { DriverRow } from "../../../agent/hsm/drivers/answers.ts";
import { Command } from "../../lib/help.tsx";
import { _, dateTime, format, ngettext, number } from "../../lib/i18n.ts";
import { Tag } from "../../lib/tag.tsx";
import { works } from "../judge.ts";
import {
  assuranceColors,
  assuranceName,
  driverColors,
  driverCommands,
  driverRemedy,
  driverStateName,
  pinIsWeak,
  pinSealName,
} from "./words.ts";

/** What is wrong stands first. */
export function DriverPanels({ rows }: { rows: readonly DriverRow[] }) {
  const sorted = [...rows].sort((one, other) => Number(works(one)) - Number(works(other)));
  return (
    <section aria-label={_("Drivers")} className="ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("Drivers")}</h2>
      <div className="ds-panels">
        {sorted.map((row) => (
          <DriverPanel key={row.file} row={row} />
        ))}
      </div>
    </section>
  );
}

function DriverPanel({ row }: { row: DriverRow }) {
  return (
    <article className="ds-panel" data-driver={row.name} data-state={row.state}>
      <div className="ds-job-head">
        <h3 className="hsm-subtitle">{row.name || row.file}</h3>
        <Tag color={driverColors[row.state]}>{driverStateName(row.state)}</Tag>
        <Tag color={assuranceColors[row.assurance.kind]}>{assuranceName(row.assurance)}</Tag>
        <span className="ds-grow" />
        {row.since && (
          <span className="ds-subtle">{format(_("since $0"), dateTime(row.since))}</span>
        )}
      </div>
      <div className="ds-stack hsm-below">
        {!works(row) && <Trouble row={row} />}
        {row.state !== "badFile" && <Facts row={row} />}
      </div>
    </article>
  );
}

function Trouble({ row }: { row: DriverRow }) {
  return (
    <div className="ds-stack hsm-trouble" role="alert">
      {row.state !== "badFile" && row.reason && <p className="ds-bad">{row.reason}</p>}
      <p>{driverRemedy(row)}</p>
      {driverCommands(row).map((command) => (
        <Command key={command} text={command} />
      ))}
    </div>
  );
}

function Facts({ row }: { row: DriverRow }) {
  const { says, assurance, pin } = row;
  return (
    <dl className="ds-facts">
      <dt>{_("Region")}</dt>
      <dd>{row.region}</dd>
      <dt>{_("Assurance")}</dt>
      <dd>{assurance.words}</dd>
      <dt>{_("PIN is kept")}</dt>
      <dd>
        <span className={pinIsWeak(pin.seal) ? "hsm-weak" : ""}>{pinSealName(pin.seal)}</span>
        <div className="ds-subtle">
          {pin.source === "none" && _("The driver’s process found none.")} {pin.words}
        </div>
      </dd>
      <dt>{_("Tokens")}</dt>
      <dd>
        {row.tokens === null ? _("unknown") : number(row.tokens)}
        <div className="ds-subtle">
          {row.tokensAre === "created"
            ? _("made here, one for each tenant that needs one")
            : _("made by who runs the HSM")}
        </div>
      </dd>
      <dt>{_("Module")}</dt>
      <dd>
        {says && (
          <div>
            {format(
              _("$0 $1, version $2, PKCS#11 $3"),
              says.manufacturer,
              says.description,
              says.libraryVersion,
              says.cryptokiVersion,
            )}
          </div>
        )}
        <code className="hsm-code">{row.module}</code>
      </dd>
      <dt>{_("Begun anew")}</dt>
      <dd>
        {ngettext(
          "$0 time since the agent started",
          "$0 times since the agent started",
          row.restarts,
        )}
      </dd>
    </dl>
  );
}
