/** What a change would do: told before anybody can confirm it, and kept beside what came of it. */
import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import type { Change, Prediction } from "../../../agent/ceph/actions/answers.ts";
import { ceph } from "../../../agent/ceph/contract.ts";
import { client } from "../../lib/client.ts";
import { Command } from "../../lib/help.tsx";
import { type Query, useQuery } from "../../lib/hooks.ts";
import { _, format } from "../../lib/i18n.ts";
import { Failure, Loading } from "../../lib/states.tsx";
import { Tag } from "../../lib/tag.tsx";
import {
  copiesWords,
  fullestWords,
  movedWords,
  refusalOf,
  residencyColors,
  residencyName,
} from "./words.ts";

/** @param change undefined while it is not whole: nothing is asked then */
export function usePrediction(change: Change | undefined): Query<Prediction | undefined> {
  const query = useQuery(JSON.stringify(change ?? null), async () =>
    change === undefined ? undefined : client(ceph).PredictChange(change),
  );
  // An answer to what was asked before says nothing of what would be done now.
  return query.loading ? { ...query, data: undefined } : query;
}

interface Props {
  query: Query<Prediction | undefined>;
  /** What is to be given first. */
  missing: string;
}

export function Predicted({ query: { data, error, loading, refresh }, missing }: Props) {
  if (error) return <Failure error={error} retry={refresh} />;
  if (loading) return <Loading rows={4} />;
  if (data === undefined) return <p className="ds-subtle">{missing}</p>;
  return (
    <section aria-label={_("What it would do")} data-prediction={data.state} className="ds-stack">
      {data.state === "unknown" && (
        <Alert isInline component="h2" variant="warning" title={_("What it would do is unknown")}>
          <p>{data.why}</p>
          <Button variant="link" isInline onClick={refresh}>
            {_("Ask again")}
          </Button>
        </Alert>
      )}
      <Danger prediction={data} />
      <PredictionFacts prediction={data} />
      <Sentences sentences={data.notes} />
      <div>
        <p className="ds-subtle">{_("The way back, from the command line:")}</p>
        <Command text={data.undo.command} />
      </div>
    </section>
  );
}

/** What a second person decides, and what nobody can. */
function Danger({ prediction }: { prediction: Prediction }) {
  const { dangers, residency } = prediction;
  const refusal = refusalOf(prediction);
  if (dangers.length === 0) return null;
  const title = refusal ? _("It is refused") : _("It is dangerous");
  return (
    <Alert isInline component="h2" variant="danger" title={title}>
      {refusal && <p>{refusal}</p>}
      {/* Jurisdictions have their reasons below. */}
      <Sentences sentences={dangers.filter((one) => !residency.reasons.includes(one))} />
    </Alert>
  );
}

export function PredictionFacts({ prediction }: { prediction: Prediction }) {
  const { residency, passes, state, asked } = prediction;
  const copies = copiesWords(prediction);
  const limits = [
    [passes.full, _("full, so that nobody can write: $0")],
    [passes.backfillFull, _("too full to take copies: $0")],
    [passes.nearlyFull, _("nearly full: $0")],
  ] as const;
  return (
    <dl className="ds-facts">
      <dt>{_("Data that moves")}</dt>
      <dd data-fact="moves">{movedWords(prediction)}</dd>
      <dt>{_("Fullest OSD afterwards")}</dt>
      <dd data-fact="fullest">
        {fullestWords(prediction)}
        {state === "known" &&
          limits.map(
            ([osds, words]) =>
              osds.length > 0 && (
                <div key={words} className="ds-bad">
                  {format(words, osds.map((osd) => `osd.${osd}`).join(", "))}
                </div>
              ),
          )}
      </dd>
      <dt>{_("Copies of the data")}</dt>
      <dd data-fact="copies" className={copies.bad ? "ds-bad" : ""}>
        {copies.words}
      </dd>
      <dt>{_("Jurisdictions afterwards")}</dt>
      <dd data-fact="residency">
        <Tag color={residencyColors[residency.verdict]}>{residencyName(residency.verdict)}</Tag>
        <Sentences sentences={residency.reasons} />
      </dd>
      {asked.map(({ question, yes, says }) => (
        <Asked key={question} question={question} yes={yes} says={says} />
      ))}
    </dl>
  );
}

function Asked({ question, yes, says }: Prediction["asked"][number]) {
  const titles = {
    okToStop: _("Ceph: may it stop"),
    safeToDestroy: _("Ceph: is it empty"),
  };
  const answer = yes === null ? _("unknown") : yes ? _("yes") : _("no");
  return (
    <>
      <dt>{titles[question]}</dt>
      <dd>
        {answer} {says && <span className="ds-subtle">{says}</span>}
      </dd>
    </>
  );
}

export function Sentences({ sentences }: { sentences: readonly string[] }) {
  if (sentences.length === 0) return null;
  return (
    <ul className="ce-sentences">
      {sentences.map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}
