/** What OSDs store on, and how long it is expected to last. */
import { useMemo } from "react";
import { ceph } from "../../../agent/ceph/contract.ts";
import { type DeviceRow, type DevicesPage, outlooks } from "../../../agent/ceph/devices/answers.ts";
import { Answered } from "../../lib/answered.tsx";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _, format, ngettext, percent, size } from "../../lib/i18n.ts";
import { changeText } from "../../lib/list.ts";
import { Listing } from "../../lib/listing.tsx";
import { adjust } from "../../lib/location.ts";
import { CheckMenu } from "../../lib/menu.tsx";
import { Search } from "../../lib/search.tsx";
import { Nothing } from "../../lib/states.tsx";
import type { Column } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { changes } from "../changes.ts";
import { Counted } from "../counted.tsx";
import { Facts } from "../facts.tsx";
import { Missing } from "../missing.tsx";
import type { Part, PartProps } from "../part.ts";
import { osdColors, osdStateName } from "../topology/words.ts";
import { clearFilters, type DevicesView, filterOf, pageSizes, readDevices } from "./view.ts";
import { kindWords, outlookColors, outlookName } from "./words.ts";

const everyMs = 30_000;

function DevicesTab({ place }: PartProps) {
  const view = useMemo(() => readDevices(place), [place]);
  const filter = filterOf(view);
  const query = useQuery(JSON.stringify(filter), () => client(ceph).Devices(filter), {
    ...{ every: everyMs, changes },
  });
  return (
    <Answered query={query}>
      {(page) => (
        <>
          <Missing sentences={page.missing} />
          <Summary page={page} />
          <Devices view={view} page={page} stale={query.loading} />
        </>
      )}
    </Answered>
  );
}

function Summary({ page: { counts, disks } }: { page: DevicesPage }) {
  const words =
    disks === 0
      ? _("No OSD tells of a disk, so Ceph watches the health of none here.")
      : ngettext("They tell of $0 disk.", "They tell of $0 disks.", disks);
  return (
    <Counted
      title={_("OSDs by how long their disks last")}
      counts={outlooks.map((state) => ({
        ...{ state, count: counts[state], color: outlookColors[state], name: outlookName(state) },
      }))}
      why={`${words} ${_("What nobody foretold is never called good.")}`}
    />
  );
}

function columnsOf(): Column<DeviceRow>[] {
  return [
    {
      key: "osd",
      title: _("OSD"),
      sort: "osd",
      render: ({ name, state }) => (
        <>
          <strong>{name}</strong> <Tag color={osdColors[state]}>{osdStateName(state)}</Tag>
        </>
      ),
    },
    { key: "host", title: _("Host"), sort: "host", render: ({ host }) => host || _("unknown") },
    {
      key: "class",
      title: _("Class"),
      sort: "deviceClass",
      render: (row) => (
        <>
          {row.deviceClass || _("none")}
          <div className="ds-subtle">{kindWords(row)}</div>
        </>
      ),
    },
    {
      key: "size",
      title: _("Size"),
      end: true,
      render: ({ totalKiB }) => (totalKiB === null ? _("unknown") : size(totalKiB)),
    },
    {
      key: "disks",
      title: _("Disks"),
      wrap: true,
      render: ({ disks }) =>
        disks.length === 0 ? (
          <span className="ds-subtle">{_("none that it tells of")}</span>
        ) : (
          disks.map(({ id, path, model }) => (
            <div key={`${id} ${path}`}>
              {path} <span className="ds-subtle ce-code">{model}</span>
            </div>
          ))
        ),
    },
    {
      key: "wear",
      title: _("Worn"),
      sort: "wear",
      end: true,
      render: ({ disks }) => {
        const known = disks.flatMap(({ wear }) => wear ?? []);
        return known.length === 0 ? _("unknown") : percent(Math.max(...known));
      },
    },
    {
      key: "outlook",
      title: _("Expected to last"),
      sort: "outlook",
      wrap: true,
      render: ({ outlook, why }) => (
        <>
          <Tag color={outlookColors[outlook]}>{outlookName(outlook)}</Tag>
          <div className="ds-subtle">{why}</div>
        </>
      ),
    },
  ];
}

interface DevicesProps {
  view: DevicesView;
  page: DevicesPage;
  stale: boolean;
}

function Devices({ view, page, stale }: DevicesProps) {
  const columns = useMemo(columnsOf, []);
  const { outlook } = view;
  if (page.total === 0 && outlook.length === 0 && view.text.trim() === "") {
    return (
      <section className="ds-panel">
        <Nothing title={_("No OSD yet")}>{_("Nothing can be stored before there is one.")}</Nothing>
      </section>
    );
  }
  return (
    <>
      <div className="ds-toolbar">
        <Search
          label={_("Search in OSDs, hosts, classes and disks")}
          text={view.text}
          maximum={200}
          change={changeText}
        />
        <CheckMenu
          label={outlook.length ? _("Expected to last (filtered)") : _("Expected to last")}
          entries={outlooks.map((key) => ({ key, label: outlookName(key) }))}
          chosen={outlook}
          toggle={(key) =>
            adjust({
              ...{ cursor: [], open: [] },
              outlook: outlooks.filter((one) => (one === key) !== outlook.includes(one)),
            })
          }
        />
      </div>
      <Listing
        label={_("What OSDs store on")}
        pagesLabel={_("Pages of OSDs")}
        noMatch={_("No OSD matches")}
        clear={clearFilters}
        columns={columns}
        page={page}
        keyOf={({ name }) => name}
        view={view}
        sizes={pageSizes}
        stale={stale}
        details={{ name: ({ name }) => name, render: (row) => <Detail row={row} /> }}
      />
    </>
  );
}

function Detail({ row: { store, disks } }: { row: DeviceRow }) {
  const day = (time: string) => time.slice(0, 10);
  return (
    <Facts
      facts={[
        [_("Object store"), store || _("unknown")],
        ...disks.map(
          ({ id, path, failsFrom, failsTo, foretoldAt }) =>
            [
              path || id,
              `${id || _("no serial number")} · ${
                failsFrom === ""
                  ? _("nothing foretold")
                  : format(
                      _("expected to fail between $0 and $1, foretold on $2"),
                      day(failsFrom),
                      day(failsTo),
                      day(foretoldAt),
                    )
              }`,
            ] as const,
        ),
      ]}
    />
  );
}

export const devices: Part = {
  key: "devices",
  title: () => _("Devices"),
  help: () => ({
    text: _(
      "Ceph reads the health of disks from themselves and, where that is switched on, foretells when each will fail. OSDs in memory have no disk, and virtual disks have no serial number that their health could be kept under.",
    ),
    commands: [
      commandOf(ceph, "Devices", [{}]),
      "ceph device ls",
      "ceph device get-health-metrics DEVICE",
      "ceph osd metadata 0",
    ],
  }),
  Body: DevicesTab,
};
