/** What the rules say about one type acting on another: rights, rules, constraints, new types. */
import type * as v from "valibot";
import type { explanationSchema } from "../../agent/selinux/answers.ts";
import { _, format } from "../lib/i18n.ts";
import { type Column, Table } from "../lib/table.tsx";
import { Tag, type TagColor } from "../lib/tag.tsx";
import { conditionWords, type Rule, RuleText } from "./rules.tsx";

export type Explanation = v.InferOutput<typeof explanationSchema>;
type Verdict = Explanation["verdict"] | "constrained";

/** Colours are not judgements here: that a rule allows something is neither good nor bad. */
const colors: Record<Verdict, TagColor> = {
  allowed: "blue",
  constrained: "grey",
  boolean: "orange",
  permissive: "red",
  refused: "grey",
};

/** Rights that the rules give and no constraint takes away by the types alone. */
export function rightsLeft({ allowed, constraints }: Explanation): string[] {
  const taken = new Set(
    constraints.flatMap(({ effect, permissions }) => (effect === "refuses" ? permissions : [])),
  );
  return allowed.filter((permission) => !taken.has(permission));
}

function verdictOf(explanation: Explanation): Verdict {
  const { verdict } = explanation;
  return verdict === "allowed" && rightsLeft(explanation).length === 0 ? "constrained" : verdict;
}

function verdictName(verdict: Verdict): string {
  const names = {
    allowed: _("allowed"),
    constrained: _("refused"),
    boolean: _("refused now"),
    permissive: _("not confined"),
    refused: _("refused"),
  };
  return names[verdict];
}

function sentenceOf(verdict: Verdict, { source, target, class: of }: Explanation): string {
  const sentences = {
    allowed: _("Rules let $0 act on a $2 of $1."),
    constrained: _("Rules would let $0 act on a $2 of $1, but constraints refuse all of it."),
    boolean: _("No rule lets $0 act on a $2 of $1 now; with other booleans one would."),
    permissive: _("$0 is permissive: nothing is refused to it, on a $2 of $1 or elsewhere."),
    refused: _("No rule lets $0 act on a $2 of $1, whatever the booleans are."),
  };
  return format(sentences[verdict], source, target, of);
}

export function Explained({ explanation }: { explanation: Explanation }) {
  const verdict = verdictOf(explanation);
  const { possible, rules, constraints, changes } = explanation;
  const left = rightsLeft(explanation);
  const taken = explanation.allowed.filter((permission) => !left.includes(permission));
  return (
    <div className="ds-stack" data-verdict={verdict}>
      <div className="ds-job-head" role="status">
        <Tag color={colors[verdict]}>{verdictName(verdict)}</Tag>
        <h2 className="pf-v6-c-title pf-m-md se-sentence">{sentenceOf(verdict, explanation)}</h2>
      </div>
      <dl className="ds-facts">
        <Rights title={_("May do")} permissions={left} />
        <Rights title={_("Refused by constraints")} permissions={taken} />
        <Rights title={_("With other booleans")} permissions={possible} />
      </dl>
      {rules.length > 0 && (
        <Table
          label={_("Rules")}
          columns={ruleColumns()}
          rows={rules}
          keyOf={(rule) => JSON.stringify(rule)}
        />
      )}
      {constraints.length > 0 && <Constraints constraints={constraints} />}
      {changes.length > 0 && <Changes changes={changes} />}
    </div>
  );
}

function Rights({ title, permissions }: { title: string; permissions: readonly string[] }) {
  if (permissions.length === 0) return null;
  return (
    <>
      <dt>{title}</dt>
      <dd>
        <code className="se-code">{permissions.join(" ")}</code>
      </dd>
    </>
  );
}

function ruleColumns(): Column<Rule>[] {
  return [
    { key: "rule", title: _("Rule"), wrap: true, render: (rule) => <RuleText rule={rule} /> },
    {
      key: "holds",
      title: _("Holds"),
      render: ({ condition }) =>
        condition?.active === false ? (
          <Tag color="grey">{_("not now")}</Tag>
        ) : (
          <Tag color="blue">{condition ? _("now") : _("always")}</Tag>
        ),
    },
  ];
}

function Constraints({ constraints }: Pick<Explanation, "constraints">) {
  return (
    <section className="ds-stack">
      <h3 className="se-subtitle">{_("Constraints")}</h3>
      <ul className="se-names">
        {constraints.map(({ permissions, expression, effect }) => (
          <li key={`${expression} ${permissions.join()}`}>
            <Tag color={effect === "refuses" ? "grey" : "orange"}>
              {effect === "refuses" ? _("refuses") : _("may refuse")}
            </Tag>{" "}
            <code className="se-code">{permissions.join(" ")}</code>{" "}
            {effect === "refuses"
              ? _("whatever the rules say, since this does not hold:")
              : _("by user, role or level, unless this holds:")}{" "}
            <code className="se-code">{expression}</code>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Changes({ changes }: Pick<Explanation, "changes">) {
  return (
    <section className="ds-stack">
      <h3 className="se-subtitle">{_("New types")}</h3>
      <ul className="se-names">
        {changes.map(({ rule, newType, condition }) => (
          <li key={`${rule} ${newType} ${condition?.text}`}>
            <code className="se-code">
              {rule} → {newType}
            </code>{" "}
            <span className="ds-subtle">{conditionWords(condition)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
