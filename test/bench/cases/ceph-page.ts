/**
 * The page of storage shows its first figures over 4,320 OSDs, 100 pools and the volumes of 1,000 tenants in
 * at most 1.5 times what it takes over eight OSDs and one volume; so do its parts. Both clusters are
 * answers that were recorded and generated, given to two whole agents through their own link by a fake
 * helper; Incus, Cockpit and Chromium are real. In turns, each in a fresh page, from the start of the
 * navigation until it is painted.
 */
import { setTimeout as delay } from "node:timers/promises";
import * as v from "valibot";
import { AgentClient } from "../../../agent/bus/client.ts";
import { capacityFilterSchema } from "../../../agent/ceph/capacity/answers.ts";
import { ceph } from "../../../agent/ceph/contract.ts";
import { topologyFilterSchema } from "../../../agent/ceph/topology/answers.ts";
import { volumeFilterSchema } from "../../../agent/ceph/volumes/answers.ts";
import { Console } from "../../cluster/console.ts";
import { ensurePeople, people } from "../../lib/test-stack.js";
import { median, type Result, ratioAtMost } from "../case.ts";
import { type Bed, withBed } from "../lib/bed.ts";
import {
  type Answers,
  enlarged,
  recordCluster,
  withVolumes,
  writeCluster,
} from "../lib/fake-ceph.ts";
import { firstPaint } from "../lib/painted.ts";
import { agentArguments, Served } from "../lib/process.ts";
import { copyTenants, createTenant } from "../lib/tenants.ts";

const large = { osds: 4320, pools: 100, pgs: 100_000 };
const tenants = 1000;
const rounds = 7;
const most = 1.5;
const patienceMs = 180_000;
const template = "template";
const volume = {
  name: "docs",
  kind: "file",
  size: "10MiB",
  class: "hosts-3",
  worm: false,
} as const;

/** What is looked for in each part: its figures, not its frame. */
const parts = {
  overview: ".ds-counts a strong",
  topology: "tr[data-row]",
  capacity: "tr[data-row]",
  volumes: "tr[data-row]",
};

export async function run(): Promise<Result[]> {
  await ensurePeople();
  const recorded = await recordCluster();
  const components = ["bus", "polkit", "policies", "incus", "cockpit"] as const;
  const person = people.operator;
  return withBed(
    components,
    (few) =>
      withBed(
        components,
        (many) =>
          withAgent(few, withVolumes(recorded), 1, () =>
            withAgent(many, withVolumes(enlarged(recorded, large)), tenants, () =>
              compare(few, many),
            ),
          ),
        { letter: "b", person },
      ),
    { letter: "a", person },
  );
}

async function withClient<T>(bed: Bed, act: (client: AgentClient) => Promise<T>): Promise<T> {
  const client = await AgentClient.connect(bed.busPath);
  try {
    return await act(client);
  } finally {
    client.close();
  }
}

async function withAgent<T>(
  bed: Bed,
  cluster: Answers,
  count: number,
  work: () => Promise<T>,
): Promise<T> {
  const { config, program } = writeCluster(cluster, bed.directory);
  const [, ...rest] = agentArguments(bed, config);
  let agent = await Served.start([program, ...rest], bed);
  try {
    await withClient(bed, async (client) => {
      await createTenant(client, template);
      await ready(client);
      await client.call(ceph, "CreateVolume", [template, volume]);
      await made(client, 1);
    });
    if (count > 1) {
      await agent.stop();
      await copyTenants(bed.incusSocket, template, count - 1);
      agent = await Served.start([program, ...rest], bed);
      await agent.tenants(count, 300);
      const began = performance.now();
      await withClient(bed, (client) => made(client, count));
      console.log(`${count} volumes were made in ${seconds(began)} s`);
    }
    return await work();
  } finally {
    await agent.stop();
  }
}

const seconds = (began: number) => ((performance.now() - began) / 1000).toFixed(1);

async function ready(client: AgentClient): Promise<void> {
  for (;;) {
    const { state, reason } = await client.call(ceph, "Status", []);
    if (state === "ready") return;
    if (state !== "starting") throw new Error(`the link is ${state}: ${reason}`);
    await delay(200);
  }
}

/** Waits until as many volumes are ready. */
async function made(client: AgentClient, count: number): Promise<void> {
  const list = (filter: object) =>
    client.call(ceph, "Volumes", [v.parse(volumeFilterSchema, { ...filter, limit: 1 })]);
  const end = performance.now() + patienceMs;
  for (;;) {
    const { total } = await list({ state: ["ready"] });
    if (total === count) return;
    if (performance.now() > end) {
      const { rows, unknown } = await list({ troubled: true });
      throw new Error(`${total} of ${count} are ready: ${unknown} ${rows[0]?.trouble}`);
    }
    await delay(500);
  }
}

/** What of it is the agent's answer, in milliseconds: five in a row. */
function answering(bed: Bed, part: string): Promise<string> {
  const questions: Record<string, (client: AgentClient) => Promise<unknown>> = {
    overview: (client) => client.call(ceph, "Health", []),
    topology: (client) =>
      client.call(ceph, "Topology", [v.parse(topologyFilterSchema, { limit: 50 })]),
    capacity: (client) =>
      client.call(ceph, "Capacity", [v.parse(capacityFilterSchema, { limit: 50 })]),
    volumes: (client) => client.call(ceph, "Volumes", [v.parse(volumeFilterSchema, { limit: 50 })]),
  };
  return withClient(bed, async (client) => {
    const times: string[] = [];
    for (let at = 0; at < 5; at++) {
      const began = performance.now();
      await questions[part]?.(client);
      times.push((performance.now() - began).toFixed(0));
    }
    return times.join(", ");
  });
}

async function compare(few: Bed, many: Bed): Promise<Result[]> {
  const browser = await Console.open();
  try {
    const results: Result[] = [];
    for (const [part, selector] of Object.entries(parts)) {
      const take = ({ cockpit }: Bed) =>
        firstPaint(
          browser.page,
          `${cockpit}/cockpit/@localhost/dsecos/ceph.html#/${part === "overview" ? "" : part}`,
          selector,
        );
      const [ours, reference]: [number[], number[]] = [[], []];
      console.log(
        `${part}: the agent answers in ${await answering(many, part)} ms, over eight OSDs in ${await answering(few, part)} ms`,
      );
      for (let round = 0; round < rounds; round++) {
        ours.push(await take(many));
        reference.push(await take(few));
      }
      const shown = (times: number[]) => times.map((time) => time.toFixed(0)).join(", ");
      console.log(`${part}: ${shown(ours)} ms; with eight OSDs: ${shown(reference)} ms`);
      results.push(ratioAtMost(`ceph-page, ${part}`, "ms", median(ours), median(reference), most));
    }
    return results;
  } finally {
    await browser.close();
  }
}
