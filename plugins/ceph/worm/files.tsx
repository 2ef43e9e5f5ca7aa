/** Each WORM file volume with its snapshots, and how a file is brought back from one. */
import { useState } from "react";
import { ceph } from "../../../agent/ceph/contract.ts";
import type { HeldFiles } from "../../../agent/ceph/objects/retention/answers.ts";
import type { SnapshotRow } from "../../../agent/ceph/volumes/snapshots/answers.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { toPageError } from "../../lib/errors.ts";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, dateTime, format, ngettext, number, relativeTime } from "../../lib/i18n.ts";
import { Failure, Loading, Stale } from "../../lib/states.tsx";
import { type Column, type Details, Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { toast } from "../../lib/toasts.tsx";
import { changes } from "../volumes/changes.ts";
import { volumeAddress } from "../volumes/view.ts";
import { days, hours, stateColors, stateName } from "./words.ts";

const nameOf = ({ tenant, volume }: HeldFiles) => `${tenant}/${volume}`;

function columns(): Column<HeldFiles>[] {
  return [
    {
      key: "volume",
      title: _("Volume"),
      render: ({ tenant, volume }) => (
        <>
          <a className="ds-name" href={volumeAddress(tenant, volume)}>
            {volume}
          </a>
          <div className="ds-subtle">{tenant}</div>
        </>
      ),
    },
    {
      key: "state",
      title: _("Snapshots"),
      render: ({ state, at }) => (
        <>
          <Tag color={stateColors[state]}>{stateName(state)}</Tag>
          <div className="ds-subtle" title={at && dateTime(at)}>
            {at ? relativeTime(at) : _("never")}
          </div>
        </>
      ),
    },
    {
      key: "kept",
      title: _("Kept for"),
      end: true,
      render: ({ retention }) => days(retention),
    },
    {
      key: "taken",
      title: _("Taken"),
      render: ({ every, newest }) => (
        <>
          {format(_("every $0"), hours(every))}
          <div className="ds-subtle" title={newest && dateTime(newest)}>
            {newest ? format(_("the last one $0"), relativeTime(newest)) : _("none yet")}
          </div>
        </>
      ),
    },
    { key: "snapshots", title: _("There are"), end: true, render: (row) => number(row.snapshots) },
    {
      key: "last",
      title: _("The last is kept until"),
      render: ({ last }) =>
        last === "" ? (
          <span className="ds-subtle">{_("nothing is held")}</span>
        ) : (
          <span title={dateTime(last)}>{relativeTime(last)}</span>
        ),
    },
    {
      key: "weak",
      title: _("Not as promised"),
      wrap: true,
      render: ({ lost }) =>
        lost > 0 ? (
          ngettext(
            "$0 snapshot was gone before its time",
            "$0 snapshots were gone before their time",
            lost,
          )
        ) : (
          <span className="ds-subtle">{_("nothing")}</span>
        ),
    },
  ];
}

interface Props {
  files: readonly HeldFiles[];
  open: ReadonlySet<string>;
  toggle: (key: string) => void;
}

export function Files({ files, open, toggle }: Props) {
  const details: Details<HeldFiles> = {
    open,
    toggle,
    name: nameOf,
    render: (row) => (
      <div className="ds-stack">
        {row.error && <p className="ds-bad">{row.error}</p>}
        <Kept row={row} />
      </div>
    ),
  };
  return (
    <section className="ds-stack" data-files={number(files.length)}>
      <h2 className="pf-v6-c-title pf-m-md">{_("File volumes, held by snapshots")}</h2>
      <Table
        label={_("File volumes with snapshots")}
        columns={columns()}
        rows={files}
        keyOf={nameOf}
        details={details}
      />
    </section>
  );
}

const snapshotColumns = (): Column<SnapshotRow>[] => [
  { key: "at", title: _("Taken"), render: ({ at }) => dateTime(at) },
  {
    key: "until",
    title: _("Kept until"),
    render: ({ until }) => format(_("$0, $1"), dateTime(until), relativeTime(until)),
  },
  {
    key: "by",
    title: _("By"),
    render: ({ asked }) => (asked ? _("an operator") : _("the schedule")),
  },
  {
    key: "name",
    title: _("Name"),
    render: ({ name }) => <span className="ce-code">{name}</span>,
  },
];

/** Asked of Ceph when the row is opened. */
function Kept({ row }: { row: HeldFiles }) {
  const { tenant, volume } = row;
  const query = useQuery(`snapshots ${nameOf(row)}`, () => client(ceph).Snapshots(tenant, volume), {
    changes,
  });
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading rows={2} />;
  return (
    <>
      <Stale error={error} />
      <div className="ds-toolbar">
        <TakeButton row={row} taken={query.refresh} />
      </div>
      {data.rows.length === 0 ? (
        <p>{_("There is no snapshot: none is taken while nothing is in the volume.")}</p>
      ) : (
        <Table
          label={format(_("Snapshots of $0"), nameOf(row))}
          columns={snapshotColumns()}
          rows={data.rows}
          keyOf={({ name }) => name}
        />
      )}
      <p>
        {_(
          "A file is brought back by copying it from a snapshot, where the volume is mounted (DIRECTORY):",
        )}
      </p>
      <Command text={data.restore} />
    </>
  );
}

function TakeButton({ row, taken }: { row: HeldFiles; taken: () => void }) {
  const { tenant, volume, state } = row;
  const access = useAccess();
  const [busy, setBusy] = useState(false);
  const closed = state === "closed" ? _("It waits to be removed; restore it first.") : undefined;
  async function take(): Promise<void> {
    setBusy(true);
    try {
      const { until } = await client(ceph).TakeSnapshot(tenant, volume);
      toast("success", _("The snapshot was taken"), format(_("Kept until $0."), dateTime(until)));
      taken();
    } catch (cause) {
      toast("danger", _("The snapshot was not taken"), toPageError(cause).message);
    } finally {
      setBusy(false);
    }
  }
  return (
    <>
      <ActionButton
        variant="secondary"
        why={access.why(ceph, "storage") ?? closed}
        isDisabled={busy}
        onClick={take}
      >
        {_("Take a snapshot now")}
      </ActionButton>
      <Command text={commandOf(ceph, "TakeSnapshot", [tenant, volume])} />
    </>
  );
}
