/** Tokens: whose each is, where it is, and what is wrong with it. */
import KeyIcon from "@patternfly/react-icons/dist/esm/icons/key-icon";
import { type ReactNode, useMemo } from "react";
import { hsm } from "../../../agent/hsm/contract.ts";
import type { DriverRow, DriversAnswer } from "../../../agent/hsm/drivers/answers.ts";
import { type TokenPage, type TokenRow, tokenStates } from "../../../agent/hsm/tokens/answers.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { Answered } from "../../lib/answered.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { client, listen } from "../../lib/client.ts";
import { useColumns } from "../../lib/columns.tsx";
import { commandOf } from "../../lib/command.ts";
import { showDialog } from "../../lib/dialog.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _ } from "../../lib/i18n.ts";
import { changeText } from "../../lib/list.ts";
import { Listing } from "../../lib/listing.tsx";
import { adjust } from "../../lib/location.ts";
import { CheckMenu } from "../../lib/menu.tsx";
import { useRowMenu } from "../../lib/row-menu.tsx";
import { Search } from "../../lib/search.tsx";
import { Nothing } from "../../lib/states.tsx";
import { TenantFilterField } from "../../lib/tenant-field.tsx";
import { NoDriver } from "../drivers/none.tsx";
import { works } from "../judge.ts";
import type { Part, PartProps } from "../part.ts";
import { tokenMenu } from "./acts.tsx";
import { tokenColumns } from "./columns.tsx";
import { CreateTokenDialog } from "./create.tsx";
import { TokenDetail } from "./detail.tsx";
import {
  clearFilters,
  filterOf,
  isFiltered,
  pageSizes,
  readTokenView,
  type TokenView,
} from "./view.ts";
import { tokenStateName } from "./words.ts";

const everyMs = 30_000;
const changes = (changed: () => void) => listen(hsm, "Changed", changed);

function TokensTab({ place, drivers }: PartProps) {
  const view = useMemo(() => readTokenView(place), [place]);
  const filter = filterOf(view);
  const query = useQuery(JSON.stringify(filter), () => client(hsm).Tokens(filter), {
    ...{ every: everyMs, changes },
  });
  return (
    <Answered query={query}>
      {(page) => <Found view={view} page={page} drivers={drivers} stale={query.loading} />}
    </Answered>
  );
}

interface FoundProps {
  view: TokenView;
  page: TokenPage;
  drivers: DriversAnswer;
  stale: boolean;
}

function Found({ view, page, drivers, stale }: FoundProps) {
  const create = <Create rows={drivers.rows} tenant={view.tenant} />;
  if (page.total === 0 && !isFiltered(view)) {
    if (drivers.rows.length === 0) return <NoDriver directory={drivers.directory} />;
    return (
      <section className="ds-panel">
        <Nothing title={_("No token yet")} icon={KeyIcon} actions={create}>
          {_(
            "A token holds the keys of one tenant, where no other tenant reaches them. Give a tenant one, then make keys in it.",
          )}
        </Nothing>
      </section>
    );
  }
  return (
    <>
      <Toolbar view={view} drivers={drivers}>
        {create}
      </Toolbar>
      <Rows view={view} page={page} drivers={drivers} stale={stale} />
    </>
  );
}

function Create({ rows, tenant }: { rows: readonly DriverRow[]; tenant: string }) {
  const ready = rows.filter(works);
  const none = ready.length === 0 ? _("No driver works; the overview says what to do.") : undefined;
  return (
    <ActionButton
      why={useAccess().why(hsm, "tokens") ?? none}
      onClick={() => showDialog(<CreateTokenDialog drivers={ready} tenant={tenant} />)}
    >
      {_("Give a tenant a token")}
    </ActionButton>
  );
}

interface ToolbarProps {
  view: TokenView;
  drivers: DriversAnswer;
  children: ReactNode;
}

function Toolbar({ view, drivers, children }: ToolbarProps) {
  const { state, troubled } = view;
  const begin = { cursor: [], open: [] };
  return (
    <div className="ds-toolbar">
      <Search
        label={_("Search in tokens, tenants, regions and serials")}
        text={view.text}
        maximum={200}
        change={changeText}
      />
      <TenantFilterField
        label={_("Tenant")}
        tenant={view.tenant}
        change={(tenant) => adjust({ ...begin, tenant: [tenant] })}
      />
      <CheckMenu
        label={state.length || troubled ? _("State (filtered)") : _("State")}
        entries={[
          ...tokenStates.map((key) => ({ key: key as string, label: tokenStateName(key) })),
          { key: "troubled", label: _("something is wrong") },
        ]}
        chosen={[...state, ...(troubled ? ["troubled"] : [])]}
        toggle={(key) => {
          if (key === "troubled") adjust({ ...begin, troubled: [troubled ? "" : "yes"] });
          else {
            adjust({
              ...begin,
              state: tokenStates.filter((one) => (one === key) !== state.includes(one)),
            });
          }
        }}
      />
      {drivers.rows.length > 1 && (
        <CheckMenu
          label={view.driver || _("Driver")}
          entries={drivers.rows.map(({ name }) => ({ key: name, label: name }))}
          chosen={[view.driver]}
          toggle={(driver) => adjust({ ...begin, driver: [driver === view.driver ? "" : driver] })}
        />
      )}
      <span className="ds-grow" />
      {children}
    </div>
  );
}

function Rows({ view, page, drivers, stale }: FoundProps) {
  const access = useAccess();
  const columns = useMemo(tokenColumns, []);
  const shown = useColumns("tokens", columns);
  const driverOf = ({ driver }: TokenRow) => drivers.rows.find(({ name }) => name === driver);
  const { openMenu, menu } = useRowMenu((row: TokenRow) => tokenMenu(row, driverOf(row), access));
  return (
    <>
      <Listing
        label={_("Tokens")}
        pagesLabel={_("Pages of tokens")}
        noMatch={_("No token matches")}
        clear={clearFilters}
        columns={shown.visible}
        columnMenu={shown.menu}
        page={page}
        keyOf={({ id }) => id}
        view={view}
        sizes={pageSizes}
        stale={stale}
        openMenu={openMenu}
        details={{
          name: ({ id }) => id,
          render: (row) => <TokenDetail row={row} driver={driverOf(row)} />,
        }}
      />
      {menu}
    </>
  );
}

export const tokens: Part = {
  key: "tokens",
  title: () => _("Tokens"),
  help: () => ({
    text: _(
      "A token is a partition of an HSM with a PIN of its own; each tenant has one for each driver. One that vanishes stays in the list as absent: its keys are not taken for gone, and nothing is made anew in its place.",
    ),
    commands: [commandOf(hsm, "Tokens", [{}]), "pkcs11-tool --module MODULE --list-slots"],
  }),
  Body: TokensTab,
};
