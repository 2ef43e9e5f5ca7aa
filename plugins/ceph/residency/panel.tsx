/** Whether data stays in its jurisdiction, as the agent proved it last, with the reason for every verdict. */
import { ceph } from "../../../agent/ceph/contract.ts";
import type { Residency } from "../../../agent/ceph/residency/answers.ts";
import type { PoolVerdict, Verdict } from "../../../agent/ceph/residency/verdict.ts";
import { verdictColors, verdictName } from "../../lib/assurance.tsx";
import { client } from "../../lib/client.ts";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, dateTime, format, ngettext, number } from "../../lib/i18n.ts";
import { Failure, Loading, Stale } from "../../lib/states.tsx";
import { Tag } from "../../lib/tag.tsx";
import { changes } from "../changes.ts";
import { checkOf, judge, outcomeName, partName, parts } from "./words.ts";

const everyMs = 10_000;
/** Reasons that are shown of each pool. */
const mostFindings = 5;

/** Each writes a file that the last one reads. */
const commands = [
  "dsecos ceph residency",
  "ceph osd dump -f json > osdmap.json",
  "ceph osd crush dump -f json > crush.json",
  "ceph pg dump pgs_brief -f json > pgs.json",
  "dsecos ceph prove --osdmap osdmap.json --crush crush.json --pgs pgs.json --map map.json --key map.pem",
];

/** Written out, since the build takes rules out of the style sheet whose names occur nowhere. */
const edges = {
  good: "ce-good",
  warning: "ce-warning",
  bad: "ce-bad",
  unknown: "",
};

export function ResidencyPanel({ stale }: { stale: boolean }) {
  const query = useQuery("residency", () => client(ceph).Residency(), {
    every: everyMs,
    changes,
  });
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading rows={2} />;
  const { verdict, sentence } = judge(data, stale || error !== undefined);
  return (
    <section className={`ds-panel ds-stack ce-verdict ${edges[verdict]}`} data-residency={verdict}>
      <h2 className="pf-v6-c-title pf-m-md">
        <Tag color={verdictColors[verdict]}>{verdictName(verdict)}</Tag>{" "}
        {_("Whether data stays in its jurisdiction")}
      </h2>
      <Stale error={error} />
      <p role="status">{sentence}</p>
      {data.verdict && <Proved verdict={data.verdict} />}
      <When residency={data} />
      <details>
        <summary>{_("How a sceptic proves it")}</summary>
        <div className="ds-stack ce-commands">
          <p>
            {_(
              "From the cluster’s maps and the signed map of jurisdictions, on any machine; what is not given or not understood counts as not proven.",
            )}
          </p>
          {commands.map((command) => (
            <Command key={command} text={command} />
          ))}
        </div>
      </details>
    </section>
  );
}

function When({ residency: { state, at, map, verdict } }: { residency: Residency }) {
  if (at === "") return null;
  return (
    <p className="ds-subtle">
      {format(state === "proved" ? _("proved on $0") : _("tried on $0"), dateTime(at))}
      {verdict && ` · ${format(_("map epoch $0"), number(verdict.epoch))}`}
      {` · ${map > 0 ? format(_("map of jurisdictions no. $0"), number(map)) : _("no map of jurisdictions")}`}
    </p>
  );
}

function Proved({ verdict: { pools, undemanded, notJudged } }: { verdict: Verdict }) {
  const order = { violated: 0, unknown: 1, proven: 2 };
  const sorted = pools.toSorted((one, other) => order[one.verdict] - order[other.verdict]);
  return (
    <>
      <ul className="ce-pools">
        {sorted.slice(0, 100).map((pool) => (
          <Pool key={pool.pool} pool={pool} />
        ))}
      </ul>
      {undemanded.length > 0 && (
        <p>
          {format(
            _("Of these pools nobody said where they may be, and nothing is proven of them: $0."),
            undemanded.slice(0, 100).join(", "),
          )}
        </p>
      )}
      <p className="ds-subtle">
        {format(_("Not judged, since no map shows it: $0."), notJudged.join("; "))}
      </p>
    </>
  );
}

function Pool({ pool }: { pool: PoolVerdict }) {
  const { pool: name, allowed, verdict, findings, total, counts } = pool;
  const hidden = total - Math.min(total, mostFindings, findings.length);
  return (
    <li data-pool={name} data-verdict={verdict}>
      <div className="ds-job-head">
        <Tag color={verdictColors[checkOf(verdict)]}>{outcomeName(verdict)}</Tag>
        <strong className="ce-code">{name}</strong>
        <span className="ds-subtle">
          {allowed.length > 0
            ? format(_("may be in $0"), allowed.join(", "))
            : _("nobody signed where it may be")}{" "}
          ·{" "}
          {ngettext(
            "its rule could choose $0 OSD",
            "its rule could choose $0 OSDs",
            counts.possible,
          )}
        </span>
      </div>
      <ul className="ce-counts">
        {parts.map((part) => (
          <li key={part} data-part={part} data-verdict={pool.parts[part]}>
            <Tag color={verdictColors[checkOf(pool.parts[part])]}>
              {outcomeName(pool.parts[part])}
            </Tag>{" "}
            {partName(part)}
          </li>
        ))}
      </ul>
      {findings.slice(0, mostFindings).map(({ sentence }) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {hidden > 0 && (
        <p className="ds-subtle">{ngettext("and $0 more reason", "and $0 more reasons", hidden)}</p>
      )}
    </li>
  );
}
