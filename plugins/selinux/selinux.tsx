/** Whether the kernel keeps tenants apart: how it runs, what is proved, and what the rules say. */
import { selinux } from "../../agent/selinux/contract.ts";
import { Approvals } from "../lib/approvals.tsx";
import { client, listen } from "../lib/client.ts";
import { Frame } from "../lib/frame.tsx";
import { useConnection, useQuery } from "../lib/hooks.ts";
import { _ } from "../lib/i18n.ts";
import { LatePart } from "../lib/late-part.tsx";
import { usePlace } from "../lib/location.ts";
import { Failure, Loading, Stale } from "../lib/states.tsx";
import { Tabs } from "../lib/tabs.tsx";
import { earlyStatus } from "./early.ts";
import { Help } from "./help.tsx";
import { OverviewTab } from "./overview.tsx";
import { Pending } from "./policies/pending.tsx";
import { ProofTab } from "./proof.tsx";
import { Strip } from "./strip.tsx";
import { tabAddress } from "./view.ts";

/** The signal tells of proofs only; mode and policy may change without one. */
const everyMs = 15_000;
/** Whose requests are carried out here. */
const contracts = [selinux];
/** What few people open at first, each in a file of its own. */
const denialsTab = { load: async () => (await import("./denials/tab.tsx")).DenialsTab };
const labelsTab = { load: async () => (await import("./labels/tab.tsx")).LabelsTab };
const policiesTab = { load: async () => (await import("./policies/tab.tsx")).PoliciesTab };
const settingsTab = { load: async () => (await import("./settings/tab.tsx")).SettingsTab };
const tenantsTab = { load: async () => (await import("./tenants/tab.tsx")).TenantsTab };
const whyTab = { load: async () => (await import("./why.tsx")).WhyTab };
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
      body: <LatePart source={denialsTab} props={{ place, inactive }} />,
    },
    {
      key: "tenants",
      title: _("Tenants"),
      body: <LatePart source={tenantsTab} props={{ place, status: data, stale }} />,
    },
    { key: "proof", title: _("Proof"), body: <ProofTab proof={proof} inactive={inactive} /> },
    {
      key: "why",
      title: _("Explain access"),
      body: <LatePart source={whyTab} props={{ place, inactive }} />,
    },
    {
      key: "labels",
      title: _("Labels"),
      body: <LatePart source={labelsTab} props={{ place, inactive }} />,
    },
    {
      key: "settings",
      title: _("Settings"),
      body: <LatePart source={settingsTab} props={{ place }} />,
    },
    {
      key: "policies",
      title: _("Policies"),
      body: <LatePart source={policiesTab} props={{ place, loaded: data.loaded, inactive }} />,
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
