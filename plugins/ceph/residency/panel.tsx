/** Whether data stays in its jurisdiction, as the agent proved it last, with the reason for every verdict. */
import { ceph } from "../../../agent/ceph/contract.ts";
import type { Residency } from "../../../agent/ceph/residency/answers.ts";
import type { Verdict } from "../../../agent/ceph/residency/verdict.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { verdictColors, verdictName } from "../../lib/assurance.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { client } from "../../lib/client.ts";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, dateTime, format } from "../../lib/i18n.ts";
import { judge } from "../../lib/residency.ts";
import { Failure, Loading, Stale } from "../../lib/states.tsx";
import { Tag } from "../../lib/tag.tsx";
import { changes } from "../changes.ts";
import { openMapDialog } from "./open.tsx";
import { PoolVerdicts } from "./pools.tsx";

const everyMs = 10_000;
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
  const access = useAccess();
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
      <div className="ds-toolbar">
        <When residency={data} />
        <span className="ds-grow" />
        <ActionButton
          variant="secondary"
          size="sm"
          why={access.why(ceph, "jurisdictions")}
          onClick={() => openMapDialog(data.map)}
        >
          {_("Exchange the map")}
        </ActionButton>
      </div>
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
      {verdict && ` · ${format(_("map epoch $0"), String(verdict.epoch))}`}
      {` · ${map > 0 ? format(_("map of jurisdictions no. $0"), String(map)) : _("no map of jurisdictions")}`}
    </p>
  );
}

function Proved({ verdict: { pools, undemanded, notJudged } }: { verdict: Verdict }) {
  return (
    <>
      <PoolVerdicts pools={pools} />
      {undemanded.length > 0 && (
        <div className="ds-stack" data-undemanded={undemanded.length}>
          <p>
            {format(
              _("Of these pools nobody said where they may be, and nothing is proven of them: $0."),
              undemanded.slice(0, 100).join(", "),
            )}{" "}
            {_("Name them in the map of jurisdictions, or remove them.")}
          </p>
        </div>
      )}
      <p className="ds-subtle">
        {format(_("Not judged, since no map shows it: $0."), notJudged.join("; "))}
      </p>
    </>
  );
}
