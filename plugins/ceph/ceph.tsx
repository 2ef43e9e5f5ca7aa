/** The storage cluster: how it is, where its OSDs are, how full it is and what is encrypted. */
import { ceph } from "../../agent/ceph/contract.ts";
import { Approvals } from "../lib/approvals.tsx";
import { client } from "../lib/client.ts";
import { Frame } from "../lib/frame.tsx";
import { GroupedTabs } from "../lib/grouped-tabs.tsx";
import { CommandHelp } from "../lib/help.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _ } from "../lib/i18n.ts";
import { usePlace } from "../lib/location.ts";
import { useTab } from "../lib/parts.ts";
import { Failure, Loading, Stale } from "../lib/states.tsx";
import { Away } from "./away.tsx";
import { changes } from "./changes.ts";
import { Silent } from "./daemons/silent.tsx";
import { earlyStatus } from "./early.ts";
import { groups, tabs } from "./parts.ts";
import { askForMap } from "./residency/open.tsx";

/** A link that hangs is noticed by the agent, which tells; this is for a signal that was lost. */
const everyMs = 5000;
/** Whose requests are carried out here. */
const contracts = [ceph];

export function Ceph() {
  const place = usePlace();
  const query = useQuery("status", () => client(ceph).Status(), {
    ...{ every: everyMs, changes, first: earlyStatus },
  });
  const { tab, part, error: notLoaded, again } = useTab(tabs, place.path[0] ?? "");
  const { data, error } = query;
  const help = part && <CommandHelp label={_("About the storage cluster")} {...part.help()} />;
  if (!data) {
    return (
      <Frame title={_("Ceph storage")} beside={help}>
        {error ? <Failure error={error} retry={query.refresh} /> : <Loading rows={6} />}
      </Frame>
    );
  }
  if (data.state !== "ready") {
    return (
      <Frame title={_("Ceph storage")} beside={help}>
        <Stale error={error} />
        <Away status={data} />
        <Silent knocks={data.knocks} />
      </Frame>
    );
  }
  const body = part ? (
    <part.Body place={place} status={data} />
  ) : notLoaded ? (
    <Failure error={notLoaded} retry={again} />
  ) : (
    <Loading />
  );
  return (
    <Frame title={_("Ceph storage")} beside={help}>
      <Approvals own={contracts} askContent={askForMap} />
      <Stale error={error} />
      {data.reason && <p className="ds-bad">{data.reason}</p>}
      <Silent knocks={data.knocks} />
      <GroupedTabs
        label={_("Parts of the storage cluster")}
        groups={groups}
        active={tab?.key ?? ""}
      >
        {body}
      </GroupedTabs>
    </Frame>
  );
}
