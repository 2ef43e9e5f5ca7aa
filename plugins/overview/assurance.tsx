/** What can be relied on here: each verdict with its fact, its command and its age. */
import type { Check } from "../../agent/node/contract.ts";
import { verdictColors, verdictName } from "../lib/assurance.tsx";
import { Command } from "../lib/help.tsx";
import { useNow } from "../lib/hooks.ts";
import { _, relativeTime } from "../lib/i18n.ts";
import { Tag } from "../lib/tag.tsx";

/** Worst first. */
const order: readonly Check["verdict"][] = ["bad", "warning", "unknown", "good"];

export function Assurance({ checks }: { checks: readonly Check[] }) {
  const now = useNow();
  const sorted = [...checks].sort(
    (one, other) => order.indexOf(one.verdict) - order.indexOf(other.verdict),
  );
  return (
    <section className="ds-panel">
      <h2 className="pf-v6-c-title pf-m-md">{_("What can be relied on")}</h2>
      <ul className="ds-checks">
        {sorted.map((check) => (
          <li key={check.id} className="ds-assurance">
            <div className="ds-job-head">
              <Tag color={verdictColors[check.verdict]}>{verdictName(check.verdict)}</Tag>
              <strong>{check.title}</strong>
              <span className="ds-grow" />
              <span className="ds-subtle">{relativeTime(check.checkedAt, now)}</span>
            </div>
            <p>{check.fact}</p>
            {check.remedy && <p className="ds-subtle">{check.remedy}</p>}
            <Command text={check.command} />
          </li>
        ))}
      </ul>
    </section>
  );
}
