/**
 * A tenant created through the agent (checked, authorized, on record) costs at most 1.5 times what
 * `incus project create` takes with exactly the same keys, with 10 tenants there and with 1,000:
 * pairs of both in turns, the keys being those that the agent's own creation of the pair left.
 */
import { setTimeout as delay } from "node:timers/promises";
import { AgentClient } from "../../../agent/bus/client.ts";
import { incusApi } from "../../../packaging/setup/lib/incus-api.js";
import { run as runProgram } from "../../../packaging/setup/lib/run.js";
import { median, type Result, ratioAtMost } from "../case.ts";
import { type Bed, withBed } from "../lib/bed.ts";
import { agentArguments, Served } from "../lib/process.ts";
import { copyTenants, createTenant, domainOf, untilPrompt } from "../lib/tenants.ts";

const few = 10;
const many = 1000;
const pairs = 11;
const most = 1.5;
/** What follows a creation, such as the agent's reading of it, is over by then. */
const settleMs = 400;
const template = "template";

export function run(): Promise<Result[]> {
  return withBed(["bus", "polkit", "policies", "incus"], async (bed) => {
    const first = await withAgent(bed, 0, async (client) => {
      await createTenant(client, template);
      for (let i = 1; i < few; i++) await createTenant(client, `first-${i}`);
      return compare(bed, client, few);
    });
    const before = await countProjects(bed);
    await copyTenants(bed.incusSocket, template, many - before);
    const second = await withAgent(bed, many, (client) => compare(bed, client, many));
    return [first, second];
  });
}

async function withAgent<T>(
  bed: Bed,
  count: number,
  work: (client: AgentClient) => Promise<T>,
): Promise<T> {
  const agent = await Served.start(agentArguments(bed), bed);
  try {
    await agent.tenants(count, 300);
    const client = await AgentClient.connect(bed.busPath);
    const done = await work(client);
    client.close();
    return done;
  } finally {
    await agent.stop();
  }
}

/** @returns how many projects there are besides Incus's own. */
async function countProjects({ incusSocket }: Bed): Promise<number> {
  const query = "SELECT COUNT(*) FROM projects WHERE name<>'default'";
  const body = { database: "global", query };
  const answer = await incusApi(incusSocket).request("POST", "/internal/sql", { body });
  return Number(answer.Results[0].rows[0][0]);
}

async function compare(bed: Bed, client: AgentClient, count: number): Promise<Result> {
  const ours: number[] = [];
  const reference: number[] = [];
  let waited = 0;
  const timed = async (work: () => Promise<unknown>) => {
    await delay(settleMs);
    waited += await untilPrompt(bed.incusSocket);
    const began = performance.now();
    await work();
    return performance.now() - began;
  };
  for (let pair = 0; pair < pairs; pair++) {
    const [name, twin] = [`ours-${count}-${pair}`, `twin-${count}-${pair}`];
    ours.push(await timed(() => createTenant(client, name)));
    const args = await createArguments(bed, name, twin);
    const options = { env: bed.environment, seconds: 120 };
    reference.push(await timed(() => runProgram("incus", args, options)));
  }
  // Samples in which Incus locked itself in the middle stay in: that is what the median is for.
  const longest = Math.max(...ours, ...reference).toFixed(0);
  console.log(
    `with ${count} tenants: waited ${waited.toFixed(0)} s for Incus to leave its database, ` +
      `${pairs} pairs, longest sample ${longest} ms`,
  );
  const name = `tenant-create, ${count} there`;
  return ratioAtMost(name, "ms", median(ours), median(reference), most);
}

/** @returns the arguments that make the twin as the agent made the tenant. */
async function createArguments(bed: Bed, name: string, twin: string): Promise<string[]> {
  await untilPrompt(bed.incusSocket);
  const project = await incusApi(bed.incusSocket).request("GET", `/1.0/projects/${name}`, {
    seconds: 60,
  });
  const config: [string, string][] = Object.entries(project.config);
  const keys = config.flatMap(([key, value]) => {
    const own = value.replaceAll(domainOf(name), domainOf(twin)).replaceAll(name, twin);
    return ["--config", `${key}=${own}`];
  });
  return ["project", "create", twin, "--description", project.description, ...keys];
}
