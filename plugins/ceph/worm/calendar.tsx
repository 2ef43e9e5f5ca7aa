/** What can be deleted when: periods with how much each lets go. */
import type { HeldFiles } from "../../../agent/ceph/objects/retention/answers.ts";
import { _, number, size } from "../../lib/i18n.ts";
import { type Column, Table } from "../../lib/table.tsx";
import { inOrder, periodName, type Until } from "./words.ts";

function columns(most: number): Column<Until>[] {
  return [
    { key: "period", title: _("From"), render: ({ period }) => periodName(period) },
    {
      key: "objects",
      title: _("Objects"),
      end: true,
      render: ({ objects }) => number(objects),
    },
    { key: "bytes", title: _("Size"), end: true, render: ({ bytes }) => size(bytes / 1024) },
    {
      key: "share",
      title: _("Share"),
      render: ({ objects }) => <Bar share={most > 0 ? objects / most : 0} />,
    },
  ];
}

/** The figures beside it say the same. */
function Bar({ share }: { share: number }) {
  return (
    <div className="ds-meter-bar" aria-hidden="true">
      <div className="ds-meter-fill" style={{ inlineSize: `${share * 100}%` }} />
    </div>
  );
}

/** Of all file volumes together. */
export function SnapshotCalendar({ files }: { files: readonly HeldFiles[] }) {
  const counts = new Map<string, number>();
  for (const { period, snapshots } of files.flatMap(({ until }) => until)) {
    counts.set(period, (counts.get(period) ?? 0) + snapshots);
  }
  if (counts.size === 0) return <p>{_("No snapshot is kept.")}</p>;
  const rows = [...counts].map(([period, objects]) => ({ period, objects, bytes: 0 }));
  const most = Math.max(...counts.values());
  const columns: Column<Until>[] = [
    { key: "period", title: _("From"), render: ({ period }) => periodName(period) },
    {
      key: "snapshots",
      title: _("Snapshots"),
      end: true,
      render: ({ objects }) => number(objects),
    },
    { key: "share", title: _("Share"), render: ({ objects }) => <Bar share={objects / most} /> },
  ];
  return (
    <Table
      label={_("Which snapshots are over when")}
      columns={columns}
      rows={inOrder(rows)}
      keyOf={({ period }) => period}
    />
  );
}

export function CalendarTable({ label, until }: { label: string; until: readonly Until[] }) {
  if (until.length === 0) return <p>{_("Nothing in it is held.")}</p>;
  const most = Math.max(...until.map(({ objects }) => objects));
  return (
    <Table
      label={label}
      columns={columns(most)}
      rows={inOrder(until)}
      keyOf={({ period }) => period}
    />
  );
}
