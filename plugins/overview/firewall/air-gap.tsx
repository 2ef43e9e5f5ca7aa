/** What left the node, by counters: since the last statement, and the statements on record. */
import { node } from "../../../agent/node/contract.ts";
import type { AirGap, Statement } from "../../../agent/node/firewall/answers.ts";
import { client } from "../../lib/client.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _, format, relativeTime } from "../../lib/i18n.ts";
import { Failure, Loading } from "../../lib/states.tsx";
import { Tag } from "../../lib/tag.tsx";

export function AirGapStatements() {
  const { data, error, refresh } = useQuery("airgap", () => client(node).AirGap(), {
    every: 20_000,
  });
  if (!data) return error ? <Failure error={error} retry={refresh} /> : <Loading rows={2} />;
  return (
    <div className="ds-stack">
      {data.now ? <One statement={data.now} /> : <p>{_("Nothing counts what leaves.")}</p>}
      <Filed filed={data.filed} />
    </div>
  );
}

function Filed({ filed }: Pick<AirGap, "filed">) {
  if (filed.length === 0) return <p className="ds-subtle">{_("No statement is on record yet.")}</p>;
  return (
    <details>
      <summary>{format(_("$0 statements on record"), filed.length)}</summary>
      <ul className="ov-statements">
        {filed.map((statement) => (
          <li key={statement.sequence}>
            <One statement={statement} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function One({ statement }: { statement: Statement }) {
  const { from, to, text, whole, gaps } = statement;
  return (
    <div data-whole={whole}>
      <div className="ds-job-head">
        <Tag color={whole ? "green" : "orange"}>{whole ? _("whole") : _("with gaps")}</Tag>
        <span className="ds-subtle">
          {format(_("from $0 to $1"), relativeTime(from), relativeTime(to))}
        </span>
      </div>
      <p>{text}</p>
      {gaps.length > 0 && (
        <ul>
          {gaps.map((gap) => (
            <li key={gap}>{gap}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
