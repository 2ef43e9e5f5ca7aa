/** The last hour of every node as small lines, with the same in words beside each. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { useState } from "react";
import {
  type HistoryAnswer,
  type Trend,
  trendMinutes,
} from "../../../agent/cluster/history/answers.ts";
import { Lines } from "../../lib/chart.tsx";
import { _, format, number, percent } from "../../lib/i18n.ts";
import { type Column, Table } from "../../lib/table.tsx";
import { runsOf } from "./view.ts";

/** Shown until somebody wants all. */
const fewest = 8;
/** Names with numbers in the order of the numbers. */
const names = new Intl.Collator("en", { numeric: true });

export function Trends({ trends }: Pick<HistoryAnswer, "trends">) {
  const [all, setAll] = useState(false);
  const sorted = [...trends].sort((one, other) => names.compare(one.node, other.node));
  if (sorted.length === 0) return null;
  return (
    <div className="ds-stack" data-trends={sorted.length}>
      <h3 className="pf-v6-c-title pf-m-md">{_("The last hour")}</h3>
      <Table
        label={_("Load of the nodes over the last hour")}
        columns={columns()}
        rows={all ? sorted : sorted.slice(0, fewest)}
        keyOf={({ node }) => node}
      />
      {sorted.length > fewest && (
        <Button variant="link" isInline onClick={() => setAll(!all)}>
          {all ? _("Show fewer") : format(_("Show $0 more"), number(sorted.length - fewest))}
        </Button>
      )}
    </div>
  );
}

function columns(): Column<Trend>[] {
  return [
    {
      key: "node",
      title: _("Node"),
      render: ({ node }) => <strong className="ov-name">{node}</strong>,
    },
    { key: "cpu", title: _("CPU"), render: ({ cpu }) => <Hour points={cpu} /> },
    { key: "memory", title: _("Memory"), render: ({ memory }) => <Hour points={memory} /> },
    { key: "disk", title: _("Fullest disk"), render: ({ disk }) => <Hour points={disk} /> },
  ];
}

function Hour({ points }: { points: Trend["cpu"] }) {
  const known = points.filter((point) => point !== null);
  if (known.length === 0) return <span className="ds-subtle">{_("not known")}</span>;
  const [least, most] = [Math.min(...known), Math.max(...known)].map((one) => percent(one / 100));
  const last = points.at(-1) ?? null;
  const now = last === null ? _("not known now") : percent(last / 100);
  return (
    <div className="ov-hour">
      <span>
        <strong>{now}</strong>{" "}
        <span className="ds-subtle">
          {least === most ? "" : format(_("$0 to $1"), least ?? "", most ?? "")}
        </span>
      </span>
      <Lines runs={runsOf(points)} span={trendMinutes} end={trendMinutes} top={100} />
    </div>
  );
}
