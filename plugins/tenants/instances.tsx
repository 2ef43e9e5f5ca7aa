/** Instances of a tenant: what runs, how much it uses now, and what can be done to it. */
import { useCallback, useMemo } from "react";
import { type Instance, instances } from "../../agent/instances/contract.ts";
import type { Tenant } from "../../agent/tenants/contract.ts";
import { ActionButton } from "../lib/action-button.tsx";
import { useAccess } from "../lib/capabilities.tsx";
import { Chart } from "../lib/chart.tsx";
import { client, listen } from "../lib/client.ts";
import { useColumns } from "../lib/columns.tsx";
import { commandOf } from "../lib/command.ts";
import { CommandHelp } from "../lib/help.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _, format, ngettext, number, size } from "../lib/i18n.ts";
import { showLate } from "../lib/late.ts";
import { ButtonMenu } from "../lib/menu.tsx";
import { useSelection } from "../lib/preferences.ts";
import { useRowMenu } from "../lib/row-menu.tsx";
import { Failure, Loading, Nothing } from "../lib/states.tsx";
import { Table } from "../lib/table.tsx";
import { instanceMenu } from "./instance-acts.tsx";
import { instanceColumns } from "./instance-columns.tsx";
import { span, together, useTracks } from "./live.ts";

/** CPU is a rate between two answers, so they come often while the page is seen. */
const everyMs = 3000;
const keyOf = ({ name }: Instance) => name;

export function InstancesTab({ tenant }: { tenant: Tenant }) {
  const { name } = tenant;
  const access = useAccess();
  const changes = useCallback(
    (changed: () => void) =>
      listen(instances, "Changed", (which) => {
        if (which === "" || which === name) changed();
      }),
    [name],
  );
  const query = useQuery(`instances ${name}`, () => client(instances).List(name), {
    every: everyMs,
    changes,
  });
  const { data, error } = query;
  const notActive = tenant.state === "active" ? undefined : _("The tenant is not active.");
  const create = (
    <ActionButton
      why={access.why(instances, "create") ?? notActive}
      onClick={() => {
        void showLate(async () => {
          const { CreateInstanceDialog } = await import("./create-instance.tsx");
          return <CreateInstanceDialog tenant={tenant} />;
        });
      }}
    >
      {_("Create instances")}
    </ActionButton>
  );
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading />;
  if (data.length === 0) {
    return (
      <Nothing title={_("No instance yet")} actions={create}>
        {_("An instance is a container or a virtual machine, made from an image.")}
      </Nothing>
    );
  }
  return <Found tenant={name} limit={tenant.limit} found={data} create={create} />;
}

interface FoundProps {
  tenant: string;
  limit: Tenant["limit"];
  found: readonly Instance[];
  create: React.ReactNode;
}

function Found({ tenant, limit, found, create }: FoundProps) {
  const access = useAccess();
  const tracks = useTracks(found);
  const all = together(tracks);
  const columns = useMemo(() => instanceColumns(tracks), [tracks]);
  const shown = useColumns("instances", columns);
  const selection = useSelection();
  const chosen = found.filter(({ name }) => selection.chosen.has(name));
  // As it is now: what can be done to it may change while its menu is open.
  const { openMenu, menu } = useRowMenu(({ name }: Instance) => {
    const now = found.find((one) => one.name === name);
    return now ? instanceMenu(tenant, [now], access) : [];
  });
  const cpuNow = all.cpu.at(-1)?.value;
  const ramNow = all.ram.at(-1)?.value ?? 0;
  return (
    <div className="ds-stack">
      <div className="ds-panel ds-charts">
        <Chart
          title={_("CPU of all instances")}
          now={
            cpuNow === undefined
              ? _("measuring")
              : format(_("$0 of $1 cores"), number(cpuNow, 2), number(limit.cpu))
          }
          points={all.cpu}
          span={span}
          top={Math.max(1, ...all.cpu.map(({ value }) => value))}
        />
        <Chart
          title={_("Memory of all instances")}
          now={format(_("$0 of $1"), size(ramNow), size(limit.ramKib))}
          points={all.ram}
          span={span}
          top={Math.max(1, ...all.ram.map(({ value }) => value * 1.2))}
        />
      </div>
      <div className="ds-toolbar">
        {shown.menu}
        <CommandHelp
          label={_("About instances")}
          text={_("Everything here counts against the tenant’s quota, whether it runs or not.")}
          commands={[commandOf(instances, "List", [tenant]), "dsecos instances create --help"]}
        />
        <span className="ds-grow" />
        {chosen.length > 0 && (
          <ButtonMenu
            label={ngettext("$0 chosen", "$0 chosen", chosen.length)}
            entries={instanceMenu(tenant, chosen, access)}
          />
        )}
        {create}
      </div>
      <Table
        label={_("Instances")}
        columns={shown.visible}
        rows={found}
        keyOf={keyOf}
        selection={selection}
        openMenu={openMenu}
      />
      {menu}
    </div>
  );
}
