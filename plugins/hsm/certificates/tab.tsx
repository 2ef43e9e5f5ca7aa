/** Certificates: who may issue them, and all that were issued. */
import KeyIcon from "@patternfly/react-icons/dist/esm/icons/key-icon";
import { useMemo, useState } from "react";
import { hsm } from "../../../agent/hsm/contract.ts";
import {
  type Authorities,
  type CertificateRow,
  certificateStates,
  nodeOwner,
} from "../../../agent/hsm/pki/answers.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { ChoiceMenu } from "../../lib/choice.tsx";
import { client, listen } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { showDialog } from "../../lib/dialog.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _ } from "../../lib/i18n.ts";
import { changeText, sortedBy } from "../../lib/list.ts";
import { ListPages } from "../../lib/list-pages.tsx";
import { adjust } from "../../lib/location.ts";
import { AnchoredMenu, CheckMenu } from "../../lib/menu.tsx";
import { useShownColumns } from "../../lib/preferences.ts";
import { Search } from "../../lib/search.tsx";
import { Failure, Loading, NoMatch, Nothing, Stale } from "../../lib/states.tsx";
import { Table } from "../../lib/table.tsx";
import type { Part, PartProps } from "../part.ts";
import { TenantFilterField } from "../tenant-field.tsx";
import { AuthorityPanel } from "./authorities.tsx";
import { certificateMenu } from "./change.tsx";
import { certificateColumns } from "./columns.tsx";
import { IssueDialog } from "./issue.tsx";
import {
  type CertificateView,
  clearFilters,
  filterOf,
  isFiltered,
  pageSizes,
  readView,
} from "./view.ts";
import { stateName } from "./words.ts";

const everyMs = 60_000;
const changes = (changed: () => void) =>
  listen(hsm, "Changed", (what) => what.startsWith("certificates") && changed());

function CertificatesTab({ place }: PartProps) {
  const query = useQuery("authorities", () => client(hsm).Authorities(), {
    ...{ every: everyMs, changes },
  });
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading />;
  return (
    <div className="ds-stack">
      <Stale error={error} />
      <AuthorityPanel answer={data} stale={query.loading} />
      <Certificates place={place} authorities={data} />
    </div>
  );
}

function Certificates({
  place,
  authorities,
}: {
  place: PartProps["place"];
  authorities: Authorities;
}) {
  const access = useAccess();
  const view = useMemo(() => readView(place), [place]);
  const filter = filterOf(view);
  const query = useQuery(JSON.stringify(filter), () => client(hsm).Certificates(filter), {
    ...{ every: everyMs, changes },
  });
  const columns = useMemo(certificateColumns, []);
  const [shown, toggleColumn] = useShownColumns("certificates", columns);
  const tenants = authorities.rows
    .filter(({ tenant, state }) => tenant !== nodeOwner && state !== "expired")
    .map(({ tenant }) => tenant);
  const none = _("No tenant has an authority yet; make one first.");
  const issue = (
    <ActionButton
      why={access.why(hsm, "certify") ?? (tenants.length === 0 ? none : undefined)}
      onClick={() => showDialog(<IssueDialog tenants={tenants} tenant={view.tenant} />)}
    >
      {_("Issue a certificate")}
    </ActionButton>
  );
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading />;
  if (data.total === 0 && !isFiltered(view)) {
    return (
      <section className="ds-panel">
        <Nothing title={_("No certificate yet")} icon={KeyIcon} actions={issue}>
          {_(
            "A certificate lets a person or a service of a tenant prove who it is, without a password.",
          )}
        </Nothing>
      </section>
    );
  }
  const visible = columns.filter(({ key }) => key === "name" || shown.includes(key));
  return (
    <>
      <Stale error={error} />
      <div className="ds-toolbar">
        <Search
          label={_("Search in names, host names and serial numbers")}
          text={view.text}
          maximum={200}
          change={changeText}
        />
        <TenantFilterField
          label={_("Tenant")}
          tenant={view.tenant}
          change={(tenant) => adjust({ tenant: [tenant], cursor: [] })}
        />
        <ChoiceMenu
          label={_("State")}
          value={view.state ?? ""}
          options={[
            ["", _("All states")],
            ...certificateStates.map((state) => [state, stateName(state)] as const),
          ]}
          change={(state) => adjust({ state: [state], cursor: [] })}
        />
        <CheckMenu
          label={_("Columns")}
          entries={columns.slice(1).map(({ key, title }) => ({ key, label: title }))}
          chosen={shown}
          toggle={toggleColumn}
        />
        <span className="ds-grow" />
        {issue}
      </div>
      {data.rows.length === 0 ? (
        <NoMatch title={_("No certificate matches")} clear={clearFilters} />
      ) : (
        <Rows view={view} rows={data.rows} columns={visible} stale={query.loading} />
      )}
      <ListPages
        label={_("Pages of certificates")}
        view={view}
        shown={data.rows.length}
        total={data.total}
        next={data.next}
        sizes={pageSizes}
      />
    </>
  );
}

interface RowsProps {
  view: CertificateView;
  rows: readonly CertificateRow[];
  columns: ReturnType<typeof certificateColumns>;
  stale: boolean;
}

function Rows({ view, rows, columns, stale }: RowsProps) {
  const access = useAccess();
  const [menu, setMenu] = useState<{ row: CertificateRow; anchor: HTMLElement }>();
  return (
    <>
      <Table
        label={_("Certificates")}
        columns={columns}
        rows={rows}
        keyOf={({ tenant, serial }) => `${tenant}/${serial}`}
        stale={stale}
        openMenu={(row, anchor) => setMenu({ row, anchor })}
        sorting={sortedBy(view.order, view.descending)}
      />
      {menu && (
        <AnchoredMenu
          anchor={menu.anchor}
          entries={certificateMenu(menu.row, access)}
          close={() => setMenu(undefined)}
        />
      )}
    </>
  );
}

export const certificates: Part = {
  key: "certificates",
  title: () => _("Certificates"),
  help: () => ({
    text: _(
      "An authority’s key is in a token. It issues certificates to persons and services of its tenant alone, for 90 days at most, and says at any time which are revoked.",
    ),
    commands: [
      commandOf(hsm, "Authorities", []),
      commandOf(hsm, "Certificates", [{}]),
      "dsecos hsm issue --help",
      "dsecos hsm crl TENANT",
    ],
  }),
  Body: CertificatesTab,
};
