/** Settings that differ from Ceph's defaults, and which of them weaken the cluster. */
import { useMemo } from "react";
import { ceph } from "../../../agent/ceph/contract.ts";
import {
  type SettingRow,
  type SettingsPage,
  settingSources,
} from "../../../agent/ceph/settings/answers.ts";
import { Answered } from "../../lib/answered.tsx";
import { client } from "../../lib/client.ts";
import { useColumns } from "../../lib/columns.tsx";
import { commandOf } from "../../lib/command.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _, format, ngettext, number } from "../../lib/i18n.ts";
import { changeText } from "../../lib/list.ts";
import { Listing } from "../../lib/listing.tsx";
import { adjust } from "../../lib/location.ts";
import { CheckMenu } from "../../lib/menu.tsx";
import { Only } from "../../lib/only.tsx";
import { Search } from "../../lib/search.tsx";
import type { Column } from "../../lib/table.tsx";
import { changes } from "../changes.ts";
import { Facts } from "../facts.tsx";
import { Missing } from "../missing.tsx";
import type { Part, PartProps } from "../part.ts";
import { clearFilters, filterOf, pageSizes, readSettings, type SettingsView } from "./view.ts";
import { forWhom, levelName, sourceName } from "./words.ts";

/** Daemons are asked one by one, and not often. */
const everyMs = 60_000;

function SettingsTab({ place }: PartProps) {
  const view = useMemo(() => readSettings(place), [place]);
  const filter = filterOf(view);
  const query = useQuery(JSON.stringify(filter), () => client(ceph).Settings(filter), {
    ...{ every: everyMs, changes },
  });
  return (
    <Answered query={query}>
      {(page) => (
        <>
          <Missing sentences={page.missing} />
          <Summary page={page} />
          <Toolbar view={view} />
          <Settings view={view} page={page} stale={query.loading} />
        </>
      )}
    </Answered>
  );
}

function Summary({ page: { weak, asked, daemons } }: { page: SettingsPage }) {
  return (
    <p role="status" data-weak={weak}>
      {weak === 0
        ? _("None of these settings weakens anything that is known here.")
        : ngettext(
            "$0 of these settings weakens the cluster.",
            "$0 of these settings weaken the cluster.",
            weak,
          )}{" "}
      <span className="ds-subtle">
        {format(_("$0 of $1 daemons told what they run with."), number(asked), number(daemons))}
      </span>
    </p>
  );
}

function Toolbar({ view: { text, source, weak } }: { view: SettingsView }) {
  return (
    <div className="ds-toolbar">
      <Search
        label={_("Search in names, values and descriptions")}
        text={text}
        maximum={200}
        change={changeText}
      />
      <CheckMenu
        label={source.length ? _("Source (filtered)") : _("Source")}
        entries={settingSources.map((key) => ({ key, label: sourceName(key) }))}
        chosen={source}
        toggle={(key) =>
          adjust({
            ...{ cursor: [], open: [] },
            source: settingSources.filter((one) => (one === key) !== source.includes(one)),
          })
        }
      />
      <Only name="weak" on={weak} label={_("Only those that weaken something")} />
    </div>
  );
}

function Value({ row: { value, secret } }: { row: SettingRow }) {
  if (secret) return <span className="ds-subtle">{_("secret, and not shown")}</span>;
  return <span className="ce-code">{value === "" ? _("empty") : value}</span>;
}

function columnsOf(): Column<SettingRow>[] {
  return [
    {
      key: "name",
      title: _("Setting"),
      sort: "name",
      render: ({ name, weakens }) => (
        <>
          <strong className="ce-code">{name}</strong>
          {weakens && <div className="ds-trouble">{_("weakens the cluster")}</div>}
        </>
      ),
    },
    { key: "value", title: _("Value"), wrap: true, render: (row) => <Value row={row} /> },
    {
      key: "default",
      title: _("Default"),
      wrap: true,
      render: ({ fallback, known }) => (
        <span className="ce-code">{known ? fallback || _("empty") : _("unknown")}</span>
      ),
    },
    { key: "for", title: _("For"), sort: "section", render: (row) => forWhom(row) },
    { key: "source", title: _("From"), sort: "source", render: ({ source }) => sourceName(source) },
    {
      key: "level",
      title: _("Level"),
      sort: "level",
      optional: true,
      render: ({ level }) => levelName(level),
    },
  ];
}

interface SettingsProps {
  view: SettingsView;
  page: SettingsPage;
  stale: boolean;
}

function Settings({ view, page, stale }: SettingsProps) {
  const columns = useMemo(columnsOf, []);
  const shown = useColumns("ceph-settings", columns);
  return (
    <Listing
      label={_("Settings that differ")}
      pagesLabel={_("Pages of settings")}
      noMatch={_("No setting matches")}
      clear={clearFilters}
      columns={shown.visible}
      columnMenu={shown.menu}
      page={page}
      keyOf={({ id }) => id}
      view={view}
      sizes={pageSizes}
      stale={stale}
      details={{ name: ({ name }) => name, render: (row) => <Detail row={row} /> }}
    />
  );
}

function Detail({ row }: { row: SettingRow }) {
  const { weakens, description, known, runtime, daemons, daemonCount, level } = row;
  const more = daemonCount - daemons.length;
  return (
    <div className="ds-stack">
      {weakens && <p className="ds-bad">{weakens}</p>}
      <Facts
        facts={[
          [
            _("What it is for"),
            description ||
              (known
                ? _("Ceph says nothing of it.")
                : _(
                    "Ceph’s monitors know none of this name; it is a module’s, or another version’s.",
                  )),
          ],
          [_("Level"), levelName(level)],
          [
            _("Takes effect"),
            runtime ? _("at once") : _("when a daemon is started, for all that is known"),
          ],
          ...(daemons.length > 0
            ? [
                [
                  _("Daemons"),
                  `${daemons.join(", ")} ${more > 0 ? format(_("and $0 more"), number(more)) : ""}`,
                ] as const,
              ]
            : []),
        ]}
      />
    </div>
  );
}

export const settings: Part = {
  key: "settings",
  title: () => _("Settings"),
  help: () => ({
    text: _(
      "What somebody set otherwise than Ceph would: for the whole cluster, in a daemon’s ceph.conf, or by a command while it runs. A setting that weakens security says what it opens and what to do. Values that are or may be secrets are never shown.",
    ),
    commands: [commandOf(ceph, "Settings", [{}]), "ceph config dump", "ceph config show osd.0"],
  }),
  Body: SettingsTab,
};
