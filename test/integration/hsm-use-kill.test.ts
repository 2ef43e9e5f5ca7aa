/**
 * The agent is killed between a use and its receipt: the use is in the driver's counter and not in
 * the record, and the statement says so. An agent and a driver of the test's own.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { audit } from "../../agent/audit/contract.ts";
import type { AuditEntry } from "../../agent/audit/entry.ts";
import { hsm } from "../../agent/hsm/contract.ts";
import type { Statement } from "../../agent/hsm/statement/members.ts";
import { hsmPaths } from "../../packaging/setup/components/softhsm.js";
import { readRecord } from "../../packaging/setup/lib/daemons.js";
import { createStack } from "../../packaging/setup/stack.js";
import { Person } from "../lib/caller.ts";
import { createAgency } from "../lib/hsm-agency.ts";
import { OwnAgent } from "../lib/own-agent.ts";
import { removeTree } from "../lib/remove-tree.js";
import { people } from "../lib/test-stack.js";

const tenant = "killed-agency";
const message = Buffer.from("message").toString("base64");
const stateDirectory = mkdtempSync("/var/tmp/dsecos-use-kill-");
const stack = createStack({
  mode: "private",
  stateDirectory,
  components: ["bus", "polkit", "policies", "incus", "softhsm"],
  poolGiB: 2,
});
const configFile = join(stateDirectory, "agent.json");
const environment = { ...process.env, ...stack.context.environment };
const persons: Person[] = [];
let operator: Person;
let auditor: Person;
const agent = new OwnAgent(configFile, environment);

beforeAll(async () => {
  await stack.start();
  const auditDirectory = join(stateDirectory, "audit");
  mkdirSync(auditDirectory);
  const incusSocket = join(stack.context.incusDirectory, "unix.socket");
  // The machine's own TPM is not for tests.
  const tpm = join(stateDirectory, "no-tpm");
  const pkiDirectory = join(stateDirectory, "pki");
  const config = { auditDirectory, incusSocket, tpm, pkiDirectory, ...hsmPaths(stack.context) };
  writeFileSync(configFile, JSON.stringify(config));
  const as = async (who: string) => {
    const person = await Person.as(who, environment);
    persons.push(person);
    return person;
  };
  operator = await as(people.operator);
  auditor = await as(people.auditor);
  const staff = { operator, officer: await as(people.officer), second: operator };
  await agent.start();
  await createAgency(staff, tenant, { documents: "P-384" });
}, 300_000);
afterAll(async () => {
  for (const person of persons) person.end();
  await agent.kill();
  await stack.stop();
  removeTree(stateDirectory);
});

/** Keeper and host of the driver: the process on record, and its child. */
function driverProcesses(): number[] {
  const keeper = readRecord(stateDirectory, "dsecos-hsm")?.pid;
  if (keeper === undefined) throw new Error("the stack has no driver");
  const children = execFileSync("pgrep", ["-P", String(keeper)], { encoding: "utf8" });
  return [keeper, ...children.trim().split("\n").map(Number)];
}

async function statement(): Promise<Statement> {
  const month = new Date().toISOString().slice(0, 7);
  return (await auditor.call(hsm, "Statement", tenant, month)) as Statement;
}

async function signs(outcome: "intent" | "success"): Promise<number> {
  const filter = { action: "hsm.Sign", outcome, tenant };
  return ((await auditor.call(audit, "List", filter)) as { rows: AuditEntry[] }).rows.length;
}

test("a use whose receipt is missing is counted, and the statement says why", async () => {
  const sign = () => operator.try(hsm, "Sign", tenant, "documents", "test", message);
  for (let i = 0; i < 3; i++) expect((await sign()).error).toBeUndefined();
  expect(await statement()).toMatchObject({ verdict: "agrees" });

  const frozen = driverProcesses();
  for (const pid of frozen) process.kill(pid, "SIGSTOP");
  try {
    const lost = sign();
    await vi.waitFor(async () => expect(await signs("intent")).toBe(4), {
      ...{ timeout: 20_000, interval: 20 },
    });
    // A whole call later, its request lies in the driver's socket.
    await auditor.call(hsm, "Rules", tenant).catch(() => undefined);
    await agent.kill();
    expect((await lost).error?.name).toMatch(/NoReply/);
  } finally {
    for (const pid of frozen) process.kill(pid, "SIGCONT");
  }
  await agent.start();
  const after = await vi.waitFor(
    async () => {
      const made = await statement();
      if (made.remarks.length > 0) throw new Error(made.remarks.join(" "));
      return made;
    },
    { timeout: 60_000, interval: 200 },
  );
  expect(await signs("success")).toBe(3);
  const row = after.rows.find(({ key, operation }) => key === "documents" && operation === "sign");
  expect(row).toMatchObject({ receipts: 3, counted: 4, difference: 1, reason: "interrupted" });
  expect(after.verdict).toBe("explained");
});
