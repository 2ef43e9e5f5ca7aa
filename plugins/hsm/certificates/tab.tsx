/** Certificates: who may issue them, and all that were issued. */
import KeyIcon from "@patternfly/react-icons/dist/esm/icons/key-icon";
import { useMemo } from "react";
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
import { useColumns } from "../../lib/columns.tsx";
import { commandOf } from "../../lib/command.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _ } from "../../lib/i18n.ts";
import { changeText, sortedBy } from "../../lib/list.ts";
import { ListPages } from "../../lib/list-pages.tsx";
import { adjust } from "../../lib/location.ts";
import { useRowMenu } from "../../lib/row-menu.tsx";
import { Search } from "../../lib/search.tsx";
import { Failure, Loading, NoMatch, Nothing, Stale } from "../../lib/states.tsx";
import { Table } from "../../lib/table.tsx";
import { TenantFilterField } from "../../lib/tenant-field.tsx";
import type { Part, PartProps } from "../part.ts";
import { AuthorityPanel } from "./authorities.tsx";
import { certificateColumns } from "./columns.tsx";
import { certificateMenu } from "./menu.tsx";
import { openDialog } from "./open.tsx";
import { clearFilters, filterOf, isFiltered, pageSizes, readView } from "./view.ts";
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
  const shown = useColumns("certificates", columns);
  const { openMenu, menu } = useRowMenu((row: CertificateRow) => certificateMenu(row, access));
  const tenants = authorities.rows
    .filter(({ tenant, state }) => tenant !== nodeOwner && state !== "expired")
    .map(({ tenant }) => tenant);
  const none = _("No tenant has an authority yet; make one first.");
  const issue = (
    <ActionButton
      why={access.why(hsm, "certify") ?? (tenants.length === 0 ? none : undefined)}
      onClick={() =>
        openDialog(({ IssueDialog }) => <IssueDialog tenants={tenants} tenant={view.tenant} />)
      }
    >
      {_("Issue a certificate")}
    </ActionButton>
  );
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading />;
  if (data.total === 0 && !isFiltered(view) && data.missing.length === 0) {
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
        <span className="ds-grow" />
        {issue}
      </div>
      {data.rows.length === 0 ? (
        <NoMatch
          title={
            data.missing.length > 0
              ? _("No certificate that can be read matches")
              : _("No certificate matches")
          }
          clear={clearFilters}
        />
      ) : (
        <Table
          label={_("Certificates")}
          columns={shown.visible}
          rows={data.rows}
          keyOf={({ tenant, serial }) => `${tenant}/${serial}`}
          stale={query.loading}
          openMenu={openMenu}
          sorting={sortedBy(view.order, view.descending)}
        />
      )}
      <ListPages
        label={_("Pages of certificates")}
        view={view}
        shown={data.rows.length}
        total={data.total}
        next={data.next}
        sizes={pageSizes}
        columns={shown.menu}
      />
      {menu}
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
