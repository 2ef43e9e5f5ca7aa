/**
 * The agent is killed at random moments of creating and deleting. After every start each tenant is
 * whole or gone, the record is intact, and it tells what came of every act.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { approvals } from "../../agent/approvals/contract.ts";
import { interruptedActs } from "../../agent/audit/interrupted.ts";
import { newest } from "../../agent/audit/recent.ts";
import { LogReader } from "../../agent/audit/segments/reader.ts";
import { SegmentWriter } from "../../agent/audit/segments/writer.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { incusApi } from "../../packaging/setup/lib/incus-api.js";
import { createStack } from "../../packaging/setup/stack.js";
import { Person } from "../lib/caller.ts";
import { checkLog } from "../lib/check-log.ts";
import { OwnAgent } from "../lib/own-agent.ts";
import { removeTree } from "../lib/remove-tree.js";
import { people } from "../lib/test-stack.js";

const kills = Number(process.env.DSECOS_TEST_KILLS ?? 200);
const stateDirectory = mkdtempSync("/var/tmp/dsecos-kill-");
const stack = createStack({
  mode: "private",
  stateDirectory,
  components: ["bus", "polkit", "policies", "incus"],
  poolGiB: 2,
});
const auditDirectory = join(stateDirectory, "audit");
const configFile = join(stateDirectory, "agent.json");
const environment = { ...process.env, ...stack.context.environment };
const api = incusApi(join(stack.context.incusDirectory, "unix.socket"));
let operator: Person;
let officer: Person;
const agent = new OwnAgent(configFile, environment);

beforeAll(async () => {
  await stack.start();
  mkdirSync(auditDirectory);
  const incusSocket = join(stack.context.incusDirectory, "unix.socket");
  // The machine's own TPM is not for tests.
  const tpm = join(stateDirectory, "no-tpm");
  writeFileSync(configFile, JSON.stringify({ auditDirectory, incusSocket, tpm }));
  operator = await Person.as(people.operator, environment);
  officer = await Person.as(people.officer, environment);
});
afterAll(async () => {
  operator?.end();
  officer?.end();
  await agent.kill();
  await stack.stop();
  removeTree(stateDirectory);
});

const spec = (index: number) => ({
  domain: `kill${index}_t`,
  quota: { cpu: "4", ram: "4GiB", storage: "40GiB" },
});

/** Asks, has it approved, and gives the call that then really deletes. */
async function approvedDeletion(name: string): Promise<() => void> {
  const inputs = [name, true, 0];
  const asked = await operator.try(tenants, "Delete", ...inputs);
  // An approval that a kill kept from being used still holds: the deletion is under way now.
  if (asked.error === undefined) return () => {};
  expect(asked.error.name).toBe("org.dsecos.Error.NeedsApproval");
  const id = /request ([0-9a-f]{16})/.exec(asked.error.message)?.[1];
  const list = (await officer.call(approvals, "List")) as { id: string; hash: string }[];
  const request = list.find((one) => one.id === id);
  await officer.call(approvals, "Approve", id, request?.hash);
  return () => void operator.try(tenants, "Delete", ...inputs);
}

interface Row {
  name: string;
  state: string;
}

/** @returns names that are whole, once nothing is under way any more. */
async function settled(): Promise<string[]> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const page = (await operator.call(tenants, "List", { limit: 1000 })) as { rows: Row[] };
    if (page.rows.every(({ state }) => state === "active")) return page.rows.map((r) => r.name);
    if (Date.now() > deadline) throw new Error(`still deleting: ${JSON.stringify(page.rows)}`);
    await delay(20);
  }
}

let seed = 7;
const random = (below: number) => {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return seed % below;
};

test(`${kills} kills: every tenant is whole or gone, and the record tells which`, async () => {
  await agent.start();
  await operator.call(tenants, "Create", "kill-reference", spec(999_999));
  const reference = (await api.request("GET", "/1.0/projects/kill-reference")) as {
    config: Record<string, string>;
  };
  const keys = Object.keys(reference.config).sort();
  let present = ["kill-reference"];
  for (let i = 0; i < kills; i++) {
    const victim = present.find((name) => name !== "kill-reference");
    const remove = i % 2 === 1 && victim !== undefined ? await approvedDeletion(victim) : undefined;
    // Answers may never come: that is the point.
    if (remove === undefined) void operator.try(tenants, "Create", `kill-${i}`, spec(i));
    else remove();
    await delay(random(50));
    await agent.kill();
    await agent.start();
    present = await settled();
    expect(present).toContain("kill-reference");
    for (const name of present) {
      if (name !== `kill-${i}`) continue;
      const project = (await api.request("GET", `/1.0/projects/${name}`)) as typeof reference;
      expect(Object.keys(project.config).sort()).toEqual(keys);
    }
  }
  await delay(0);
  await expect
    .poll(() => openActs(), { timeout: 30_000, message: "acts without an outcome" })
    .toEqual([]);
  await agent.kill();
  // Cuts off what the kill may have left half-written.
  const writer = new SegmentWriter(auditDirectory);
  writer.open();
  writer.close();
  expect(checkLog(auditDirectory).entries.length).toBeGreaterThan(2 * kills);
  const projects = (await api.request("GET", "/1.0/projects")) as string[];
  const names = projects.map((url) => url.split("/").at(-1)).sort();
  expect(names).toEqual(["default", ...present].sort());
}, 900_000);

async function openActs(): Promise<string[]> {
  const reader = new LogReader(auditDirectory);
  reader.refresh();
  const acts = await interruptedActs(newest(reader, Infinity, Infinity));
  reader.close();
  return acts.map(({ action, tenant }) => `${action} ${tenant}`);
}
