/** Each health code: what Ceph says, why that is, what it puts at risk, and what to do. */
import type { HealthCheck } from "../../../agent/ceph/health/answers.ts";
import { Command } from "../../lib/help.tsx";
import { _, format, number } from "../../lib/i18n.ts";
import { Tag } from "../../lib/tag.tsx";
import { severityColors, severityName } from "./words.ts";

export function Codes({ checks }: { checks: readonly HealthCheck[] }) {
  if (checks.length === 0) return null;
  return (
    <section aria-label={_("What is wrong")} className="ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("What is wrong")}</h2>
      <div className="ce-codes">
        {checks.map((check) => (
          <Code key={check.code} check={check} />
        ))}
      </div>
    </section>
  );
}

function Code({ check }: { check: HealthCheck }) {
  const { code, severity, title, says, muted, cause, risk, remedy, command } = check;
  return (
    <article className="ds-panel ds-stack" data-code={code} data-severity={severity}>
      <div className="ds-job-head">
        <Tag color={severityColors[severity]}>{severityName(severity)}</Tag>
        <h3 className="ce-subtitle">{title}</h3>
        {muted && <Tag color="grey">{_("muted")}</Tag>}
        <span className="ds-grow" />
        <code className="ce-code">{code}</code>
      </div>
      <p>{says}</p>
      <Details check={check} />
      <dl className="ds-facts">
        <dt>{_("Cause")}</dt>
        <dd>{cause}</dd>
        <dt>{_("Risk")}</dt>
        <dd>{risk}</dd>
        <dt>{_("What to do")}</dt>
        <dd>{remedy}</dd>
      </dl>
      {command && <Command text={command} />}
    </article>
  );
}

function Details({ check: { details, detailCount } }: { check: HealthCheck }) {
  if (details.length === 0) return null;
  return (
    <ul className="ce-details">
      {details.map((detail) => (
        <li key={detail} className="ce-code">
          {detail}
        </li>
      ))}
      {detailCount > details.length && (
        <li className="ds-subtle">
          {format(_("the first $0 of $1"), number(details.length), number(detailCount))}
        </li>
      )}
    </ul>
  );
}
