/** The cluster and this node in one picture: health, load, engines, what can be relied on, what happens. */
import { useState } from "react";
import { cluster } from "../../agent/cluster/contract.ts";
import { node } from "../../agent/node/contract.ts";
import { client } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { Frame } from "../lib/frame.tsx";
import { CommandHelp } from "../lib/help.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _ } from "../lib/i18n.ts";
import { LatePart } from "../lib/late-part.tsx";
import { usePlace } from "../lib/location.ts";
import { Failure, Loading, Stale } from "../lib/states.tsx";
import { Assurance } from "./assurance.tsx";
import { Nodes } from "./cluster/nodes.tsx";
import { Counts } from "./counts.tsx";
import { takeNode } from "./early.ts";
import { Engines } from "./engines.tsx";
import { Firewall } from "./firewall/late.tsx";
import { Load } from "./load.tsx";
import { Machine } from "./machine.tsx";
import { RecentJobs } from "./recent-jobs.tsx";

const everyMs = 5000;
const approvals = { load: async () => (await import("./approvals.tsx")).OverviewApprovals };
const drills = { load: async () => (await import("./drills/panel.tsx")).Drills };
const wall = { load: async () => (await import("./cluster/wall.tsx")).Wall };
const expiring = { load: async () => (await import("./expiring/panel.tsx")).ExpiringPanel };
const changes = { load: async () => (await import("./changes/panel.tsx")).ChangesPanel };
const sites = { load: async () => (await import("./sites/panel.tsx")).SitesPanel };
const acts = { load: async () => (await import("./acts.tsx")).Acts };

export function Overview() {
  const isWall = usePlace().path[0] === "wall";
  return isWall ? <LatePart source={wall} props={{}} /> : <Page />;
}

function Page() {
  const [first] = useState(takeNode);
  const query = useQuery("node", () => client(node).Show(), { every: everyMs, first });
  const { data, error } = query;
  return (
    <Frame
      title={_("DsecOS overview")}
      beside={
        <CommandHelp
          label={_("About this page")}
          text={_(
            "Every verdict here comes from a check that ran, with its facts and the command to run it yourself. What could not be checked is unknown, never good. What other nodes say of themselves is shown with its age; a node that is not heard of is unknown.",
          )}
          commands={[
            commandOf(cluster, "Status", []),
            commandOf(node, "Show", []),
            commandOf(node, "Check", []),
          ]}
        />
      }
    >
      <LatePart source={approvals} props={{}} rows={0} />
      <Nodes />
      <LatePart source={drills} props={{}} rows={0} />
      {data ? (
        <>
          <Stale error={error} />
          <Counts />
          <LatePart source={expiring} props={{}} />
          <LatePart source={changes} props={{}} />
          <div className="ds-panels">
            <Load status={data} />
            <Machine status={data} />
          </div>
          <LatePart source={sites} props={{}} />
          <Engines engines={data.engines} />
          <Assurance checks={data.assurance} />
          <Firewall />
          <div className="ds-panels">
            <RecentJobs />
            <LatePart source={acts} props={{}} />
          </div>
        </>
      ) : error ? (
        <Failure error={error} retry={query.refresh} />
      ) : (
        <Loading />
      )}
    </Frame>
  );
}
