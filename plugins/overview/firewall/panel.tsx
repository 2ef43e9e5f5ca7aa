/** The packet filter: whether it is loaded as declared, who can reach what, and what left. */
import { type ReactNode, useState } from "react";
import { node } from "../../../agent/node/contract.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { showDialog } from "../../lib/dialog.tsx";
import { CommandHelp } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, format } from "../../lib/i18n.ts";
import type { Part } from "../../lib/parts.ts";
import { Failure, Loading, Stale } from "../../lib/states.tsx";
import { Tag } from "../../lib/tag.tsx";
import "./firewall.css";
import { AirGapStatements } from "./air-gap.tsx";
import { ApplyDialog } from "./apply.tsx";
import { Counters, Drift, Listeners } from "./lists.tsx";
import { TrialNotice } from "./trial.tsx";
import { stateColors, stateName } from "./words.ts";

const everyMs = 10_000;

export const firewallPart: Part<object> = {
  key: "firewall",
  title: () => _("Firewall and air gap"),
  help: () => ({
    text: _(
      "The rules are declared in the agent's configuration. They let SSH and HTTPS in, the cluster's own ports between members, and what is declared out; the rest is dropped and counted. Frames that do not pass the packet filter, such as those of bridged devices, are not counted.",
    ),
    commands: ["Firewall", "Listeners", "AirGap"].map((one) => commandOf(node, one, [])),
  }),
  Body: FirewallPanel,
};

function FirewallPanel() {
  return (
    <section className="ds-panel ds-stack" aria-labelledby="ov-firewall">
      <div className="ds-job-head">
        <h2 id="ov-firewall" className="pf-v6-c-title pf-m-md">
          {firewallPart.title()}
        </h2>
        <CommandHelp label={_("About the firewall")} {...firewallPart.help()} />
      </div>
      <State />
      <h3 className="pf-v6-c-title pf-m-sm">{_("What left this node")}</h3>
      <AirGapStatements />
      <Opened title={_("What listens here, and who can reach it")}>
        <Listeners />
      </Opened>
    </section>
  );
}

function State() {
  const { data, error, refresh } = useQuery("firewall", () => client(node).Firewall(), {
    every: everyMs,
  });
  const { why } = useAccess();
  if (!data) return error ? <Failure error={error} retry={refresh} /> : <Loading rows={3} />;
  const { state, fact, remedy, declared, trial, drift, counters, others } = data;
  const canApply = declared !== null && (state === "off" || state === "drift");
  return (
    <div className="ds-stack" data-firewall={state}>
      <Stale error={error} />
      <div className="ds-job-head">
        <Tag color={stateColors[state]}>{stateName(state)}</Tag>
        <span>{fact}</span>
        <span className="ds-grow" />
        {canApply && (
          <ActionButton
            variant="secondary"
            why={why(node, "firewall")}
            onClick={() => showDialog(<ApplyDialog {...declared} />)}
          >
            {_("Load the declared rules")}
          </ActionButton>
        )}
      </div>
      {trial ? (
        <TrialNotice trial={trial} done={refresh} />
      ) : (
        remedy && <p className="ds-subtle ov-remedy">{remedy}</p>
      )}
      <Drift drift={drift} />
      {others.length > 0 && (
        <p className="ds-subtle">
          {format(_("Other tables can drop or redirect packets, too: $0."), others.join(", "))}
        </p>
      )}
      <Counters counters={counters} />
    </div>
  );
}

/** Asks only once somebody wants to see it. */
function Opened({ title, children }: { title: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      {open && children}
    </details>
  );
}
