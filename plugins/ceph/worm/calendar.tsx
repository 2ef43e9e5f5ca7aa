/** What can be deleted when: periods with how much each lets go. */
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
      // The figures beside it say the same.
      render: ({ objects }) => (
        <div className="ds-meter-bar" aria-hidden="true">
          <div
            className="ds-meter-fill"
            style={{ inlineSize: `${most > 0 ? (objects / most) * 100 : 0}%` }}
          />
        </div>
      ),
    },
  ];
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
