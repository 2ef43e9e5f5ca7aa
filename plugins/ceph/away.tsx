/** No cluster, or none that can be asked: which of the two, and what to do. */

import ClusterIcon from "@patternfly/react-icons/dist/esm/icons/server-icon";
import { capabilityWords, seeing } from "../../agent/ceph/capabilities.ts";
import type { CephState, CephStatus } from "../../agent/ceph/link/types.ts";
import { Command } from "../lib/help.tsx";
import { _, dateTime, format, relativeTime } from "../lib/i18n.ts";
import { Nothing } from "../lib/states.tsx";
import { Tag } from "../lib/tag.tsx";

type Absent = Exclude<CephState, "ready">;

function titleOf(state: Absent): string {
  const titles = {
    notInstalled: _("Ceph is not installed on this node"),
    notConfigured: _("No Ceph cluster is set up on this node"),
    noKeyring: _("The agent has no key of the cluster"),
    refused: _("The cluster refuses the agent"),
    starting: _("The cluster is being reached"),
    noQuorum: _("The monitors of the cluster do not answer"),
    old: _("The cluster runs too old a version of Ceph"),
    failed: _("The agent’s link to the cluster does not work"),
  };
  return titles[state];
}

/** What is not broken, but simply not there. */
const unused: readonly CephState[] = ["notInstalled", "notConfigured"];

const commands: Record<Absent, readonly string[]> = {
  notInstalled: ["apt install python3-rados ceph-common"],
  notConfigured: ["ceph config generate-minimal-conf"],
  noKeyring: [`ceph auth get-or-create ${capabilityWords("client.dsecos", seeing)}`],
  refused: ["ceph auth get client.dsecos"],
  starting: [],
  noQuorum: ["ceph --connect-timeout 5 status", "systemctl list-units 'ceph-mon@*'"],
  old: ["ceph versions"],
  failed: ["journalctl --unit dsecos-agent.service --lines 50"],
};

export function Away({ status }: { status: CephStatus }) {
  const { state, reason, since } = status;
  if (state === "ready") return null;
  const shown = commands[state].map((command) => <Command key={command} text={command} />);
  if (unused.includes(state)) {
    return (
      <section className="ds-panel" data-state={state}>
        <Nothing title={titleOf(state)} icon={ClusterIcon}>
          <div className="ds-stack">
            <p>{reason}</p>
            {shown}
          </div>
        </Nothing>
      </section>
    );
  }
  const bad = state !== "starting";
  return (
    <section
      className={`ds-panel ds-stack ce-verdict ${bad ? "ce-bad" : ""}`}
      data-state={state}
      role={bad ? "alert" : "status"}
    >
      <h2 className="pf-v6-c-title pf-m-md">
        <Tag color={bad ? "red" : "blue"}>{bad ? _("bad") : _("starting")}</Tag> {titleOf(state)}
      </h2>
      <p>{reason}</p>
      {bad && (
        <p>
          {_("How the cluster is, is unknown until then. Tenants’ data is not touched by that.")}
        </p>
      )}
      {shown}
      <p className="ds-subtle">{format(_("since $0, $1"), dateTime(since), relativeTime(since))}</p>
    </section>
  );
}
