/**
 * What a change would do, computed for a cluster of 4,320 OSDs and 100,000 placement groups, and how long
 * the status and the page's topology take meanwhile, against both before. The cluster is one that nobody
 * runs (lib/fake-ceph.ts); its groups are where the agent's own computation puts them.
 */
import * as v from "valibot";
import { AgentClient } from "../../../agent/bus/client.ts";
import { ceph } from "../../../agent/ceph/contract.ts";
import { topologyFilterSchema } from "../../../agent/ceph/topology/answers.ts";
import { until } from "../../../packaging/setup/lib/wait.js";
import { atMost, type Result } from "../case.ts";
import { withBed } from "../lib/bed.ts";
import { computed, enlarged, recordCluster, writeCluster } from "../lib/fake-ceph.ts";
import { agentArguments, Served } from "../lib/process.ts";

const size = { osds: 4320, pools: 100, pgs: 100_000 };
const rounds = 20;
/** Someone looks at the page; and a prediction is given up after 50 s. */
const mostMs = { looked: 1000, predicted: 50_000 };

export async function run(): Promise<Result[]> {
  const cluster = computed(enlarged(await recordCluster(), size));
  return withBed(["bus", "polkit", "policies", "incus"], async (bed) => {
    const { config, program } = writeCluster(cluster, bed.directory);
    const [, ...rest] = agentArguments(bed, config);
    const agent = await Served.start([program, ...rest], bed);
    try {
      const client = await AgentClient.connect(bed.busPath);
      await until("the link to be ready", 30, async () => {
        return (await client.call(ceph, "Status", [])).state === "ready";
      });
      const filter = v.parse(topologyFilterSchema, { limit: 200 });
      const look = async () => {
        const began = performance.now();
        await client.call(ceph, "Status", []);
        await client.call(ceph, "Topology", [filter]);
        return performance.now() - began;
      };
      await look(); // Reads what is kept from then on.
      const before: number[] = [];
      for (let round = 0; round < rounds; round++) before.push(await look());
      const meanwhile: number[] = [];
      let isOver = false;
      const began = performance.now();
      const predicting = client
        .call(ceph, "PredictChange", [{ what: "out", osd: 0 }])
        .finally(() => {
          isOver = true;
        });
      while (!isOver) meanwhile.push(await look());
      const { state, why } = await predicting;
      const took = performance.now() - began;
      if (state !== "known") throw new Error(why);
      client.close();
      const [during, quiet] = [Math.max(...meanwhile), Math.max(...before)];
      return [
        atMost("ceph-predict, a look meanwhile", "ms", during, quiet, mostMs.looked),
        atMost("ceph-predict", "ms", took, quiet, mostMs.predicted),
      ];
    } finally {
      await agent.stop();
    }
  });
}
