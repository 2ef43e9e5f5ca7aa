/** What speaks against the proof, each with its guilty rule, and the way over the host step by step. */
import type { Proof } from "../../agent/selinux/answers.ts";
import { _, format, ngettext } from "../lib/i18n.ts";
import { Tag } from "../lib/tag.tsx";
import { RuleText } from "./rules.tsx";
import { askAddress } from "./view.ts";
import { kindWords } from "./words.ts";

type Violation = Proof["violations"][number];
type Step = NonNullable<Violation["path"]>[number];

/** The ways of more than these are folded: a list of twenty would hide itself. */
const unfolded = 3;

export function Violations({ proof }: { proof: Proof }) {
  const { violations, total } = proof;
  if (total === 0) return null;
  const more = total - violations.length;
  const kinds = [...new Set(violations.map(({ kind }) => kind))];
  return (
    <section className="ds-panel ds-stack" aria-labelledby="se-violations">
      <h2 id="se-violations" className="pf-v6-c-title pf-m-md">
        {ngettext("$0 thing speaks against it", "$0 things speak against it", total)}
      </h2>
      {kinds.map((kind) => (
        <Kind
          key={kind}
          kind={kind}
          violations={violations.filter((violation) => violation.kind === kind)}
        />
      ))}
      {more > 0 && (
        <p data-more={more}>
          {ngettext(
            "$0 more is not listed here. Take out what is listed and prove again, or see more on the command line.",
            "$0 more are not listed here. Take out what is listed and prove again, or see more on the command line.",
            more,
          )}
        </p>
      )}
    </section>
  );
}

/** What is wrong and what to do is the same for all of a kind, and said once. */
function Kind({ kind, violations }: { kind: string; violations: readonly Violation[] }) {
  const words = kindWords(kind);
  return (
    <article className="ds-stack se-kind" data-kind={kind}>
      <div className="ds-job-head">
        <Tag color="red">{words?.title ?? kind}</Tag>
        {words && <h3 className="se-subtitle">{words.means}</h3>}
      </div>
      {words && <p>{format(_("What to do: $0"), words.todo)}</p>}
      <ol className="se-violations">
        {violations.map((violation, index) => (
          <Found
            // biome-ignore lint/suspicious/noArrayIndexKey: a proof brings all of them anew, and two may read alike.
            key={`${index} ${violation.sentence}`}
            violation={violation}
            open={violations.length <= unfolded}
          />
        ))}
      </ol>
    </article>
  );
}

function Found({ violation, open }: { violation: Violation; open: boolean }) {
  const { tenants, sentence, path = [] } = violation;
  return (
    <li className="se-violation">
      {tenants.length > 0 && (
        <strong>
          <bdi>{tenants.join(" → ")}</bdi>
        </strong>
      )}
      <p className="se-sentence">{sentence}</p>
      {path.length > 0 && (
        <details open={open}>
          <summary>{ngettext("The way, $0 step", "The way, $0 steps", path.length)}</summary>
          <ol className="se-path">
            {path.map((step) => (
              <PathStep key={`${step.from} ${step.to}`} step={step} />
            ))}
          </ol>
        </details>
      )}
    </li>
  );
}

function PathStep({ step }: { step: Step }) {
  const { from, to, rule } = step;
  const asked = whoActs(step);
  return (
    <li>
      <code className="se-code">
        {from} → {to}
      </code>
      <div>
        <RuleText rule={rule} />
      </div>
      {asked && (
        <a className="ds-subtle" href={askAddress({ ...asked, class: rule.class })}>
          {format(_("All rules of $0 about $1"), asked.source, asked.target)}
        </a>
      )}
    </li>
  );
}

/** A writer acts on where it writes to, a reader on where it reads from: the rule tells which. */
function whoActs({ from, to, rule }: Step): { source: string; target: string } | undefined {
  const forward = { source: from, target: to };
  const backward = { source: to, target: from };
  if (!rule.sourceAttribute) return rule.source === from ? forward : backward;
  if (!rule.targetAttribute) return rule.target === to ? forward : backward;
  return undefined;
}
