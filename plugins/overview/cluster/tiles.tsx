/** How many nodes are how, and what waits, each figure a way to those it counts. */
import type { ClusterStatus } from "../../../agent/cluster/answers.ts";
import { _, number } from "../../lib/i18n.ts";
import { edges, type Verdict, verdictIcons } from "./words.tsx";

export function countOf({ nodes }: ClusterStatus, verdict: Verdict): number {
  return nodes.filter((node) => node.verdict === verdict).length;
}

export function waiting({ nodes }: ClusterStatus): number {
  return nodes.reduce((sum, { facts }) => sum + (facts?.counts.approvals ?? 0), 0);
}

export function Tiles({ status }: { status: ClusterStatus }) {
  const tiles: { verdict: Verdict; title: string }[] = [
    { verdict: "bad", title: _("nodes bad") },
    { verdict: "warning", title: _("nodes weak") },
    { verdict: "unknown", title: _("nodes unknown") },
    { verdict: "good", title: _("nodes good") },
  ];
  return (
    <div className="ds-counts ov-tiles">
      {tiles.map(({ verdict, title }) => {
        const count = countOf(status, verdict);
        const Icon = verdictIcons[verdict];
        const edge = count > 0 ? edges[verdict] : "";
        return (
          <a key={verdict} className={`ds-panel ds-count ${edge}`} href={`#/?verdict=${verdict}`}>
            <strong>{number(count)}</strong>
            <span>
              <Icon /> {title}
            </span>
          </a>
        );
      })}
      <div className="ds-panel ds-count">
        <strong>{number(waiting(status))}</strong>
        <span>{_("requests wait for another person")}</span>
      </div>
    </div>
  );
}
