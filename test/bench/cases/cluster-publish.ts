/**
 * What it costs the agent to tell the other nodes of itself: its CPU in a cluster of one beside its CPU
 * where Incus is in none. What it costs to hear of 63 others, whom a generator writes into the real Incus,
 * two or three a second as 63 agents would, is told beside it.
 */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { incusApi } from "../../../packaging/setup/lib/incus-api.js";
import { GeneratedMember } from "../../lib/generated-members.ts";
import { formCluster } from "../../lib/incus-cluster.ts";
import { atMost, type Result } from "../case.ts";
import { type Bed, withBed } from "../lib/bed.ts";
import { agentArguments, Served } from "../lib/process.ts";

const others = 63;
/** Four publications of each. */
const seconds = 100;
/** What a start needs has been done by then. */
const settledMs = 15_000;
const perSecond = others / 25;
const mostPercent = 0.5;

export function run(): Promise<Result[]> {
  return withBed(["bus", "polkit", "policies", "incus"], async (bed) => {
    const alone = await percentOf(bed, async () => undefined);
    const api = incusApi(bed.incusSocket);
    await formCluster(api, "node1");
    const publishing = Math.max(0, (await percentOf(bed, async () => undefined)) - alone);
    const members: GeneratedMember[] = [];
    for (let number = 2; number <= others + 1; number++) {
      const member = await GeneratedMember.join(api, `node${number}`, number);
      await member.publish("facts");
      await member.publish("log");
      members.push(member);
    }
    let turn = 0;
    const together = await percentOf(bed, async (second) => {
      for (; turn < (second + 1) * perSecond; turn++) {
        const member = members[turn % members.length];
        member?.log.append(1);
        await member?.publish("facts");
        await member?.publish("log");
      }
    });
    const heard = Math.max(0, together - alone - publishing);
    console.log(`hearing of ${others} others costs ${heard.toFixed(2)} % of a core more`);
    return [atMost("cluster-publish", "% of a core", publishing, alone, mostPercent)];
  });
}

/** @param each done every second */
async function percentOf(bed: Bed, each: (second: number) => Promise<void>): Promise<number> {
  const agent = await Served.start(agentArguments(bed), bed);
  try {
    await agent.tenants(0, 60);
    await delay(settledMs);
    const [began, before] = [performance.now(), cpuMs(agent.pid)];
    for (let second = 0; second < seconds; second++) {
      await each(second);
      await delay(Math.max(0, began + (second + 1) * 1000 - performance.now()));
    }
    return ((cpuMs(agent.pid) - before) / (performance.now() - began)) * 100;
  } finally {
    await agent.stop();
  }
}

/** User and system time of all its threads; a tick of /proc has 10 ms. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}
