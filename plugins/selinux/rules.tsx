/** Rules as the policy's language has them, with what they depend on. */
import type { Proof } from "../../agent/selinux/answers.ts";
import { _, format } from "../lib/i18n.ts";

type Violation = Proof["violations"][number];
export type Rule = NonNullable<Violation["path"]>[number]["rule"];
export type Condition = NonNullable<Rule["condition"]>;

export function RuleText({ rule }: { rule: Rule }) {
  const { source, target, class: of, permissions, condition } = rule;
  return (
    <>
      <code className="se-code">{`allow ${source} ${target}:${of} { ${permissions.join(" ")} };`}</code>{" "}
      <span className="ds-subtle">
        {[throughWords(rule), conditionWords(condition)].filter(Boolean).join(" ")}
      </span>
    </>
  );
}

/** Names the attributes by which the rule speaks about the types in question. */
function throughWords({ sourceAttribute, targetAttribute }: Rule): string {
  const attributes = [sourceAttribute, targetAttribute].filter((name) => name !== undefined);
  if (attributes.length === 0) return "";
  return attributes.length === 1
    ? format(_("through the attribute $0"), attributes[0] ?? "")
    : format(_("through the attributes $0 and $1"), attributes[0] ?? "", attributes[1] ?? "");
}

export function conditionWords(condition: Condition | undefined): string {
  if (!condition) return "";
  const { text, whenTrue, active } = condition;
  if (whenTrue) {
    return format(active ? _("if $0, as it is now") : _("if $0, which is not so now"), text);
  }
  return format(active ? _("unless $0, as it is now") : _("unless $0, which is so now"), text);
}
