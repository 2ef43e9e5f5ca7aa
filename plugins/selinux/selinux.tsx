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
import { LabelsTab } from "./labels/tab.tsx";
import { OverviewTab } from "./overview.tsx";
import { Pending } from "./policies/pending.tsx";
import { PoliciesTab } from "./policies/tab.tsx";
import { ProofTab } from "./proof.tsx";
import { SettingsTab } from "./settings/tab.tsx";
import { Strip } from "./strip.tsx";
import { TenantsTab } from "./tenants/tab.tsx";
import { tabAddress } from "./view.ts";
import { WhyTab } from "./why.tsx";

/** The signal tells of proofs only; mode and policy may change without one. */
const everyMs = 15_000;
/** Whose requests are carried out here. */
const contracts = [selinux];
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
    {
      key: "tenants",
      title: _("Tenants"),
      body: <TenantsTab place={place} status={data} stale={stale} />,
    },
    { key: "proof", title: _("Proof"), body: <ProofTab proof={proof} inactive={inactive} /> },
    { key: "why", title: _("Explain access"), body: <WhyTab place={place} inactive={inactive} /> },
    {
      key: "labels",
      title: _("Labels"),
      body: <LabelsTab place={place} inactive={inactive} />,
    },
    { key: "settings", title: _("Settings"), body: <SettingsTab place={place} /> },
    {
      key: "policies",
      title: _("Policies"),
      body: <PoliciesTab place={place} loaded={data.loaded} inactive={inactive} />,
    },
  ];
  const [, ...others] = tabs;
  const active = others.find(({ key }) => key === place.path[0])?.key ?? "overview";
  return (
    <Frame title={_("SELinux")} beside={<Help tab={active} />}>
      <Pending loaded={data.loaded} />
      <Approvals own={contracts} />
      <Stale error={error} />
      {active !== "overview" && <Strip status={data} stale={stale} />}
      <Tabs label={_("Parts of SELinux")} tabs={tabs} active={active} addressOf={tabAddress} />
    </Frame>
  );
}
