/**
 * How long the agent's event loop is held while the cluster has 4,320 OSDs and all that the page of storage
 * shows is asked at once, over and over, beside the watch over residency and 300 tenants' volumes: against a
 * Node program that does nothing on the same machine at the same time. The cluster is one that nobody
 * runs (lib/fake-ceph.ts), behind the agent's own link.
 */
import { setTimeout as delay } from "node:timers/promises";
import * as v from "valibot";
import { AgentClient } from "../../../agent/bus/client.ts";
import { capacityFilterSchema } from "../../../agent/ceph/capacity/answers.ts";
import { ceph } from "../../../agent/ceph/contract.ts";
import { topologyFilterSchema } from "../../../agent/ceph/topology/answers.ts";
import { volumeFilterSchema } from "../../../agent/ceph/volumes/answers.ts";
import { atMost, median, type Result } from "../case.ts";
import { type Bed, bundleProgram, withBed } from "../lib/bed.ts";
import { enlarged, recordCluster, withVolumes, writeCluster } from "../lib/fake-ceph.ts";
import { agentArguments, Served } from "../lib/process.ts";
import { copyTenants, createTenant } from "../lib/tenants.ts";
import { type Held, idle, Watched } from "../lib/watched.ts";

const size = { osds: 4320, pools: 100, pgs: 100_000 };
const tenants = 300;
const template = "template";
const volume = {
  name: "docs",
  kind: "file",
  size: "10MiB",
  class: "hosts-3",
  worm: false,
} as const;
const rounds = 5;
const roundMs = 6000;
const mostMs = 20;

export async function run(): Promise<Result[]> {
  const cluster = withVolumes(enlarged(await recordCluster(), size));
  return withBed(["bus", "polkit", "policies", "incus"], async (bed) => {
    const watch = await bundleProgram("loop-delay", bed.directory);
    const { config, program } = writeCluster(cluster, bed.directory);
    const [, ...rest] = agentArguments(bed, config);
    await declare(bed, [program, ...rest]);
    const agent = await Served.start([`--import=${watch}`, program, ...rest], bed);
    const other = new Watched(watch, idle);
    try {
      await other.watched;
      await agent.tenants(tenants, 120);
      const client = await AgentClient.connect(bed.busPath);
      await untilReady(client);
      const [ours, theirs]: [Held[], Held[]] = [[], []];
      for (let round = 0; round < rounds; round++) {
        await Promise.all([agentDelay(agent), other.delay()]);
        await look(client);
        const [own, its] = await Promise.all([agentDelay(agent), other.delay()]);
        console.log(`held ${own.max.toFixed(1)} ms, own work ${own.cpu.toFixed(1)} ms`);
        ours.push(own);
        theirs.push(its);
      }
      client.close();
      const of = (held: Held[], by: keyof Held) => median(held.map((one) => one[by]));
      const [held, idled] = [of(ours, "max"), of(theirs, "max")];
      return [
        {
          ...atMost("ceph-loop, by the clock", "ms", held, idled, mostMs),
          // With two processors for all of this, even who has nothing to do waits for one.
          goal: `at most ${mostMs} ms longer than a program that does nothing`,
          holds: held - idled <= mostMs,
        },
        atMost("ceph-loop, own work", "ms", of(ours, "cpu"), of(theirs, "cpu"), mostMs),
      ];
    } finally {
      other.end();
      await agent.stop();
    }
  });
}

/** A tenant with a volume, and as many like it. */
async function declare(bed: Bed, program: readonly string[]): Promise<void> {
  const agent = await Served.start(program, bed);
  try {
    const client = await AgentClient.connect(bed.busPath);
    await createTenant(client, template);
    await untilReady(client);
    await client.call(ceph, "CreateVolume", [template, volume]);
    client.close();
  } finally {
    await agent.stop();
  }
  await copyTenants(bed.incusSocket, template, tenants - 1);
}

async function untilReady(client: AgentClient): Promise<void> {
  for (;;) {
    const { state, reason } = await client.call(ceph, "Status", []);
    if (state === "ready") return;
    if (state !== "starting") throw new Error(`the link is ${state}: ${reason}`);
    await delay(200);
  }
}

/** All that the parts of the page ask, each again as soon as it is answered. */
async function look(client: AgentClient): Promise<void> {
  const end = performance.now() + roundMs;
  const again = async (ask: () => Promise<unknown>) => {
    while (performance.now() < end) await ask();
  };
  const topology = (filter: object) => v.parse(topologyFilterSchema, filter);
  await Promise.all([
    again(() => client.call(ceph, "Health", [])),
    again(() => client.call(ceph, "Topology", [topology({ limit: 200 })])),
    again(() => client.call(ceph, "Topology", [topology({ detail: "osds", limit: 1000 })])),
    again(() => client.call(ceph, "Capacity", [v.parse(capacityFilterSchema, { limit: 100 })])),
    again(() => client.call(ceph, "Volumes", [v.parse(volumeFilterSchema, { limit: 100 })])),
    again(() => client.call(ceph, "Residency", [])),
  ]);
}

async function agentDelay(agent: Served): Promise<Held> {
  const said = agent.next(({ message }) => message === "loop delay", 60);
  agent.signal("SIGUSR2");
  return (await said) as unknown as Held;
}
