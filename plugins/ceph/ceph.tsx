/** The storage cluster: how it is, where its OSDs are, how full it is and what is encrypted. */
import { ceph } from "../../agent/ceph/contract.ts";
import { client } from "../lib/client.ts";
import { Frame } from "../lib/frame.tsx";
import { GroupedTabs } from "../lib/grouped-tabs.tsx";
import { CommandHelp } from "../lib/help.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _ } from "../lib/i18n.ts";
import { usePlace } from "../lib/location.ts";
import { useLoaded, useTab } from "../lib/parts.ts";
import { Failure, Loading, Stale } from "../lib/states.tsx";
import { Away } from "./away.tsx";
import { changes } from "./changes.ts";
import { Silent } from "./daemons/silent.tsx";
import { earlyStatus } from "./early.ts";
import { groups, tabs } from "./parts.ts";

/** A link that hangs is noticed by the agent, which tells; this is for a signal that was lost. */
const everyMs = 5000;
/** They need dialogs, which are heavier than all that is shown at first. */
const approvals = { load: async () => (await import("./approvals.tsx")).CephApprovals };

export function Ceph() {
  const place = usePlace();
  const query = useQuery("status", () => client(ceph).Status(), {
    ...{ every: everyMs, changes, first: earlyStatus },
  });
  const { tab, part, error: notLoaded, again } = useTab(tabs, place.path[0] ?? "");
  const waiting = useLoaded(approvals);
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
      {waiting.value && <waiting.value />}
      {waiting.error && <Failure error={waiting.error} retry={waiting.again} />}
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
