/** Where OSDs are: regions and sites drawn, and the whole tree below. */
import { useMemo } from "react";
import { ceph } from "../../../agent/ceph/contract.ts";
import { details, osdStates, type TopologyPage } from "../../../agent/ceph/topology/answers.ts";
import { Answered } from "../../lib/answered.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { ChoiceMenu } from "../../lib/choice.tsx";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _ } from "../../lib/i18n.ts";
import { changeOption, changeText } from "../../lib/list.ts";
import { Listing } from "../../lib/listing.tsx";
import { adjust } from "../../lib/location.ts";
import { CheckMenu, type MenuEntry } from "../../lib/menu.tsx";
import { useRowMenu } from "../../lib/row-menu.tsx";
import { Search } from "../../lib/search.tsx";
import { osdMenu } from "../actions/menus.tsx";
import { changes, everyMs } from "../changes.ts";
import { Missing } from "../missing.tsx";
import type { Part, PartProps } from "../part.ts";
import { topologyColumns } from "./columns.tsx";
import { Drawing } from "./drawing.tsx";
import {
  clearFilters,
  filterOf,
  pageSizes,
  readTopologyView,
  type TopologyView,
  underAddress,
} from "./view.ts";
import { osdStateName } from "./words.ts";

function TopologyTab({ place }: PartProps) {
  const view = useMemo(() => readTopologyView(place), [place]);
  const filter = filterOf(view);
  const query = useQuery(JSON.stringify(filter), () => client(ceph).Topology(filter), {
    ...{ every: everyMs, changes },
  });
  return (
    <div className="ds-stack">
      <Drawing />
      <Toolbar view={view} detail={query.data?.detail ?? "osds"} />
      <Trail under={view.under} />
      <Answered query={query}>
        {(page) => (
          <>
            <Missing sentences={page.missing} />
            <Rows view={view} page={page} stale={query.loading} />
          </>
        )}
      </Answered>
    </div>
  );
}

function Toolbar({ view, detail }: { view: TopologyView; detail: TopologyPage["detail"] }) {
  const { state } = view;
  const names = { sites: _("down to sites"), hosts: _("down to hosts"), osds: _("down to OSDs") };
  return (
    <div className="ds-toolbar">
      <Search
        label={_("Search in places, types and devices")}
        text={view.text}
        maximum={200}
        change={changeText}
      />
      <CheckMenu
        label={state.length ? _("State (filtered)") : _("State")}
        entries={osdStates.map((key) => ({ key, label: osdStateName(key) }))}
        chosen={state}
        toggle={(key) =>
          adjust({
            ...{ cursor: [], open: [] },
            state: osdStates.filter((one) => (one === key) !== state.includes(one)),
          })
        }
      />
      <ChoiceMenu
        label={_("How far down")}
        value={view.detail || detail}
        options={details.map((key) => [key, names[key]] as const)}
        change={(value) => changeOption("detail", value)}
      />
    </div>
  );
}

/** The way from the root to the bucket that is shown, each a way back. */
function Trail({ under }: { under: string }) {
  if (under === "") return null;
  const names = under.split("/");
  return (
    <nav aria-label={_("Where in the tree")} className="ds-toolbar">
      <a href="#/topology">{_("Whole cluster")}</a>
      {names.map((name, at) => {
        const path = names.slice(0, at + 1).join("/");
        const isLast = at === names.length - 1;
        return (
          <span key={path}>
            {"› "}
            {isLast ? (
              <strong aria-current="true">{name}</strong>
            ) : (
              <a href={`#/topology?under=${encodeURIComponent(path)}`}>{name}</a>
            )}
          </span>
        );
      })}
    </nav>
  );
}

function Rows({ view, page, stale }: { view: TopologyView; page: TopologyPage; stale: boolean }) {
  const columns = useMemo(topologyColumns, []);
  const access = useAccess();
  const { openMenu, menu } = useRowMenu((row: TopologyPage["rows"][number]) =>
    row.osd ? osdMenu(row, access) : bucketMenu(row.path),
  );
  return (
    <>
      <Listing
        label={_("Regions, sites, hosts and OSDs")}
        pagesLabel={_("Pages of the tree")}
        noMatch={_("Nothing in the tree matches")}
        clear={clearFilters}
        columns={columns}
        page={page}
        keyOf={({ path }) => path}
        view={view}
        sizes={pageSizes}
        stale={stale}
        details={{ name: ({ name }) => name, render: (row) => <Detail row={row} /> }}
        openMenu={openMenu}
      />
      {menu}
    </>
  );
}

function bucketMenu(path: string): MenuEntry[] {
  const run = () => {
    location.hash = underAddress(path);
  };
  return [{ key: "under", label: _("Show it alone"), run }];
}

function Detail({ row }: { row: TopologyPage["rows"][number] }) {
  const facts = [
    [_("Path"), row.path],
    [_("Region"), row.region || _("none")],
    [_("Site"), row.site || _("none")],
    [_("Host"), row.host || _("none")],
  ] as const;
  return (
    <div className="ds-stack">
      {row.troubles.map((trouble) => (
        <p key={trouble} className="ds-bad">
          {trouble}
        </p>
      ))}
      <dl className="ds-facts">
        {facts.map(([title, value]) => (
          <div key={title} className="ce-fact">
            <dt>{title}</dt>
            <dd className="ce-code">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

export const topology: Part = {
  key: "topology",
  title: () => _("Topology"),
  help: () => ({
    text: _(
      "The CRUSH map says where each OSD stands: region, site, host. Rules place copies by it, so an OSD in the wrong place puts data there. Down: it does not answer. Out: no data is placed on it.",
    ),
    commands: [commandOf(ceph, "Topology", [{}]), "ceph osd tree", "ceph osd df tree"],
  }),
  Body: TopologyTab,
};
