/** A rule that would allow what was denied, in CIL, and what else it would allow. */
import { ATTRIBUTES, type Kind, parseType } from "../policy/names.ts";
import type { Policy } from "../policydb/policy.ts";

export interface Opening {
  /** Attributes through which the rule speaks about more types than the two of the denial. */
  readonly attributes: readonly string[];
  /** All types that would get the right, at most {@link mostTypes} of them. */
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  readonly sourceCount: number;
  readonly targetCount: number;
  /** In a sentence. */
  readonly text: string;
}

export interface Draft {
  readonly cil: string;
  /** Where it belongs: into what all tenants have, or into what the host has. */
  readonly place: "tenants" | "host";
  readonly opens: Opening;
}

export const mostTypes = 20;

const attributeOf: Readonly<Record<Kind, string>> = {
  container: ATTRIBUTES.containers,
  vm: ATTRIBUTES.vms,
  file: ATTRIBUTES.files,
  volume: ATTRIBUTES.volumes,
  image: ATTRIBUTES.images,
  run: ATTRIBUTES.runs,
};

/**
 * @param permissions those that are missing
 * @throws TypeError for types of two tenants, between which no rule is written
 */
export function draftRule(
  policy: Policy,
  source: string,
  target: string,
  className: string,
  permissions: readonly string[],
): Draft {
  const from = parseType(source);
  const to = parseType(target);
  const rights = `(${className} (${permissions.join(" ")}))`;
  if (from !== undefined && to !== undefined && from.slot === to.slot) {
    const [subject, object] = [from.kind, to.kind].map((kind) => kind.toUpperCase());
    const cil = `(allow ${subject} ${source === target ? "self" : object} ${rights})`;
    const opens = opening(policy, attributeOf[from.kind], attributeOf[to.kind]);
    const text = `In the template of tenants: each of the ${opens.sourceCount} domains of this kind gets the right to its own tenant's types.`;
    return { cil, place: "tenants", opens: { ...opens, text } };
  }
  if (from !== undefined && to !== undefined)
    throw new TypeError(`${source} and ${target} belong to two tenants`);
  const subject = from === undefined ? source : attributeOf[from.kind];
  const object = to === undefined ? target : attributeOf[to.kind];
  return {
    cil: `(allow ${subject} ${source === target ? "self" : object} ${rights})`,
    place: from === undefined && to === undefined ? "host" : "tenants",
    opens: opening(policy, subject, object),
  };
}

function opening(policy: Policy, source: string, target: string): Opening {
  const sources = typesOf(policy, source);
  const targets = typesOf(policy, target);
  const attributes = [source, target].filter((name) => isAttribute(policy, name));
  const text =
    attributes.length === 0
      ? `Only ${source} gets the right, and only to ${target}.`
      : `${countOf(sources, source)} get the right to ${countOf(targets, target)}.`;
  return {
    attributes,
    sources: sources.slice(0, mostTypes),
    targets: targets.slice(0, mostTypes),
    sourceCount: sources.length,
    targetCount: targets.length,
    text,
  };
}

function countOf(types: readonly string[], name: string): string {
  return types.length === 1 && types[0] === name ? name : `${types.length} types (${name})`;
}

function isAttribute(policy: Policy, name: string): boolean {
  const id = policy.typeId(name);
  return id !== undefined && policy.isAttribute(id);
}

function typesOf(policy: Policy, name: string): string[] {
  return isAttribute(policy, name) ? policy.typesOf(name) : [name];
}
