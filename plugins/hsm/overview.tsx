/** How far keys can be relied on here, and the drivers with what is wrong and what to do. */
import { hsm } from "../../agent/hsm/contract.ts";
import { commandOf } from "../lib/command.ts";
import { _ } from "../lib/i18n.ts";
import { NoDriver } from "./drivers/none.tsx";
import { DriverPanels } from "./drivers/panels.tsx";
import { Verdict } from "./drivers/verdict.tsx";
import type { Part, PartProps } from "./part.ts";
import { StatusPanel } from "./status.tsx";

function OverviewTab({ drivers, stale }: PartProps) {
  if (drivers.rows.length === 0) return <NoDriver directory={drivers.directory} />;
  return (
    <div className="ds-stack">
      <Verdict drivers={drivers} stale={stale} />
      <StatusPanel />
      <DriverPanels rows={drivers.rows} />
    </div>
  );
}

export const overview: Part = {
  key: "overview",
  title: () => _("Overview"),
  help: () => ({
    text: _(
      "Keys live in tokens of an HSM, reached over its PKCS#11 module, and never leave them. Each module runs in a process of its own, so that a module that dies takes nothing else along; the process alone knows the PIN.",
    ),
    commands: [
      commandOf(hsm, "Status", []),
      commandOf(hsm, "GetDrivers", []),
      "systemctl status 'dsecos-hsm@*.service'",
    ],
  }),
  Body: OverviewTab,
};
