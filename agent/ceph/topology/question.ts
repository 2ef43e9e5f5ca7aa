/** Where OSDs are, out of what the cluster says of itself. */
import type { ClusterFacts } from "../facts/facts.ts";
import type { TopologyFilter, TopologyPage } from "./answers.ts";
import { pageOfTree } from "./page.ts";
import { buildTree } from "./tree.ts";

type Tree = ReturnType<typeof buildTree>;

/** A page asks more than once about the same facts, and thousands of OSDs take their time. */
let newest: { of: readonly unknown[]; tree: Tree } | undefined;

/** The whole tree; figures are missing in it where no manager answers. */
export function treeOf(facts: ClusterFacts): Tree {
  const { osds } = facts.need("osdmap");
  const crush = facts.need("crush");
  const [df, perf] = [facts.get("osdDf"), facts.get("osdPerf")];
  const of = [osds, crush, df, perf];
  if (newest !== undefined && of.every((one, at) => one === newest?.of[at])) return newest.tree;
  const tree = buildTree({
    ...{ osds, crush },
    use: df === undefined ? [] : [...df.nodes, ...df.stray],
    latency: (perf?.osdstats.osd_perf_infos ?? []).map(({ id, perf_stats }) => ({
      id,
      commitLatencyMs: perf_stats.commit_latency_ms,
      applyLatencyMs: perf_stats.apply_latency_ms,
    })),
  });
  newest = { of, tree };
  return tree;
}

function answer(facts: ClusterFacts, filter: TopologyFilter): TopologyPage {
  const { rows, sums } = treeOf(facts);
  const missing = [...new Set(Object.values(facts.problems))];
  return { ...pageOfTree(rows, sums, filter), at: facts.at("osdmap"), missing };
}

export const topologyQuestion = {
  needs: ["osdmap", "crush"],
  likes: ["osdDf", "osdPerf"],
  answer,
} as const;
