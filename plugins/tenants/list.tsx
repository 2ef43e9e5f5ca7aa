/** The table of all tenants. */
import TenantsIcon from "@patternfly/react-icons/dist/esm/icons/building-icon";
import { useMemo } from "react";
import { type Tenant, tenantSortKeys, tenants } from "../../agent/tenants/contract.ts";
import { ActionButton } from "../lib/action-button.tsx";
import { Approvals } from "../lib/approvals.tsx";
import { useAccess } from "../lib/capabilities.tsx";
import { listen } from "../lib/client.ts";
import { useColumns } from "../lib/columns.tsx";
import { commandOf } from "../lib/command.ts";
import { showDialog } from "../lib/dialog.tsx";
import { Frame } from "../lib/frame.tsx";
import { CommandHelp } from "../lib/help.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _, ngettext } from "../lib/i18n.ts";
import type { Place } from "../lib/location.ts";
import { ButtonMenu } from "../lib/menu.tsx";
import { Pages } from "../lib/pages.tsx";
import { useSelection } from "../lib/preferences.ts";
import { useRowMenu } from "../lib/row-menu.tsx";
import { Failure, Loading, NoMatch, Nothing, Stale } from "../lib/states.tsx";
import { Table } from "../lib/table.tsx";
import { bulkMenu, tenantMenu } from "./acts.tsx";
import { tenantColumns } from "./columns.tsx";
import { CreateDialog } from "./create.tsx";
import { loadTenants, type TenantPage } from "./load.ts";
import { clearFilters, Toolbar } from "./toolbar.tsx";
import { changePage, changeView, isFiltered, readView, type View } from "./view.ts";

const changes = (changed: () => void) => listen(tenants, "Changed", changed);
const keyOf = ({ name }: Tenant) => name;
/** Signals bring changes; this is for what no signal tells, such as live use. */
const everyMs = 30_000;
/** Whose requests are carried out here. */
const contracts = [tenants];

export function TenantList({ place, first }: { place: Place; first?: Promise<TenantPage> }) {
  const view = useMemo(() => readView(place), [place]);
  const query = useQuery(JSON.stringify(view), () => loadTenants(view), {
    every: everyMs,
    changes,
    ...(first ? { first } : {}),
  });
  const access = useAccess();
  const why = access.why(tenants, "create");
  const create = (
    <ActionButton why={why} onClick={() => showDialog(<CreateDialog />)}>
      {_("Create a tenant")}
    </ActionButton>
  );
  const { data, error } = query;
  return (
    <Frame title={_("Tenants")} beside={<Help view={view} />}>
      <Approvals own={contracts} />
      {data && <Stale error={error} />}
      {data && (data.total > 0 || isFiltered(view)) ? (
        <Found view={view} found={data} stale={query.loading} create={create} />
      ) : error ? (
        <Failure error={error} retry={query.refresh} />
      ) : data ? (
        <FirstTenant create={create} />
      ) : (
        <Loading />
      )}
    </Frame>
  );
}

function Help({ view }: { view: View }) {
  const { search, sort, descending } = view.filter;
  const listed = { search, sort: sort === "name" ? "" : sort, descending };
  return (
    <CommandHelp
      label={_("About tenants")}
      text={_(
        "A tenant is an agency with its own SELinux domain, quota and Incus project. What it runs cannot see or reach another tenant.",
      )}
      commands={[commandOf(tenants, "List", [listed]), "dsecos tenants create --help"]}
    />
  );
}

function FirstTenant({ create }: { create: React.ReactNode }) {
  return (
    <Nothing title={_("No tenant yet")} icon={TenantsIcon} actions={create}>
      {_(
        "A tenant is an agency that runs its own containers and virtual machines here, within a quota and confined from all others. Create the first one, then import an image and start instances in it.",
      )}
    </Nothing>
  );
}

interface FoundProps {
  view: View;
  found: TenantPage;
  stale: boolean;
  create: React.ReactNode;
}

function Found({ view, found, stale, create }: FoundProps) {
  const access = useAccess();
  const columns = useMemo(tenantColumns, []);
  const shown = useColumns("tenants", columns);
  const selection = useSelection();
  const chosen = found.rows.filter(({ name }) => selection.chosen.has(name));
  const { openMenu, menu } = useRowMenu((row: Tenant) => tenantMenu(row, access));
  const jurisdictions = useMemo(
    () =>
      [
        ...new Set([...found.rows.map((row) => row.jurisdiction), ...view.filter.jurisdiction]),
      ].sort(),
    [found.rows, view.filter.jurisdiction],
  );
  return (
    <>
      <Toolbar view={view} columns={shown.menu} jurisdictions={jurisdictions}>
        {chosen.length > 0 && (
          <ButtonMenu
            label={ngettext("$0 chosen", "$0 chosen", chosen.length)}
            entries={bulkMenu(chosen, access)}
          />
        )}
        {create}
      </Toolbar>
      {found.rows.length === 0 ? (
        <NoMatch title={_("No tenant matches")} clear={() => clearFilters(view)} />
      ) : (
        <Table
          label={_("Tenants")}
          columns={shown.visible}
          rows={found.rows}
          keyOf={keyOf}
          stale={stale}
          selection={selection}
          openMenu={openMenu}
          sorting={{
            key: view.filter.sort,
            descending: view.filter.descending,
            change: (key, descending) =>
              changeView(view, {
                sort: tenantSortKeys.find((known) => known === key) ?? "name",
                descending,
              }),
          }}
        />
      )}
      {found.total > 0 && (
        <Pages page={view.page} perPage={view.perPage} total={found.total} change={changePage} />
      )}
      {menu}
    </>
  );
}
