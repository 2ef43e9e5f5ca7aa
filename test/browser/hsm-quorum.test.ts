/** A request that two of three officers must approve: what each of them sees, and who is still missing. */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type ApprovalRecord, approvals } from "../../agent/approvals/contract.ts";
import { hsm } from "../../agent/hsm/contract.ts";
import { probe, run } from "../../packaging/setup/lib/run.js";
import { Person } from "../lib/caller.ts";
import { people } from "../lib/test-stack.js";
import { visit, withBrowser } from "./harness.ts";
import { approve } from "./hsm-bed.ts";
import { createTenant, removeTenant, withStaff } from "./people.ts";

const tenant = "page-quorum";
/** Officers beside those of the stack. */
const [first, other] = ["dsecos-page-1", "dsecos-page-2"];

vi.setConfig({ testTimeout: 120_000 });

withBrowser();
const staff = withStaff();

/** Who asks; the officer of the browser is one of the three. */
let requester: Person;
let approver: Person;

beforeAll(async () => {
  for (const name of [first, other]) {
    await probe("userdel", ["--remove", name]);
    await run("useradd", ["--no-create-home", "--groups", "dsecos-officer", name]);
  }
  requester = await Person.as(people.officer2);
  approver = await Person.as(first);
  await createTenant(staff.operator, tenant);
  await requester.try(hsm, "SetRules", tenant, rules);
  await approve(staff.officer, "SetRules");
  await requester.call(hsm, "SetRules", tenant, rules);
});
afterAll(async () => {
  await removeTenant(staff.operator, staff.officer, tenant);
  for (const person of [requester, approver]) person?.end();
  for (const name of [first, other]) await probe("userdel", ["--remove", name]);
});

const named = (user: string) =>
  `${execFileSync("id", ["-u", user], { encoding: "utf8" }).trim()}:${user}`;

const rules = {
  ...{ live: ["UK"], use: ["UK"] },
  get quorum() {
    return { needed: 2, approvers: [people.officer, first, other].map(named) };
  },
};

test("progress, who approved and who still may are shown until the second one approves", async () => {
  const wanted = { ...rules, live: ["UK", "DE"] };
  const asked = await requester.try(hsm, "SetRules", tenant, wanted);
  expect(asked.error?.name).toMatch(/NeedsApproval$/);
  const all = (await requester.call(approvals, "List")) as ApprovalRecord[];
  const { id = "", hash = "" } = all.find((one) => one.state === "pending") ?? {};
  const page = await visit(`hsm.html#/rules?tenant=${tenant}`, { role: "officer", theme: "dark" });
  await page.sees("0 of 2 approved");
  await page.sees(`waiting for 2 of ${people.officer}, ${first}, ${other}`);
  await page.click("button", "Approve");
  await page.sees("You approve exactly these arguments, once.");
  await page.screenshot("hsm-quorum-approve");
  await page.check();
  await page.click("button", "Approve exactly this");
  await page.sees("Approved; others must approve it, too");
  await page.sees("1 of 2 approved");
  await page.sees(`approved by ${people.officer}`);
  await page.sees(`waiting for 1 of ${first}, ${other}`);
  const again = await page.page.waitForSelector(`::-p-aria([role="button"][name="Approve"])`);
  await again?.hover();
  await page.sees("You approved it; another person must, too.");
  await page.screenshot("hsm-quorum");
  await page.check();
  const narrow = await visit("hsm.html#/rules", { role: "viewer", width: 800 });
  await narrow.sees("1 of 2 approved");
  await narrow.screenshot("hsm-quorum");
  await narrow.check();
  await approver.call(approvals, "Approve", id, hash);
  await page.seesNot("1 of 2 approved");
  await narrow.seesNot("1 of 2 approved");
  await requester.call(hsm, "SetRules", tenant, wanted);
  await page.page.waitForSelector(`[data-request="${id}"]`, { hidden: true });
  await page.sees("UK, DE");
});
