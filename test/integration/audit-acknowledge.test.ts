/** A TPM that was cleared under a running node: the agent says so, and two officers decide. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApprovalRecord, approvals } from "../../agent/approvals/contract.ts";
import type { Status } from "../../agent/audit/answers.ts";
import { audit } from "../../agent/audit/contract.ts";
import { readEnrolments } from "../../agent/audit/seal/enrolments.ts";
import { run } from "../../packaging/setup/lib/run.js";
import { until } from "../../packaging/setup/lib/wait.js";
import { createStack } from "../../packaging/setup/stack.js";
import { Person } from "../lib/caller.ts";
import { removeTree } from "../lib/remove-tree.js";
import { people } from "../lib/test-stack.js";

const stateDirectory = mkdtempSync("/var/tmp/dsecos-ack-");
const stack = createStack({
  mode: "private",
  stateDirectory,
  components: ["bus", "polkit", "policies", "swtpm", "agent"],
});
const environment = { ...process.env, ...stack.context.environment };
let officer: Person;
let second: Person;
let viewer: Person;

beforeAll(async () => {
  await stack.start();
  officer = await Person.as(people.officer, environment);
  second = await Person.as(people.officer2, environment);
  viewer = await Person.as(people.viewer, environment);
});
afterAll(async () => {
  for (const person of [officer, second, viewer]) person?.end();
  await stack.stop();
  removeTree(stateDirectory);
});

const status = async (): Promise<Status> => (await viewer.call(audit, "Status")) as Status;
const seals = async () => (await status()).tpm.at;

test("sealing goes on under a new key only after a second officer has agreed", async () => {
  await until("the first seal", 30, async () => (await seals()) !== "");
  const early = await officer.try(audit, "AcknowledgeTpm", "nothing happened");
  expect(early.error?.name).toBe("org.dsecos.Error.NeedsApproval");

  const agent = stack.component("agent");
  await agent.stop();
  await run("tpm2_clear", ["-c", "p"], { env: environment });
  await agent.start();
  await until("the alarm", 30, async () => (await status()).tpm.state === "alarm");
  const { alarms, tpm } = await status();
  expect(tpm.text).toContain("The TPM was cleared");
  expect(alarms.filter(({ kind }) => kind === "tpm")).toHaveLength(1);

  const denied = await viewer.try(audit, "AcknowledgeTpm", "why not");
  expect(denied.error?.name).toMatch(/Denied$/);
  const enrol = await officer.try(audit, "EnrolTpm");
  expect(enrol.error?.name).toBe("org.dsecos.Error.Conflict");
  const asked = await officer.try(audit, "AcknowledgeTpm", "board was replaced");
  expect(asked.error?.name).toBe("org.dsecos.Error.NeedsApproval");
  const requests = (await second.call(approvals, "List")) as ApprovalRecord[];
  const request = requests.find(({ state, arguments: args }) => {
    return state === "pending" && args.includes("board was replaced");
  });
  const own = await officer.try(approvals, "Approve", request?.id, request?.hash);
  expect(own.error).toBeDefined();
  await second.call(approvals, "Approve", request?.id, request?.hash);
  await officer.call(audit, "AcknowledgeTpm", "board was replaced");
  await until("a seal by the new key", 30, async () => (await seals()) !== "");
  expect((await status()).alarms.filter(({ kind }) => kind === "tpm")).toEqual([]);
  expect(await readEnrolments(join(stateDirectory, "audit"))).toHaveLength(2);
}, 120_000);
