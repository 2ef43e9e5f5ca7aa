/**
 * The overview of 12 and of 64 nodes shows all of them, and all that it shows of one node, in at most 1.2
 * times what it takes on a node alone. The other members have no daemons: a generator writes them, with
 * what their agents would tell, into the database of a real Incus; the two agents, Cockpit and Chromium are
 * real. In turns, each in a fresh page, from the start of the navigation until it is painted.
 */
import { incusApi } from "../../../packaging/setup/lib/incus-api.js";
import { Console } from "../../cluster/console.ts";
import { GeneratedMember } from "../../lib/generated-members.ts";
import { formCluster } from "../../lib/incus-cluster.ts";
import { ensurePeople, people } from "../../lib/test-stack.js";
import { median, type Result, ratioAtMost } from "../case.ts";
import { type Bed, withBed } from "../lib/bed.ts";
import { firstPaint } from "../lib/painted.ts";
import { agentArguments, Served } from "../lib/process.ts";

const sizes = [12, 64];
const rounds = 9;
const most = 1.2;

/** What the page shows of a node alone: figures, checks and the firewall, which comes last. */
const alone = ".ds-page:has(.ds-count strong):has(.ds-checks li):has([data-firewall])";
const together = (size: number) =>
  `${alone}:has([aria-label="Nodes of the cluster"] tbody tr:nth-child(${size}))`;

export async function run(): Promise<Result[]> {
  await ensurePeople();
  const components = ["bus", "polkit", "policies", "incus", "cockpit"] as const;
  const person = people.operator;
  return withBed(
    components,
    (one) =>
      withBed(
        components,
        async (many) => {
          const api = incusApi(many.incusSocket);
          await formCluster(api, "node1");
          return withAgent(one, () => withAgent(many, () => compare(one, many, api)));
        },
        { letter: "b", person },
      ),
    { letter: "a", person },
  );
}

async function withAgent<T>(bed: Bed, work: () => Promise<T>): Promise<T> {
  const agent = await Served.start(agentArguments(bed), bed);
  try {
    await agent.tenants(0, 60);
    return await work();
  } finally {
    await agent.stop();
  }
}

async function compare(one: Bed, many: Bed, api: ReturnType<typeof incusApi>): Promise<Result[]> {
  const browser = await Console.open();
  const members: GeneratedMember[] = [];
  try {
    const results: Result[] = [];
    for (const size of sizes) {
      while (members.length < size - 1) {
        const number = members.length + 2;
        members.push(await GeneratedMember.join(api, `node${number}`, number));
      }
      const [ours, reference]: [number[], number[]] = [[], []];
      const take = ({ cockpit }: Bed, selector: string) =>
        firstPaint(browser.page, `${cockpit}/cockpit/@localhost/dsecos/overview.html`, selector);
      for (let round = 0; round < rounds; round++) {
        for (const member of members) {
          await member.publish("facts");
          if (round === 0) await member.publish("log");
        }
        ours.push(await take(many, together(size)));
        reference.push(await take(one, alone));
      }
      const shown = (times: number[]) => times.map((time) => time.toFixed(0)).join(", ");
      console.log(`${size} nodes: ${shown(ours)} ms; one: ${shown(reference)} ms`);
      results.push(
        ratioAtMost(`overview-nodes, ${size}`, "ms", median(ours), median(reference), most),
      );
    }
    return results;
  } finally {
    await browser.close();
  }
}
