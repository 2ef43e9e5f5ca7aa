/** What is wrong over all nodes: the worst first, and the same on many nodes told once. */
import type { ClusterNode } from "../../../agent/cluster/answers.ts";
import { _, format } from "../../lib/i18n.ts";
import { type Verdict, verdictOrder } from "./words.tsx";

export interface Finding {
  verdict: Verdict;
  /** Subsystem that says so, `presence`, `log` or `clock` for what was found of it, or `versions`. */
  about: string;
  text: string;
  /** Names of nodes, in their order. */
  nodes: readonly string[];
}

export function findings(nodes: readonly ClusterNode[]): Finding[] {
  const found = new Map<string, Finding & { nodes: string[] }>();
  const add = (node: ClusterNode, one: Omit<Finding, "nodes">) => {
    const key = `${one.verdict} ${one.about} ${one.text}`;
    const known = found.get(key);
    if (known) known.nodes.push(node.name);
    else found.set(key, { ...one, nodes: [node.name] });
  };
  for (const node of nodes) {
    for (const one of node.found) add(node, one);
    // What it said of itself before it went silent may be over.
    if (node.state === "silent") continue;
    for (const { subsystem, state, text } of node.facts?.health ?? []) {
      if (state !== "good") add(node, { verdict: state, about: subsystem, text });
    }
  }
  const all: Finding[] = [...found.values(), ...differences(nodes)];
  return all.sort((one, other) => rank(one) - rank(other) || other.nodes.length - one.nodes.length);
}

/** A log that was tampered with stands before anything that a node says of itself. */
function rank({ verdict, about }: Finding): number {
  return verdictOrder.indexOf(verdict) * 2 + (about === "log" ? 0 : 1);
}

/** What ought to be the same everywhere. */
function differences(nodes: readonly ClusterNode[]): Finding[] {
  const agents = new Map<string, string[]>();
  for (const { name, facts } of nodes) {
    if (facts)
      agents.set(facts.versions.agent, [...(agents.get(facts.versions.agent) ?? []), name]);
  }
  if (agents.size < 2) return [];
  const versions = [...agents.entries()]
    .map(([version, { length }]) => format(_("$0 on $1"), version, length))
    .join(", ");
  const text = format(
    _("Nodes have different versions of DsecOS: $0. Bring all to one."),
    versions,
  );
  return [{ verdict: "warning", about: "versions", text, nodes: [...agents.values()].flat() }];
}
