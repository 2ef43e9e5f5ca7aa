/** What changed on all nodes, newest first, and the last hour of each. */
import { cluster } from "../../../agent/cluster/contract.ts";
import type { HistoryAnswer } from "../../../agent/cluster/history/answers.ts";
import { ChoiceMenu } from "../../lib/choice.tsx";
import { client, listen } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { CommandHelp } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _ } from "../../lib/i18n.ts";
import { usePlace } from "../../lib/location.ts";
import { Failure, Loading, Stale } from "../../lib/states.tsx";
import { ChangeList } from "./list.tsx";
import { Trends } from "./trends.tsx";
import { type ChangesView, changeNode, readChanges } from "./view.ts";
import "./changes.css";

const everyMs = 30_000;
const changes = (changed: () => void) => listen(cluster, "Changed", changed);

export function ChangesPanel() {
  const view = readChanges(usePlace());
  const filter = { node: view.node, cursor: view.cursor, limit: view.perPage };
  const { data, error, loading, refresh } = useQuery(
    JSON.stringify(filter),
    () => client(cluster).History(filter),
    { every: everyMs, changes },
  );
  // The bus of an older node lets nobody ask for a member that it does not know, and root hears why.
  const isOlder = error?.code === "NoAccess" || error?.code === "NoMember";
  return (
    <section className="ds-panel ds-stack" aria-labelledby="ov-changes">
      <div className="ds-job-head">
        <h2 id="ov-changes" className="pf-v6-c-title pf-m-md">
          {_("What changed")}
        </h2>
        <CommandHelp
          label={_("About what changed")}
          text={_(
            "What differs in what the nodes say of themselves, and in what this one finds of them, since its agent started: it keeps this in memory alone. What changes again and again within ten minutes is told once, with how often. What people did is in the audit log.",
          )}
          commands={[commandOf(cluster, "History", [filter])]}
        />
        <span className="ds-grow" />
        {data && <NodeMenu data={data} view={view} />}
      </div>
      {data ? (
        <>
          <Stale error={error} />
          <ChangeList data={data} view={view} stale={loading} />
          <Trends trends={data.trends} />
        </>
      ) : isOlder ? (
        <p role="status" data-changes="older">
          {_(
            "The agent of this node is of an older version, which does not tell what changed. Bring it to the version of the others.",
          )}
        </p>
      ) : error ? (
        <Failure error={error} retry={refresh} />
      ) : (
        <Loading rows={3} />
      )}
    </section>
  );
}

function NodeMenu({ data: { nodes }, view }: { data: HistoryAnswer; view: ChangesView }) {
  if (nodes.length < 2 && view.node === "") return null;
  // One that the address names and nobody knows stands in the menu, too: else it would show another.
  const shown = view.node === "" || nodes.includes(view.node) ? nodes : [...nodes, view.node];
  return (
    <ChoiceMenu
      label={_("Changes of which node")}
      value={view.node}
      options={[["", _("all")], ...shown.map((node) => [node, node] as const)]}
      change={changeNode}
    />
  );
}
