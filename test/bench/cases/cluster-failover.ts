/**
 * Thirty drills that kill the leader of the database of three real Incus daemons, each as a person orders
 * it: for how long writes and pages are gone at the two nodes that stay, the worse of both. The reference
 * is the median.
 */
import type { ClusterNode } from "../../../agent/cluster/answers.ts";
import { histogramOf } from "../../../agent/cluster/drill/histogram.ts";
import { until } from "../../../packaging/setup/lib/wait.js";
import { DrillNode } from "../../lib/drill-bed.ts";
import { IncusCluster } from "../../lib/incus-cluster.ts";
import { atMost, type Result } from "../case.ts";

const drills = 30;
/** Longer than it ever took to choose another leader. */
const seconds = 10;
/** Without a disk, which others may keep busy here: what is measured is how soon a leader is chosen. */
const memory = "/dev/shm";
const mostMs = { pages: 1000, writes: 4200 };

export async function run(): Promise<Result[]> {
  const incus = await IncusCluster.start(3, memory);
  const nodes = incus.nodes.map((node) => new DrillNode(node));
  try {
    for (let round = 1; round <= drills; round++) await drill(nodes, round);
    const all = (await Promise.all(nodes.map((node) => node.drills()))).flatMap(
      (one) => one.drills,
    );
    const rows = histogramOf(all).filter(({ where }) => where === "others");
    for (const { service, bars, p50Ms, p95Ms, longestMs } of rows) {
      console.log(`${service}: p50 ${p50Ms} ms, p95 ${p95Ms} ms, longest ${longestMs} ms`);
      for (const bar of bars.filter((one) => one.drills > 0))
        console.log(`  up to ${bar.upToMs ?? "any"} ms: ${"#".repeat(bar.drills)} ${bar.drills}`);
    }
    return (["pages", "writes"] as const).map((service) => {
      const row = rows.find((one) => one.service === service);
      if (row?.drills !== drills) throw new Error(`${service}: ${row?.drills} of ${drills} drills`);
      const name = `cluster-failover-${service}`;
      return atMost(name, "ms", row.p95Ms, row.p50Ms, mostMs[service]);
    });
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
    await incus.remove();
  }
}

async function drill(nodes: readonly DrillNode[], round: number): Promise<void> {
  await until("all nodes", 120, async () => {
    const seen = await Promise.all(
      nodes.map(async (node) => ({ ...(await node.drills()), ...(await node.status()) })),
    );
    const isWhole = (one: (typeof seen)[number]) =>
      one.running === null && one.nodes.length === 3 && one.nodes.every(isOnline);
    return seen.every(isWhole);
  });
  const leads = await Promise.all(nodes.map((node) => node.leads()));
  const leader = nodes[leads.indexOf(true)];
  if (leader === undefined) throw new Error("nobody leads");
  const reason = `round ${round}`;
  const job = await leader.begin({ kind: "kill", seconds, reason });
  await until("the drill's end", 180, () => leader.job(job)?.state !== "running");
  const { state, error } = leader.job(job) ?? {};
  if (state !== "succeeded") throw new Error(`${reason}: ${error}`);
  const [last] = (await leader.drills()).drills;
  const others = last?.nodes.filter(({ node }) => node !== leader.name) ?? [];
  const told = others.map(({ writes, pages }) => `writes ${writes} pages ${pages}`);
  console.log(`${round}: ${leader.name} away; ${told.join("; ")} ms`);
}

const isOnline = ({ incus }: ClusterNode) => incus === "online";
