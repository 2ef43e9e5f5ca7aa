/** One tenant: what it is, what it runs, and its record. */
import { useCallback } from "react";
import { instances } from "../../agent/instances/contract.ts";
import { type Tenant, type TenantDetail, tenants } from "../../agent/tenants/contract.ts";
import { Approvals } from "../lib/approvals.tsx";
import { useAccess } from "../lib/capabilities.tsx";
import { client, listen } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { Frame } from "../lib/frame.tsx";
import { CommandHelp } from "../lib/help.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _ } from "../lib/i18n.ts";
import { LatePart } from "../lib/late-part.tsx";
import type { Place } from "../lib/location.ts";
import { ButtonMenu } from "../lib/menu.tsx";
import { Failure, Loading, Stale } from "../lib/states.tsx";
import { Tabs } from "../lib/tabs.tsx";
import { Tag } from "../lib/tag.tsx";
import { tenantMenu } from "./acts.tsx";
import { SummaryTab } from "./summary.tsx";
import { stateColors, stateName } from "./words.ts";

const images = { load: async () => (await import("./images.tsx")).ImagesTab };
const instancesTab = { load: async () => (await import("./instances.tsx")).InstancesTab };
const record = { load: async () => (await import("./record.tsx")).RecordTab };
const everyMs = 10_000;
/** Whose requests are carried out here. */
const contracts = [tenants];

export function TenantPage({ name, place }: { name: string; place: Place }) {
  const access = useAccess();
  const changes = useCallback(
    (changed: () => void) => {
      const mine = (which: string) => (which === "" || which === name) && changed();
      const stops = [listen(tenants, "Changed", mine), listen(instances, "Changed", mine)];
      return () => {
        for (const stop of stops) stop();
      };
    },
    [name],
  );
  const query = useQuery(name, () => client(tenants).Show(name), { every: everyMs, changes });
  const { data, error } = query;
  return (
    <Frame
      title={data?.tenant.displayName || name}
      before={
        <nav aria-label={_("Way back")}>
          <a href="#/">{_("Tenants")}</a> <span aria-hidden="true">›</span>
        </nav>
      }
      beside={data && <Beside tenant={data.tenant} menu={tenantMenu(data.tenant, access)} />}
    >
      <Approvals own={contracts} />
      {data && <Stale error={error} />}
      {data ? (
        <TenantTabs detail={data} place={place} />
      ) : error ? (
        <Failure error={error} retry={query.refresh} />
      ) : (
        <Loading />
      )}
    </Frame>
  );
}

function Beside(props: { tenant: Tenant; menu: ReturnType<typeof tenantMenu> }) {
  const { name, state } = props.tenant;
  return (
    <>
      <Tag color={stateColors[state]}>{stateName(state)}</Tag>
      <ButtonMenu label={_("Actions")} entries={props.menu} />
      <CommandHelp
        label={_("About this tenant")}
        text={_("What was declared of the tenant, what it uses, and what keeps it apart.")}
        commands={[commandOf(tenants, "Show", [name]), commandOf(instances, "List", [name])]}
      />
    </>
  );
}

function TenantTabs({ detail, place }: { detail: TenantDetail; place: Place }) {
  const { name } = detail.tenant;
  const tabs = [
    { key: "summary", title: _("Summary"), body: <SummaryTab detail={detail} /> },
    {
      key: "instances",
      title: _("Instances"),
      body: <LatePart source={instancesTab} props={{ tenant: detail.tenant }} />,
    },
    { key: "images", title: _("Images"), body: <LatePart source={images} props={{}} /> },
    {
      key: "record",
      title: _("Record"),
      body: <LatePart source={record} props={{ tenant: name }} />,
    },
  ];
  return (
    <Tabs
      label={_("Parts of the tenant")}
      tabs={tabs}
      active={place.path[1] ?? ""}
      addressOf={(key) => `#/${name}/${key}`}
    />
  );
}
