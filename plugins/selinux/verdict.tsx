/** The verdict over all: a sentence, its age, what to do next, and how to check it oneself. */
import type { ReactNode } from "react";
import type { Proof, SelinuxStatus } from "../../agent/selinux/answers.ts";
import { verdictColors, verdictName } from "../lib/assurance.tsx";
import { Command } from "../lib/help.tsx";
import { useNow } from "../lib/hooks.ts";
import { _, format, number, relativeTime } from "../lib/i18n.ts";
import { Tag } from "../lib/tag.tsx";
import { judge, type Step } from "./judge.ts";
import { loadedPolicy } from "./words.ts";

interface Props {
  status: SelinuxStatus;
  /** The agent could not be asked again: what is known is old. */
  stale: boolean;
  /** Acts. */
  children?: ReactNode;
}

/** Written out, since the build takes rules out of the style sheet whose names occur nowhere. */
const classes = {
  good: " se-good",
  warning: " se-weak",
  bad: " se-bad",
  unknown: "",
};

export function Verdict({ status, stale, children }: Props) {
  const { key, verdict, sentence, means, steps } = judge(status, stale);
  return (
    <section
      className={`ds-panel ds-stack se-verdict${classes[verdict]}`}
      aria-labelledby="se-verdict-title"
      data-state={key}
    >
      {/* Read aloud when a new proof changes it. */}
      <div className="ds-job-head" role="status">
        <Tag color={verdictColors[verdict]}>{verdictName(verdict)}</Tag>
        <h2 id="se-verdict-title" className="pf-v6-c-title pf-m-md">
          {sentence}
        </h2>
      </div>
      <p>{means}</p>
      <Steps steps={steps} />
      <div className="ds-toolbar">
        <Age proof={status.proof} why={key !== "failed"} />
        <span className="ds-grow" />
        {children}
      </div>
      <Doubt proof={status.proof} current={status.current} />
    </section>
  );
}

function Steps({ steps }: { steps: readonly Step[] }) {
  if (steps.length === 0) return null;
  return (
    <div>
      <h3 className="se-subtitle">{_("What to do")}</h3>
      <ol className="se-steps">
        {steps.map(({ text, command }) => (
          <li key={text}>
            {text}
            {command && <Command text={command} />}
          </li>
        ))}
      </ol>
    </div>
  );
}

function ageWords({ state }: Proof): string {
  const words = {
    proved: _("Proved $0, by $1, in $2 s."),
    refuted: _("Refuted $0, by $1, in $2 s."),
    failed: _("Last tried $0, by $1: it broke off after $2 s."),
    never: _("Never proved."),
  };
  return words[state];
}

/** @param why whether nothing else says why it broke off */
function Age({ proof, why }: { proof: Proof; why: boolean }) {
  const now = useNow(5000);
  const { state, at, actor, seconds, error } = proof;
  if (state === "never") return <span className="ds-subtle">{ageWords(proof)}</span>;
  const who = actor === "agent" ? _("the agent itself") : actor;
  return (
    <span className="ds-subtle">
      <time dateTime={at}>
        {format(ageWords(proof), relativeTime(at, now), who, number(seconds, 1))}
      </time>{" "}
      {why && error}
    </span>
  );
}

function hashWords(current: boolean | null, known: string): string {
  if (current === null) return _("See that no policy is loaded; there must be no such file:");
  if (known === "") return _("See which policy is loaded; it is not the one that was proved:");
  return _("Compare the loaded policy with the one that was proved; it must give this hash:");
}

/** Nothing here goes through the agent. */
function Doubt({ proof, current }: { proof: Proof; current: boolean | null }) {
  const known = current === true && proof.policy ? proof.policy.sha256 : "";
  return (
    <details className="se-doubt">
      <summary>{_("Check it yourself")}</summary>
      <ul className="ds-stack">
        <li>
          {_("Ask the kernel whether it enforces; it must say Enforcing:")}
          <Command text="getenforce" />
        </li>
        <li>
          {hashWords(current, known)}
          {known && (
            <div>
              <code className="se-code">{known}</code>
            </div>
          )}
          <Command text={`sha256sum ${loadedPolicy}`} />
        </li>
        <li>
          {_(
            "Prove it without the agent. Whoever does not trust this node copies the file to another machine and proves it there:",
          )}
          <Command text={`dsecos selinux prove --policy ${loadedPolicy}`} />
        </li>
      </ul>
    </details>
  );
}
