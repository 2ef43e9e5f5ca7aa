/** How the cluster is, in one line with its colour in words. */
import type { CephHealth } from "../../../agent/ceph/health/answers.ts";
import type { Check } from "../../../agent/node/contract.ts";
import { verdictColors, verdictName } from "../../lib/assurance.tsx";
import { _, dateTime, format } from "../../lib/i18n.ts";
import { Tag } from "../../lib/tag.tsx";
import { judge } from "./words.ts";

/** Written out, since the build takes rules out of the style sheet whose names occur nowhere. */
const edges: Record<Check["verdict"], string> = {
  good: "ce-good",
  warning: "ce-warning",
  bad: "ce-bad",
  unknown: "",
};

interface VerdictProps {
  health: CephHealth;
  /** Of its daemons, those that do not answer this node. */
  silent: number;
  stale: boolean;
}

export function Verdict({ health, silent, stale }: VerdictProps) {
  const { verdict, sentence } = judge(health, stale, silent);
  return (
    <section className={`ds-panel ds-stack ce-verdict ${edges[verdict]}`} data-verdict={verdict}>
      <h2 className="pf-v6-c-title pf-m-md">
        <Tag color={verdictColors[verdict]}>{verdictName(verdict)}</Tag>{" "}
        {_("Health of the cluster")}
      </h2>
      <p role="status">{sentence}</p>
      <p className="ds-subtle">{format(_("asked on $0"), dateTime(health.at))}</p>
    </section>
  );
}
