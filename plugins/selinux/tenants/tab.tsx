/** Slots of the policy: who has which, with which types, and whether one reaches another. */
import SearchIcon from "@patternfly/react-icons/dist/esm/icons/search-icon";
import { type ReactNode, useMemo } from "react";
import type { SelinuxStatus } from "../../../agent/selinux/answers.ts";
import { selinux } from "../../../agent/selinux/contract.ts";
import { type SlotPage, slotSortKeys } from "../../../agent/selinux/settings/answers.ts";
import { ChoiceMenu } from "../../lib/choice.tsx";
import { client, listen } from "../../lib/client.ts";
import { useColumns } from "../../lib/columns.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, format, ngettext, number } from "../../lib/i18n.ts";
import {
  changeOption,
  changeText,
  type ListView,
  readList,
  readOrder,
  sortedBy,
} from "../../lib/list.ts";
import { ListPages } from "../../lib/list-pages.tsx";
import { first, type Place } from "../../lib/location.ts";
import { Meter } from "../../lib/meter.tsx";
import { Search } from "../../lib/search.tsx";
import { Failure, Loading, Nothing, Stale } from "../../lib/states.tsx";
import { Table } from "../../lib/table.tsx";
import { tabAddress } from "../view.ts";
import { slotColumns } from "./columns.tsx";
import { ReachPanel } from "./matrix.tsx";

const everyMs = 30_000;
const changes = (changed: () => void) => listen(selinux, "Changed", changed);
const pageSizes = [50, 100, 500, 1000];
const uses = ["all", "used", "spare"] as const;

interface View extends ListView {
  use: (typeof uses)[number];
  sort: (typeof slotSortKeys)[number];
  descending: boolean;
}

export function readView(place: Place): View {
  return {
    ...readList(place, pageSizes),
    ...readOrder(place, slotSortKeys),
    use: uses.find((use) => use === first(place, "use")) ?? "all",
  };
}

interface Props {
  place: Place;
  status: SelinuxStatus;
  stale: boolean;
}

export function TenantsTab({ place, status, stale }: Props) {
  return (
    <div className="ds-stack">
      <ReachPanel status={status} stale={stale} />
      {status.current === null ? (
        <NoSlots>{_("No policy is loaded, so there are none.")}</NoSlots>
      ) : (
        <Loaded place={place} />
      )}
    </div>
  );
}

function Loaded({ place }: { place: Place }) {
  const view = useMemo(() => readView(place), [place]);
  const { text, use, sort, descending, cursor, perPage } = view;
  const query = useQuery(
    JSON.stringify([text, use, sort, descending, cursor, perPage]),
    () =>
      client(selinux).Tenants({
        ...{ text: text.trim().slice(0, 100), use, sort, descending, cursor },
        limit: perPage,
      }),
    { every: everyMs, changes },
  );
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading />;
  return (
    <>
      <Stale error={error} />
      <Slots view={view} page={data} stale={query.loading} />
    </>
  );
}

function NoSlots({ children }: { children: ReactNode }) {
  return (
    <section className="ds-panel">
      <Nothing title={_("There are no slots for tenants")}>
        {children} {_("Tenants run here without types of their own.")}{" "}
        <a href={tabAddress("policies")}>{_("Build a policy that has slots.")}</a>
      </Nothing>
    </section>
  );
}

function Slots({ view, page, stale }: { view: View; page: SlotPage; stale: boolean }) {
  const columns = useMemo(slotColumns, []);
  const shown = useColumns("slots", columns);
  if (page.slots === 0) return <NoSlots>{_("The loaded policy has none.")}</NoSlots>;
  return (
    <>
      <Budget page={page} />
      <Troubles page={page} />
      <div className="ds-toolbar">
        <Search
          label={_("Search in names of tenants and types")}
          text={view.text}
          maximum={100}
          change={changeText}
        />
        <ChoiceMenu
          label={_("Which slots")}
          value={view.use}
          options={[
            ["all", _("All slots")],
            ["used", _("Those of tenants")],
            ["spare", _("Spare ones")],
          ]}
          change={(use) => changeOption("use", use === "all" ? "" : use)}
        />
      </div>
      {page.rows.length === 0 ? (
        <Nothing title={_("No slot matches")} icon={SearchIcon}>
          {_("Try other words, or take a filter away.")}
        </Nothing>
      ) : (
        <Table
          label={_("Slots")}
          columns={shown.visible}
          rows={page.rows}
          keyOf={({ name }) => name}
          stale={stale}
          sorting={sortedBy(view.sort, view.descending)}
        />
      )}
      <ListPages
        label={_("Pages of slots")}
        view={view}
        shown={page.rows.length}
        total={page.total}
        next={page.next}
        sizes={pageSizes}
        columns={shown.menu}
      />
    </>
  );
}

function Budget({ page: { slots, used, spare, typeIds, mostTypeIds } }: { page: SlotPage }) {
  return (
    <section className="ds-panel">
      <h2 className="pf-v6-c-title pf-m-md">{_("Slots and type ids")}</h2>
      <dl className="ds-facts">
        <dt>{_("Slots")}</dt>
        <dd>
          {format(
            _("$0, of which $1 are tenants’ and $2 are spare"),
            number(slots),
            number(used),
            number(spare),
          )}
        </dd>
        <dt>{_("Type ids")}</dt>
        <dd>
          <Meter
            label={_("Type ids that are taken")}
            used={typeIds}
            limit={mostTypeIds}
            write={number}
          />
        </dd>
      </dl>
    </section>
  );
}

function Troubles({ page: { missing, holdersUnknown } }: { page: SlotPage }) {
  return (
    <>
      {holdersUnknown && (
        <p className="ds-bad">{format(_("Who has which slot is unknown: $0"), holdersUnknown)}</p>
      )}
      {missing.length > 0 && (
        <p className="ds-bad" role="alert">
          {ngettext(
            "$0 tenant has a slot that the loaded policy does not have, and cannot run:",
            "$0 tenants have slots that the loaded policy does not have, and cannot run:",
            missing.length,
          )}{" "}
          {missing.map(({ tenant, slot }) => `${tenant} (${slot})`).join(", ")}.{" "}
          <a href={tabAddress("policies")}>{_("Build and load a policy that has them.")}</a>
        </p>
      )}
    </>
  );
}
