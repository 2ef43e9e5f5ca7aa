/** What is stopped and what was done: each change with what was predicted and what came. */
import type { Act } from "../../../agent/ceph/actions/answers.ts";
import { ceph } from "../../../agent/ceph/contract.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, dateTime, format, ngettext, size } from "../../lib/i18n.ts";
import { Failure, Loading, Stale } from "../../lib/states.tsx";
import { Tag } from "../../lib/tag.tsx";
import type { Part } from "../part.ts";
import { actsChange, everyMs } from "./changes.ts";
import { Windows } from "./flags.tsx";
import { PredictionFacts } from "./prediction.tsx";
import { changeWords, comparisonColors, comparisonName, movedWords, sameWords } from "./words.ts";

function ActionsTab() {
  const query = useQuery("acts", () => client(ceph).Acts(), {
    ...{ every: everyMs, changes: actsChange },
  });
  const { data, error } = query;
  return (
    <div className="ds-stack">
      <Windows whole />
      <section className="ds-stack" aria-label={_("What was done")}>
        <h2 className="pf-v6-c-title pf-m-md">{_("What was done")}</h2>
        {data ? (
          <>
            <Stale error={error} />
            <Done acts={data.acts} />
          </>
        ) : error ? (
          <Failure error={error} retry={query.refresh} />
        ) : (
          <Loading />
        )}
      </section>
    </div>
  );
}

function Done({ acts }: { acts: readonly Act[] }) {
  if (acts.length === 0) {
    return (
      <p>
        {_(
          "Nothing since this node’s agent started; what was done before is in the record. OSDs are taken out and in from their menu in the topology, and pools get another rule from theirs below “Pools”.",
        )}
      </p>
    );
  }
  return acts.map((act) => <DoneAct key={act.id} act={act} />);
}

function DoneAct({ act: { id, at, by, reason, prediction, comparison } }: { act: Act }) {
  return (
    <article className="ds-panel ds-stack" data-act={id} data-comparison={comparison.state}>
      <div className="ds-job-head">
        <h3 className="ce-subtitle">{changeWords(prediction.change)}</h3>
        <Tag color={comparisonColors[comparison.state]}>{comparisonName(comparison)}</Tag>
        <span className="ds-grow" />
        <span className="ds-subtle">{format(_("by $0 on $1"), by, dateTime(at))}</span>
      </div>
      <p>{reason}</p>
      {comparison.why && <p className="ds-subtle">{comparison.why}</p>}
      <dl className="ds-facts">
        <dt>{_("Predicted to move")}</dt>
        <dd>{movedWords(prediction)}</dd>
        <dt>{_("Moved")}</dt>
        <dd data-fact="moved">
          {comparison.state === "waiting" || comparison.state === "failed"
            ? _("unknown")
            : format(
                _("$0 in $1"),
                size(comparison.movedKiB),
                ngettext("$0 placement group", "$0 placement groups", comparison.movedGroups),
              )}
          {comparison.copiedKiB !== null && (
            <div className="ds-subtle">
              {format(
                _("Ceph counted $0 as copied since, for whatever reason"),
                size(comparison.copiedKiB),
              )}
            </div>
          )}
        </dd>
        <dt>{_("Placement groups")}</dt>
        <dd data-fact="same">
          {sameWords(comparison)}
          {comparison.differing.length > 0 && (
            <div className="ce-code">{comparison.differing.join(", ")}</div>
          )}
        </dd>
      </dl>
      <details>
        <summary>{_("All that was predicted, and the way back")}</summary>
        <PredictionFacts prediction={prediction} />
        <Command text={prediction.undo.command} />
      </details>
    </article>
  );
}

export const actions: Part = {
  key: "actions",
  title: () => _("Changes"),
  help: () => ({
    text: _(
      "What a change would do is computed from the cluster’s own map before it is made, and compared with what came afterwards. What cannot be computed is unknown, and needs a second person.",
    ),
    commands: [
      commandOf(ceph, "PredictChange", [{ what: "out", osd: 3 }]),
      "dsecos ceph set-osd --what out --osd 3 --reason WHY",
      commandOf(ceph, "SetPoolRule", ["POOL", "RULE", "WHY"]),
      commandOf(ceph, "Acts", []),
      commandOf(ceph, "SetFlag", ["noout", 60, "WHY"]),
    ],
  }),
  Body: ActionsTab,
};
