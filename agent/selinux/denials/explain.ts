/**
 * Why something was denied and what to do about it, in this order: isolation at work, the wrong
 * instance, a wrong label, a boolean, a constraint, a port, a missing rule. Everything is read from
 * the policy, nothing is changed here.
 */
import { DsecosError } from "../../bus/errors.ts";
import type { Culprit } from "../labels/culprits.ts";
import { parseType } from "../policy/names.ts";
import type { Policy } from "../policydb/policy.ts";
import { type Explanation as Rules, why } from "../proof/why.ts";
import { type BooleanChoice, booleansOf } from "./booleans.ts";
import { failedConstraints } from "./constraints.ts";
import { type Draft, draftRule } from "./draft.ts";
import type { DenialGroup } from "./groups.ts";
import { guardOf } from "./guard.ts";
import { type PortChoice, portsOf } from "./ports.ts";

export type Cause =
  | "isolation"
  | "instance"
  | "label"
  | "boolean"
  | "constraint"
  | "port"
  | "rule"
  | "allowed"
  | "unknown";

export type Fix =
  | { readonly kind: "restore"; readonly files: readonly Culprit[] }
  | { readonly kind: "boolean"; readonly choices: readonly BooleanChoice[] }
  | { readonly kind: "port"; readonly choices: readonly PortChoice[] }
  | ({ readonly kind: "rule" } & Draft);

export interface DenialExplanation {
  readonly cause: Cause;
  /** Sentences for people. */
  readonly text: string;
  /** Somebody tried what must never work. */
  readonly alarm: boolean;
  /** Nothing is offered where a refusal is on purpose. */
  readonly fix?: Fix;
}

export interface ExplainFacts {
  /** The policy as it is loaded. */
  readonly policy: Policy;
  /** The group's files whose label is not the expected one. */
  readonly mislabelled?: readonly Culprit[];
  /** The name of the tenant that has a slot. */
  readonly tenantOf?: (slot: number) => string | undefined;
}

export function explainDenial(group: DenialGroup, facts: ExplainFacts): DenialExplanation {
  const { policy } = facts;
  const kept = isOwnFile(group, facts) ? undefined : guardOf(policy, group);
  if (kept !== undefined)
    return { cause: "isolation", text: kept + whose(group, facts), alarm: true };
  let rules: Rules;
  try {
    rules = why(policy, group.sourceType, group.targetType, group.class);
  } catch (error) {
    if (!(error instanceof DsecosError)) throw error;
    return unknown(
      `${capital(error.message)}; the record is of another policy than the loaded one.`,
    );
  }
  const strange = group.permissions.filter((name) => !isPermission(policy, group.class, name));
  if (strange.length > 0)
    return unknown(`The loaded policy has no permission ${strange[0]} for ${group.class}.`);
  if (group.decision === "granted")
    return note("allowed", "The policy allows this, and asks for a record of it.");
  return (
    instance(group, rules) ??
    label(group, facts) ??
    boolean(group, policy, rules) ??
    constraint(group, policy, rules) ??
    port(group, policy, rules) ??
    missing(group, policy, rules)
  );
}

/**
 * Of its own pool, with a label of the host's: a mistake of whoever put it there. One with another
 * tenant's label stays an alarm, whatever the reason.
 */
function isOwnFile({ sourceSlot, targetSlot, targetType }: DenialGroup, facts: ExplainFacts) {
  if (sourceSlot === undefined || targetSlot !== undefined) return false;
  return (facts.mislabelled ?? []).some(
    ({ found, restored }) =>
      typeOf(found) === targetType && parseType(typeOf(restored) ?? "")?.slot === sourceSlot,
  );
}

function note(cause: Cause, text: string): DenialExplanation {
  return { cause, text, alarm: false };
}

const unknown = (text: string) => note("unknown", text);
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function whose({ sourceSlot, targetSlot }: DenialGroup, { tenantOf }: ExplainFacts): string {
  if (sourceSlot === undefined) return "";
  const name = (slot: number) => tenantOf?.(slot) ?? `slot ${slot}`;
  if (targetSlot === undefined || targetSlot === sourceSlot)
    return ` The process belongs to tenant ${name(sourceSlot)}.`;
  return ` The process belongs to tenant ${name(sourceSlot)}, what it reached for to tenant ${name(targetSlot)}.`;
}

function isPermission(policy: Policy, className: string, name: string): boolean {
  return policy.class(className)?.permissions.includes(name) === true;
}

const lacking = ({ permissions }: DenialGroup, { allowed }: Rules) =>
  permissions.filter((name) => !allowed.includes(name));

/** Same tenant, other instance: categories keep the two apart. */
function instance(group: DenialGroup, rules: Rules): DenialExplanation | undefined {
  const { sourceSlot, targetSlot, levelsReach } = group;
  if (sourceSlot === undefined || sourceSlot !== targetSlot || levelsReach !== false)
    return undefined;
  const also =
    lacking(group, rules).length > 0 ? " No rule would allow it within one instance either." : "";
  return note(
    "instance",
    `A process reached for what belongs to another instance of the same tenant: their categories differ. Share a volume between instances by giving it the level s0.${also}`,
  );
}

function label(
  group: DenialGroup,
  { policy, mislabelled }: ExplainFacts,
): DenialExplanation | undefined {
  if (group.targetType === "unlabeled_t") {
    const written = group.details.unknownTarget;
    const text = `The label ${written === undefined ? "" : `${written} `}of the object is not known to the loaded policy, as happens when a tenant's types were removed before its files.`;
    return { cause: "label", text, alarm: false, ...restore(mislabelled ?? []) };
  }
  // A tenant's process sees its paths below its own root.
  const files = (mislabelled ?? []).filter(
    ({ path, found }) =>
      group.paths.some((seen) => path.endsWith(seen)) && typeOf(found) === group.targetType,
  );
  const [file] = files;
  if (file === undefined) return undefined;
  const type = typeOf(file.restored) ?? "";
  const text = `${file.path} has the type ${group.targetType}, and file_contexts says ${type}.`;
  const then = allows(policy, group, type)
    ? "With that label it is allowed."
    : "With that label it would still be refused.";
  return { cause: "label", text: `${text} ${then}`, alarm: false, ...restore(files) };
}

function restore(files: readonly Culprit[]): { fix?: Fix } {
  return files.length === 0 ? {} : { fix: { kind: "restore", files } };
}

const typeOf = (context: string) => context.split(":")[2];

function allows(policy: Policy, group: DenialGroup, type: string): boolean {
  if (policy.typeId(type) === undefined) return false;
  return lacking(group, why(policy, group.sourceType, type, group.class)).length === 0;
}

/** A rule that booleans keep from holding. */
function boolean(group: DenialGroup, policy: Policy, rules: Rules): DenialExplanation | undefined {
  const choices = booleansOf(policy, rules.rules, lacking(group, rules));
  const [first] = choices;
  if (first === undefined) return undefined;
  const { set, condition, becomes, opens } = first;
  const what = set
    ? `the boolean ${set.name} is ${set.value ? "off" : "on"}`
    : `${condition} is ${becomes ? "false" : "true"} as the booleans stand`;
  const others =
    choices.length > 1 ? ` Of ${choices.length} that would do, this one opens least.` : "";
  const text = `A rule allows this, and ${what}. The other way round, ${opens.rules} rules hold that do not hold now.${others}`;
  return { cause: "boolean", text, alarm: false, fix: { kind: "boolean", choices } };
}

function constraint(
  group: DenialGroup,
  policy: Policy,
  rules: Rules,
): DenialExplanation | undefined {
  const { permissions, source, target } = group;
  const given = permissions.filter((name) => rules.allowed.includes(name));
  const failed = failedConstraints(policy, source, target, group.class, given);
  const [first] = failed;
  if (first === undefined) return undefined;
  const levels = /[lh][12]/.test(first.expression);
  const why = levels ? "The levels of the two do not fit" : "Users, roles or types do not fit";
  return note(
    "constraint",
    `Rules allow ${first.permissions.join(", ")}, and a constraint takes that away. ${why}: ${first.expression}. A rule does not help; the label or the user has to be another.`,
  );
}

function port(group: DenialGroup, policy: Policy, rules: Rules): DenialExplanation | undefined {
  const missing = lacking(group, rules);
  const [permission] = missing;
  if (missing.length !== 1 || (permission !== "name_bind" && permission !== "name_connect"))
    return undefined;
  const ports = group.ports.length === 0 ? "a port" : `port ${group.ports.join(", ")}`;
  const does = permission === "name_bind" ? "listen on" : "connect to";
  const text = `${group.sourceType} may not ${does} ${ports}, which has the type ${group.targetType}.`;
  const choices = portsOf(policy, group, permission);
  if (choices.length === 0) return undefined;
  const [first] = choices;
  const then = `It may with ports of ${choices.map(({ type }) => type).join(", ")}; the port can be given that type: ${first?.cil ?? ""}`;
  return { cause: "port", text: `${text} ${then}`, alarm: false, fix: { kind: "port", choices } };
}

function missing(group: DenialGroup, policy: Policy, rules: Rules): DenialExplanation {
  const lacks = lacking(group, rules);
  if (lacks.length === 0) {
    const text =
      "The loaded policy allows this now: it was changed since, or a rule about roles, bounds or transitions refused it.";
    return note("allowed", text);
  }
  const { sourceType, targetType, class: kind } = group;
  const fix: Fix = { kind: "rule", ...draftRule(policy, sourceType, targetType, kind, lacks) };
  const text = `No rule lets ${sourceType} do ${lacks.join(", ")} to ${targetType} of class ${kind}. ${fix.opens.text} The draft is loaded only when both proofs pass.`;
  return { cause: "rule", text, alarm: false, fix };
}
