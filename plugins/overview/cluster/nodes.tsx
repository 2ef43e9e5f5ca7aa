/** All nodes of the cluster: how many are well, the worst things first, and each with what it says. */

import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { createElement, useState } from "react";
import type { ClusterStatus } from "../../../agent/cluster/answers.ts";
import { cluster } from "../../../agent/cluster/contract.ts";
import { verdictName } from "../../lib/assurance.tsx";
import { ChoiceMenu } from "../../lib/choice.tsx";
import { client, listen } from "../../lib/client.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _, format, ngettext, number } from "../../lib/i18n.ts";
import { showLate } from "../../lib/late.ts";
import { LatePart } from "../../lib/late-part.tsx";
import { changeOption, changeText, sortedBy, toggle } from "../../lib/list.ts";
import { usePlace } from "../../lib/location.ts";
import { Search } from "../../lib/search.tsx";
import { NoMatch, Stale } from "../../lib/states.tsx";
import { Table } from "../../lib/table.tsx";
import { takeCluster } from "../early.ts";
import { nodeColumns } from "./columns.tsx";
import { Tiles } from "./tiles.tsx";
import { readNodes, shownNodes } from "./view.ts";
import { verdictOrder } from "./words.tsx";
import { Worst } from "./worst.tsx";
import "./cluster.css";

const nodeDetails = { load: async () => (await import("./details.tsx")).NodeDetails };
const act = async () => createElement((await import("../fleet/choose.tsx")).ActOnNodes);
const everyMs = 5000;
const changes = (changed: () => void) => listen(cluster, "Changed", changed);

/** All nodes, in one call. */
export function useCluster() {
  const [first] = useState(takeCluster);
  return useQuery("cluster", () => client(cluster).Status(), { every: everyMs, changes, first });
}

/** A node that is all of its cluster has nothing to show here that the page does not show below. */
export function Nodes() {
  const { data, error } = useCluster();
  if (!data) return error ? <Stale error={error} /> : null;
  const others = data.nodes.length > 1;
  return (
    <>
      <Stale error={error} />
      {data.trouble && (
        <p className="ds-bad" role="alert">
          {data.trouble}
        </p>
      )}
      {others && <Cluster status={data} />}
    </>
  );
}

function Cluster({ status }: { status: ClusterStatus }) {
  const view = readNodes(usePlace());
  const shown = shownNodes(status.nodes, view);
  const clear = () => {
    changeText("");
    changeOption("verdict", "");
  };
  return (
    <section className="ds-stack" aria-label={_("Nodes of the cluster")}>
      <Tiles status={status} />
      <Worst status={status} />
      <div className="ds-toolbar">
        <h2 className="pf-v6-c-title pf-m-md">{_("Nodes")}</h2>
        <Search
          label={_("Search in the nodes")}
          text={view.text}
          maximum={100}
          change={changeText}
        />
        <ChoiceMenu
          label={_("Which nodes")}
          value={view.verdict}
          options={[
            ["", _("all")],
            ...verdictOrder.map((verdict) => [verdict, verdictName(verdict)] as const),
          ]}
          change={(verdict) => changeOption("verdict", verdict)}
        />
        <span className="ds-subtle" role="status">
          {format(
            _("$0 of $1"),
            number(shown.length),
            ngettext("$0 node", "$0 nodes", status.nodes.length),
          )}
        </span>
        <span className="ds-grow" />
        <Button variant="secondary" onClick={() => showLate(act)}>
          {_("Act on several")}
        </Button>
        <a href="#/wall">{_("Wall screen")}</a>
      </div>
      {shown.length === 0 ? (
        <NoMatch title={_("No node fits this")} clear={clear} />
      ) : (
        <Table
          label={_("Nodes")}
          columns={nodeColumns(status)}
          rows={shown}
          keyOf={({ name }) => name}
          sorting={sortedBy(view.sort, view.descending)}
          details={{
            open: view.open,
            toggle: (key) => toggle(view, key),
            name: ({ name }) => name,
            render: (node) => <LatePart source={nodeDetails} props={{ node, status }} />,
          }}
        />
      )}
    </section>
  );
}
