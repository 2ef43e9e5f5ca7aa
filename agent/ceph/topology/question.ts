/** Where OSDs are, out of what the cluster says of itself. */
import type { ClusterFacts } from "../facts/facts.ts";
import type { TopologyFilter, TopologyPage } from "./answers.ts";
import { pageOfTree } from "./page.ts";
import { buildTree } from "./tree.ts";

/** The whole tree; figures are missing in it where no manager answers. */
export function treeOf(facts: ClusterFacts): ReturnType<typeof buildTree> {
  const df = facts.get("osdDf");
  return buildTree({
    osds: facts.need("osdmap").osds,
    crush: facts.need("crush"),
    use: df === undefined ? [] : [...df.nodes, ...df.stray],
    latency: (facts.get("osdPerf")?.osdstats.osd_perf_infos ?? []).map(({ id, perf_stats }) => ({
      id,
      commitLatencyMs: perf_stats.commit_latency_ms,
      applyLatencyMs: perf_stats.apply_latency_ms,
    })),
  });
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
