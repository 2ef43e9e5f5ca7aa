/** Where events come from, what was left out of each, and whether any are missing. */
import type { SourceStatus } from "../../agent/audit/answers.ts";
import { useNow } from "../lib/hooks.ts";
import { _, number, relativeTime } from "../lib/i18n.ts";
import { Nothing } from "../lib/states.tsx";
import { type Column, Table } from "../lib/table.tsx";
import { Tag } from "../lib/tag.tsx";
import { sourceName, stateColors, stateName } from "./words.ts";

function columns(now: number): Column<SourceStatus>[] {
  return [
    { key: "name", title: _("Source"), render: ({ name }) => <strong>{sourceName(name)}</strong> },
    {
      key: "state",
      title: _("State"),
      render: ({ state }) => <Tag color={stateColors[state]}>{stateName(state)}</Tag>,
    },
    {
      key: "at",
      title: _("Last event"),
      render: ({ at }) => (at ? relativeTime(at, now) : _("none yet")),
    },
    { key: "received", title: _("Received"), end: true, render: (row) => number(row.received) },
    {
      key: "suppressed",
      title: _("Left out, counted"),
      end: true,
      render: (row) => number(row.suppressed),
    },
    {
      key: "gaps",
      title: _("Gaps"),
      end: true,
      render: ({ gaps }) => <span className={gaps > 0 ? "ds-bad" : ""}>{number(gaps)}</span>,
    },
    { key: "text", title: _("In words"), wrap: true, render: ({ text }) => text },
  ];
}

export function Sources({ sources }: { sources: readonly SourceStatus[] }) {
  const now = useNow(5000);
  if (sources.length === 0) {
    return (
      <Nothing title={_("No source is known")}>
        {_("The agent tells of its sources as soon as it has started them.")}
      </Nothing>
    );
  }
  return (
    <div className="ds-stack">
      <p>
        {_(
          "Each source may write only so many events at a time, so that none can drown the others. What is left out is counted and recorded; a gap is a run of events that never arrived.",
        )}
      </p>
      <Table
        label={_("Sources")}
        columns={columns(now)}
        rows={sources}
        keyOf={({ name }) => name}
      />
    </div>
  );
}
