/** Keys in their tokens: where they are, who holds them to their rules, and what they are used for. */
import { hsm } from "../../agent/hsm/contract.ts";
import { client, listen } from "../lib/client.ts";
import { Frame } from "../lib/frame.tsx";
import { CommandHelp } from "../lib/help.tsx";
import { useConnection, useQuery } from "../lib/hooks.ts";
import { _ } from "../lib/i18n.ts";
import { LatePart } from "../lib/late-part.tsx";
import { usePlace } from "../lib/location.ts";
import { partAddress, useTab } from "../lib/parts.ts";
import { Failure, Loading, Stale } from "../lib/states.tsx";
import { Tabs } from "../lib/tabs.tsx";
import { earlyDrivers } from "./early.ts";
import { tabs } from "./parts.ts";
import { Strip } from "./strip.tsx";

/** Signals tell what changes; this is for what a module says of itself. */
const everyMs = 30_000;
const approvals = { load: async () => (await import("./approvals.tsx")).HsmApprovals };
const changes = (changed: () => void) =>
  listen(hsm, "Changed", (what) => what === "drivers" && changed());

export function Hsm() {
  const place = usePlace();
  const query = useQuery("drivers", () => client(hsm).GetDrivers(), {
    ...{ every: everyMs, changes, first: earlyDrivers },
  });
  const lost = useConnection() === "lost";
  const { tab, part, error: notLoaded, again } = useTab(tabs, place.path[0] ?? "");
  const { data, error } = query;
  const help = part && <CommandHelp label={_("About keys in tokens")} {...part.help()} />;
  if (!data) {
    return (
      <Frame title={_("Keys")} beside={help}>
        {error ? <Failure error={error} retry={query.refresh} /> : <Loading rows={6} />}
      </Frame>
    );
  }
  const stale = lost || error !== undefined;
  const body = part ? (
    <part.Body place={place} drivers={data} stale={stale} />
  ) : notLoaded ? (
    <Failure error={notLoaded} retry={again} />
  ) : (
    <Loading />
  );
  return (
    <Frame title={_("Keys")} beside={help}>
      <LatePart source={approvals} props={{}} rows={0} />
      <Stale error={error} />
      {tab !== tabs[0] && <Strip drivers={data} stale={stale} />}
      <Tabs
        label={_("Parts of keys in tokens")}
        tabs={tabs.map(({ key, title }) => ({
          ...{ key, title: title() },
          body: key === tab?.key && body,
        }))}
        active={tab?.key ?? ""}
        addressOf={partAddress}
      />
    </Frame>
  );
}
