/** All that is known of one node, below its row. */
import type { ClusterNode, ClusterStatus } from "../../../agent/cluster/answers.ts";
import { _, dateTime, format, number } from "../../lib/i18n.ts";
import { heardWords, VerdictTag } from "./words.tsx";

interface Props {
  node: ClusterNode;
  status: ClusterStatus;
}

export function NodeDetails({ node, status }: Props) {
  const { facts, found, state } = node;
  return (
    <div className="ds-panels">
      <ul className="ds-stack">
        {found.map(({ about, verdict, text }) => (
          <li key={about}>
            <VerdictTag verdict={verdict} /> {text}
          </li>
        ))}
        {state === "silent" && facts && (
          <li className="ds-subtle">{_("What follows is what it said last.")}</li>
        )}
        {facts?.health.map(({ subsystem, state: verdict, text }) => (
          <li key={subsystem}>
            <VerdictTag verdict={verdict} /> <strong>{subsystem}</strong>: {text}
          </li>
        ))}
      </ul>
      <dl className="ds-facts">
        <dt>{_("Heard of")}</dt>
        <dd>{heardWords(node, status.at)}</dd>
        <dt>{_("Incus")}</dt>
        <dd>
          {node.incus} {node.address && <code>{node.address}</code>}
        </dd>
        <dt>{_("Audit log")}</dt>
        <dd>{logWords(node, status)}</dd>
        {facts && <Said node={node} facts={facts} />}
      </dl>
    </div>
  );
}

function Said({ node, facts }: { node: ClusterNode; facts: NonNullable<ClusterNode["facts"]> }) {
  const { versions, policy, load, counts, flags } = facts;
  const known = Object.entries(versions).filter(([, version]) => version !== "");
  return (
    <>
      <dt>{_("Versions")}</dt>
      <dd>{known.map(([name, version]) => `${name} ${version}`).join(" · ")}</dd>
      <dt>{_("Started")}</dt>
      <dd>{dateTime(facts.bootedAt)}</dd>
      <dt>{_("Policy")}</dt>
      <dd className="ds-read">
        {policy.sha256 ? <code>{policy.sha256.slice(0, 16)}</code> : _("none was proved")}{" "}
        {policy.provedAt && dateTime(policy.provedAt)}
      </dd>
      <dt>{_("Load average")}</dt>
      <dd>{format(_("$0 on $1 cores"), number(load.average, 2), number(load.cores))}</dd>
      {node.clockOffSeconds !== null && node.clockOffSeconds !== 0 && (
        <>
          <dt>{_("Clock is ahead by")}</dt>
          <dd>{format(_("$0 s"), number(node.clockOffSeconds))}</dd>
        </>
      )}
      {(counts.approvals ?? 0) > 0 && (
        <>
          <dt>{_("Approvals that wait")}</dt>
          <dd>{number(counts.approvals ?? 0)}</dd>
        </>
      )}
      {flags.length > 0 && (
        <>
          <dt>{_("What weakens it")}</dt>
          <dd>{flags.map(({ title }) => title).join(" · ")}</dd>
        </>
      )}
    </>
  );
}

function logWords({ state, log }: ClusterNode, { witnesses }: ClusterStatus): string {
  if (state !== "own") {
    return format(_("$0 events shown, $1 witnessed here"), number(log.size), number(log.seen));
  }
  const signed = witnesses.filter(({ fits }) => fits).map(({ node }) => node);
  const events = format(_("$0 events"), number(log.size));
  if (signed.length === 0) return events;
  return format(_("$0, signed by $1"), events, signed.join(", "));
}
