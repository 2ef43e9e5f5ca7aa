/** A verdict and an explanation for people, and for whoever reads them out of a file. */
import type { AllowRule } from "../policydb/policy.ts";
import type { Verdict, Violation } from "./verdict.ts";
import type { Explanation, GrantingRule } from "./why.ts";

export function verdictInWords(verdict: Verdict): string {
  const { proved, policy, counts, total, violations, permissive } = verdict;
  const wrong = total === 1 ? "one thing speaks" : `${total} things speak`;
  const found = proved
    ? `Proved: none of ${counts.tenants} tenants and spare slots reaches another.`
    : `NOT PROVED: ${wrong} against it, among ${counts.tenants} tenants and spare slots.`;
  return [
    found,
    "",
    `policy        SHA-256 ${policy.sha256}`,
    `              version ${policy.version}, ${policy.size} bytes, unknown permissions: ${policy.unknown}`,
    `looked at     ${counts.types} types (${counts.tenantTypes} of tenants), ${counts.attributes} attributes, ${counts.typeIds} of 65535 ids`,
    `              ${counts.allowRules} rules, ${counts.conditionalRules} more under booleans, ${counts.typeRules} that change types`,
    `trusted base  ${listed(verdict.trustedBase)}`,
    `shared types  ${listed(verdict.shared)}`,
    ...unneeded(verdict),
    `permissive    ${listed(permissive)}`,
    `took          ${Math.round(verdict.milliseconds)} ms`,
    ...violations.flatMap(violationLines),
    ...(total > violations.length ? ["", `and ${total - violations.length} more`] : []),
  ].join("\n");
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}

function unneeded({ unneeded: { trustedBase, shared } }: Verdict): string[] {
  const names = [...trustedBase, ...shared];
  return names.length === 0 ? [] : [`not needed    ${names.join(", ")}`];
}

function violationLines({ kind, sentence, path = [] }: Violation): string[] {
  return [
    "",
    `${kind}: ${sentence}`,
    ...path.map(({ from, to, rule }) => `    ${from} -> ${to}: ${ruleText(rule)}`),
  ];
}

export function explanationInWords(explanation: Explanation): string {
  const { source, target, class: of, verdict, rules, constraints, changes } = explanation;
  const what = `${source} on ${of} of ${target}`;
  const findings = {
    allowed: `Allowed: ${what}: ${explanation.allowed.join(" ")}.`,
    boolean: `Refused now: ${what}; with other booleans: ${explanation.possible.join(" ")}.`,
    permissive: `Not confined: ${source} is permissive, so that nothing is refused to it.`,
    refused: `Refused: ${what}. No rule gives any right.`,
  };
  return [
    findings[verdict],
    ...section("Rules:", rules.map(grantText)),
    ...section(
      "Constraints:",
      constraints.map(({ permissions, expression, effect }) => {
        const says = effect === "refuses" ? "refuses" : "may refuse, by user, role or level,";
        return `${says} ${permissions.join(" ")} unless ${expression}`;
      }),
    ),
    ...section(
      "New types:",
      changes.map(({ rule, newType, condition }) =>
        [`${rule} to ${newType}`, conditionText(condition)].join(""),
      ),
    ),
  ].join("\n");
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}

function grantText(rule: GrantingRule): string {
  const through = [rule.sourceAttribute, rule.targetAttribute].filter((name) => name !== undefined);
  return through.length === 0
    ? ruleText(rule)
    : `${ruleText(rule)}, through ${through.join(" and ")}`;
}

/** @returns the rule as a policy would say it */
function ruleText({ source, target, class: of, permissions, condition }: AllowRule): string {
  const rule = `allow ${source} ${target}:${of} { ${permissions.join(" ")} }`;
  return rule + conditionText(condition);
}

function conditionText(condition: AllowRule["condition"]): string {
  if (condition === undefined) return "";
  const holds = condition.whenTrue ? "if" : "unless";
  return ` ${holds} ${condition.text}, which is so ${condition.active ? "now" : "not now"}`;
}
