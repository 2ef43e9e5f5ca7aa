/** The record of this node: can it be relied on, and what stands in it. */
import { audit } from "../../agent/audit/contract.ts";
import { Approvals } from "../lib/approvals.tsx";
import { client } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { Frame } from "../lib/frame.tsx";
import { CommandHelp } from "../lib/help.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _ } from "../lib/i18n.ts";
import { usePlace } from "../lib/location.ts";
import { Failure, Loading, Stale } from "../lib/states.tsx";
import { Tabs } from "../lib/tabs.tsx";
import { Acts } from "./acts.tsx";
import { Alarms } from "./alarms.tsx";
import { earlyStatus } from "./early.ts";
import { RecordTab } from "./record.tsx";
import { ReplayTab } from "./replay.tsx";
import { Sources } from "./sources.tsx";
import { Verdict } from "./verdict.tsx";

/** Seals are made every few seconds; older than this their age would mislead. */
const everyMs = 5000;
/** Whose requests are carried out here. */
const contracts = [audit];

export function Audit() {
  const place = usePlace();
  const query = useQuery("status", () => client(audit).Status(), {
    every: everyMs,
    first: earlyStatus,
  });
  const { data, error } = query;
  if (!data && error?.code === "NoAccess") {
    return (
      <Frame title={_("Audit record")}>
        <Failure error={error} />
      </Frame>
    );
  }
  const tabs = [
    { key: "events", title: _("Events"), body: <RecordTab place={place} /> },
    { key: "replay", title: _("Replay"), body: <ReplayTab place={place} /> },
    {
      key: "sources",
      title: _("Sources"),
      body: data ? <Sources sources={data.sources} /> : <Loading rows={3} />,
    },
  ];
  return (
    <Frame title={_("Audit record")} beside={<Help />}>
      <Approvals own={contracts} />
      {data && <Stale error={error} />}
      {data ? (
        <div>
          <Alarms alarms={data.alarms} />
          <Verdict status={data} stale={error !== undefined}>
            <Acts status={data} />
          </Verdict>
        </div>
      ) : error ? (
        <Failure error={error} retry={query.refresh} />
      ) : (
        <Loading rows={4} />
      )}
      <Tabs
        label={_("Parts of the record")}
        tabs={tabs}
        active={place.path[0] ?? ""}
        addressOf={(key) => (key === "events" ? "#/" : `#/${key}`)}
      />
    </Frame>
  );
}

function Help() {
  return (
    <CommandHelp
      label={_("About the audit record")}
      text={_(
        "Everything that matters on this node goes into one record that only grows: who asked, what for, what came of it. Nobody can change it unnoticed, root included, as far back as somebody outside has signed it. Each verdict below says how old its evidence is and how to check it yourself.",
      )}
      commands={[
        commandOf(audit, "Status", []),
        commandOf(audit, "List", [{ acts: true }]),
        commandOf(audit, "Verify", []),
      ]}
    />
  );
}
