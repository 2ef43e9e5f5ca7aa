/** Whether the kernel keeps tenants apart: how it runs, what is proved, and what the rules say. */
import { selinux } from "../../agent/selinux/contract.ts";
import { Approvals } from "../lib/approvals.tsx";
import { client, listen } from "../lib/client.ts";
import { Frame } from "../lib/frame.tsx";
import { useConnection, useQuery } from "../lib/hooks.ts";
import { _ } from "../lib/i18n.ts";
import { usePlace } from "../lib/location.ts";
import { Failure, Loading, Stale } from "../lib/states.tsx";
import { Tabs } from "../lib/tabs.tsx";
import { DenialsTab } from "./denials/tab.tsx";
import { earlyStatus } from "./early.ts";
import { Help } from "./help.tsx";
import { OverviewTab } from "./overview.tsx";
import { ProofTab } from "./proof.tsx";
import { Strip } from "./strip.tsx";
import { tabAddress } from "./view.ts";
import { WhyTab } from "./why.tsx";

/** The signal tells of proofs only; mode and policy may change without one. */
const everyMs = 15_000;
const changes = (changed: () => void) => listen(selinux, "Changed", changed);

export function Selinux() {
  const place = usePlace();
  const query = useQuery("status", () => client(selinux).Show(), {
    ...{ every: everyMs, changes, first: earlyStatus },
  });
  const lost = useConnection() === "lost";
  const { data, error } = query;
  if (!data) {
    return (
      <Frame title={_("SELinux")} beside={<Help tab="overview" />}>
        {error ? <Failure error={error} retry={query.refresh} /> : <Loading rows={6} />}
      </Frame>
    );
  }
  const { proof } = data;
  const inactive = data.current === null;
  const stale = lost || error !== undefined;
  const tabs = [
    {
      key: "overview",
      title: _("Overview"),
      body: <OverviewTab status={data} stale={stale} />,
    },
    {
      key: "denials",
      title: _("Denials"),
      body: <DenialsTab place={place} inactive={inactive} />,
    },
    { key: "proof", title: _("Proof"), body: <ProofTab proof={proof} inactive={inactive} /> },
    { key: "why", title: _("Explain access"), body: <WhyTab place={place} inactive={inactive} /> },
  ];
  const [, ...others] = tabs;
  const active = others.find(({ key }) => key === place.path[0])?.key ?? "overview";
  return (
    <Frame title={_("SELinux")} beside={<Help tab={active} />}>
      <Approvals />
      <Stale error={error} />
      {active !== "overview" && <Strip status={data} stale={stale} />}
      <Tabs label={_("Parts of SELinux")} tabs={tabs} active={active} addressOf={tabAddress} />
    </Frame>
  );
}
