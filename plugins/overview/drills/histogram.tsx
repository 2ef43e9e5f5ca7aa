/** For how long services were gone over all drills of a kind: as bars with the aim marked, and as a table. */
import { type ReactNode, useId } from "react";
import type { Drills } from "../../../agent/cluster/drill/answers.ts";
import { ChoiceMenu } from "../../lib/choice.tsx";
import { _, format, number } from "../../lib/i18n.ts";
import { type Column, Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import {
  barsOf,
  changeKind,
  type DrillsView,
  kindsOf,
  type Row,
  shownKind,
  verdictOf,
} from "./view.ts";
import {
  duration,
  kindName,
  rowWords,
  serviceName,
  verdictColors,
  verdictName,
  whereName,
} from "./words.ts";

interface Props {
  histogram: Drills["histogram"];
  view: DrillsView;
}

export function Histogram({ histogram, view }: Props) {
  const kind = shownKind(histogram, view);
  if (kind === undefined) return <p className="ds-subtle">{_("No drill measured anything.")}</p>;
  const rows = histogram.filter((row) => row.kind === kind);
  return (
    <div className="ds-stack">
      <div className="ds-toolbar">
        <ChoiceMenu
          label={_("Kind of drill")}
          value={kind}
          options={kindsOf(histogram).map(([one, drills]) => [
            one,
            format(_("$0 ($1)"), kindName(one), number(drills)),
          ])}
          change={changeKind}
        />
        <span className="ds-subtle">
          {_(
            "The longest time between two answers in each drill, pauses between questions included. Bars end at so many seconds; what is aimed at is dashed.",
          )}
        </span>
      </div>
      <div className="ov-gaps">
        {rows.map((row) => (
          <Gap key={`${row.service} ${row.where}`} row={row} />
        ))}
      </div>
      <details>
        <summary>{_("The same as a table")}</summary>
        <Table
          label={_("How long services were gone")}
          columns={columns(rows)}
          rows={rows}
          keyOf={({ service, where }) => `${service} ${where}`}
        />
      </details>
    </div>
  );
}

export function VerdictTag({ row, children }: { row: Row; children?: ReactNode }) {
  const verdict = verdictOf(row);
  return (
    <Tag color={verdictColors[verdict]}>
      {children}
      {verdictName(verdict)}
    </Tag>
  );
}

function Gap({ row }: { row: Row }) {
  const id = useId();
  return (
    <figure
      className="ov-gap"
      aria-labelledby={id}
      data-gap={`${row.service} ${row.where}`}
      data-verdict={verdictOf(row)}
    >
      <figcaption id={id}>
        <strong>{serviceName(row.service)}</strong> <VerdictTag row={row} />
        <span className="ds-subtle">{whereName(row.where)}</span>
        <span>{rowWords(row)}</span>
      </figcaption>
      {/* The table below has all of it in words. */}
      <div className="ov-bars" aria-hidden="true">
        {barsOf(row).map(({ upToMs, drills, share, late, isAim }) => (
          <div key={upToMs} className={`ov-bar${isAim ? " ov-bar-aim" : ""}`}>
            <span>{drills > 0 && number(drills)}</span>
            <div
              className={late ? "ov-bar-late" : "ov-bar-fill"}
              style={{ blockSize: drills > 0 ? `max(2px, ${share * 4}rem)` : 0 }}
            />
            <span className="ov-bar-end">{endWords(upToMs)}</span>
          </div>
        ))}
      </div>
    </figure>
  );
}

/** In seconds; the last bar has no end. */
function endWords(upToMs: number | null): string {
  return upToMs === null ? _("more") : number(upToMs / 1000, 2);
}

function columns([first]: readonly Row[]): Column<Row>[] {
  const bars = first?.bars ?? [];
  return [
    { key: "service", title: _("Service"), render: ({ service }) => serviceName(service) },
    { key: "where", title: _("Where"), render: ({ where }) => whereName(where) },
    {
      key: "aim",
      title: _("Aim"),
      end: true,
      render: ({ aimMs }) => (aimMs === null ? "–" : duration(aimMs)),
    },
    { key: "verdict", title: _("Verdict"), render: (row) => <VerdictTag row={row} /> },
    { key: "drills", title: _("Drills"), end: true, render: ({ drills }) => number(drills) },
    { key: "p50", title: _("Half within"), end: true, render: ({ p50Ms }) => duration(p50Ms) },
    { key: "p95", title: _("95% within"), end: true, render: ({ p95Ms }) => duration(p95Ms) },
    { key: "longest", title: _("Longest"), end: true, render: (row) => duration(row.longestMs) },
    ...bars.map(({ upToMs }, index) => ({
      key: `bar-${index}`,
      title: upToMs === null ? _("longer") : format(_("to $0"), duration(upToMs)),
      end: true,
      render: (row: Row) => number(row.bars[index]?.drills ?? 0),
    })),
  ];
}
