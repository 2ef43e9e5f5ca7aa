/** Which nodes are shown, and in what order: all of it stands in the address. */
import type { ClusterNode } from "../../../agent/cluster/answers.ts";
import { type ListView, readList, readOrder } from "../../lib/list.ts";
import { first, type Place } from "../../lib/location.ts";
import { type Verdict, verdictOrder } from "./words.tsx";

const keys = ["verdict", "name", "age", "cpu", "memory", "disk", "tenants"] as const;
type Key = (typeof keys)[number];

export interface NodesView extends ListView {
  /** Empty for all. */
  verdict: Verdict | "";
  sort: Key;
  descending: boolean;
}

export function readNodes(from: Place): NodesView {
  const verdict = verdictOrder.find((one) => one === first(from, "verdict")) ?? "";
  return { ...readList(from, [1000]), ...readOrder(from, keys), verdict };
}

const share = (used = 0, of = 0) => (of === 0 ? 0 : used / of);

const values: Record<Key, (node: ClusterNode) => number | string> = {
  verdict: ({ verdict }) => verdictOrder.indexOf(verdict),
  name: ({ name }) => name,
  age: ({ ageSeconds }) => ageSeconds ?? Number.POSITIVE_INFINITY,
  cpu: ({ facts }) => facts?.load.cpu ?? -1,
  memory: ({ facts }) => share(facts?.load.memoryUsedKib, facts?.load.memoryKib),
  disk: ({ facts }) => share(facts?.load.diskUsedKib, facts?.load.diskKib),
  tenants: ({ facts }) => facts?.counts.tenants ?? -1,
};

/** Names with numbers in the order of the numbers: node2 before node10. */
const names = new Intl.Collator("en", { numeric: true });

/** Nodes that fit the view; those that are alike stand by their names. */
export function shownNodes(nodes: readonly ClusterNode[], view: NodesView): ClusterNode[] {
  const { sort, descending, verdict } = view;
  const text = view.text.trim().toLowerCase();
  const value = values[sort];
  const compare = (one: ClusterNode, other: ClusterNode): number => {
    const [a, b] = [value(one), value(other)];
    if (typeof a === "string" || typeof b === "string") return names.compare(`${a}`, `${b}`);
    return a === b ? 0 : a - b;
  };
  return nodes
    .filter((node) => (verdict === "" || node.verdict === verdict) && says(node, text))
    .sort(
      (one, other) =>
        (descending ? -1 : 1) * compare(one, other) || names.compare(one.name, other.name),
    );
}

function says({ name, address, text, facts }: ClusterNode, wanted: string): boolean {
  const versions = Object.values(facts?.versions ?? {});
  const flags = facts?.flags.map(({ title }) => title) ?? [];
  return [name, address, text, ...versions, ...flags].some((told) =>
    told.toLowerCase().includes(wanted),
  );
}
