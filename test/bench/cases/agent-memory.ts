/**
 * The agent's resident memory: at most 80 MB idle with an empty Incus, and at most 120 MB after
 * 10,000 tenants of a real Incus were listed 100 times, page by page over the bus. The reference
 * is a bare dbus-next program that only owns the name, with the same flags. A MB has 1,000,000
 * bytes.
 */
import { setTimeout as delay } from "node:timers/promises";
import * as v from "valibot";
import { AgentClient } from "../../../agent/bus/client.ts";
import { tenantFilterSchema, tenants } from "../../../agent/tenants/contract.ts";
import { atMost, type Result } from "../case.ts";
import { type Bed, bundleProgram, withBed } from "../lib/bed.ts";
import { agentArguments, Served } from "../lib/process.ts";
import { copyTenants, createTenant } from "../lib/tenants.ts";

const count = 10_000;
const listings = 100;
const pageSize = 1000;
const limitsMb = { idle: 80, listed: 120 };
/** What a start needs has been done by then. */
const idleMs = 5_000;
const template = "template";
const components = ["bus", "polkit", "policies", "incus"] as const;

export async function run(): Promise<Result[]> {
  const [bare, empty] = await withBed(
    components,
    async (bed): Promise<[number, number]> => [
      await idle([await bundleProgram("bare-name", bed.directory)], bed),
      await idle(agentArguments(bed), bed, 0),
    ],
  );
  // In a fresh Incus: a minute after its start it begins to lock its database for half a minute
  // at a time, which with so many projects leaves next to no time between.
  const listed = await withBed(components, async (bed) => {
    await copyOne(bed);
    return await afterListing(bed);
  });
  return [
    atMost("agent-memory, idle", "MB", empty, bare, limitsMb.idle),
    atMost("agent-memory, listed", "MB", listed, bare, limitsMb.listed),
  ];
}

/** @param known how many tenants it has to have loaded first */
async function idle(program: string[], bed: Bed, known?: number): Promise<number> {
  const served = await Served.start(program, bed);
  try {
    if (known !== undefined) await served.tenants(known, 30);
    await delay(idleMs);
    return served.residentMb();
  } finally {
    await served.stop();
  }
}

async function copyOne(bed: Bed): Promise<void> {
  const agent = await Served.start(agentArguments(bed), bed);
  try {
    const client = await AgentClient.connect(bed.busPath);
    await createTenant(client, template);
    client.close();
  } finally {
    await agent.stop();
  }
  await copyTenants(bed.incusSocket, template, count - 1);
}

async function afterListing(bed: Bed): Promise<number> {
  const agent = await Served.start(agentArguments(bed), bed);
  try {
    await agent.tenants(count, 600);
    console.log(`the agent with ${count} tenants, before listing: ${agent.residentMb()} MB`);
    const client = await AgentClient.connect(bed.busPath);
    for (let listing = 0; listing < listings; listing++) await listAll(client);
    client.close();
    return agent.residentMb();
  } finally {
    await agent.stop();
  }
}

async function listAll(client: AgentClient): Promise<void> {
  let rows = 0;
  for (let cursor = ""; ; ) {
    const filter = v.parse(tenantFilterSchema, { limit: pageSize, cursor });
    const page = await client.call(tenants, "List", [filter]);
    rows += page.rows.length;
    if (page.next === "") break;
    cursor = page.next;
  }
  if (rows !== count) throw new Error(`a listing had ${rows} tenants instead of ${count}`);
}
