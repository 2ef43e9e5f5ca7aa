/** What waits for a second person, on both pages: rejected by that person, or taken back. */
import { expect, test } from "vitest";
import { type ApprovalRecord, approvals } from "../../agent/approvals/contract.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { visit, withBrowser } from "./harness.ts";
import { withTenant } from "./people.ts";

const tenant = "approvals-page";

withBrowser();
const staff = withTenant(tenant);

/** @returns id of the new request to delete the tenant */
async function ask(graceSeconds: number): Promise<string> {
  const { error } = await staff.operator.try(tenants, "Delete", tenant, false, graceSeconds);
  expect(error?.name).toMatch(/NeedsApproval$/);
  const open = (await staff.operator.call(approvals, "List")) as ApprovalRecord[];
  const mine = open.find((one) => one.tenant === tenant && one.state === "pending");
  if (!mine) throw new Error("the request is not listed");
  return mine.id;
}

async function record(id: string): Promise<ApprovalRecord | undefined> {
  return ((await staff.operator.call(approvals, "List")) as ApprovalRecord[]).find(
    (one) => one.id === id,
  );
}

test.each([
  ["overview.html", 86_400],
  ["tenants.html", 172_800],
])("at %s an officer rejects, and the one who asked sees it go", async (address, grace) => {
  const id = await ask(grace);
  const asking = await visit(address);
  const request = `[data-request="${id}"]`;
  await asking.page.waitForSelector(request);
  const deciding = await visit(address, { role: "officer" });
  await deciding.page.waitForSelector(request);
  await deciding.click("button", "Reject");
  await deciding.sees(`Reject request ${id}?`);
  await deciding.sees(`"graceSeconds":${grace}`);
  await deciding.fill("Reason", "Not before the archive is written.");
  await deciding.check();
  await deciding.screenshot(`reject-${address.replace(".html", "")}`);
  await deciding.click("button", "Reject for good");
  await deciding.sees("Rejected");
  for (const { page } of [asking, deciding]) await page.waitForSelector(request, { hidden: true });
  const { state, reason } = (await record(id)) ?? {};
  expect({ state, reason }).toEqual({
    state: "rejected",
    reason: "Not before the archive is written.",
  });
});

test.each([
  ["overview.html", 259_200],
  ["tenants.html", 345_600],
])("at %s one takes back what one asked for", async (address, grace) => {
  const id = await ask(grace);
  const page = await visit(address);
  await page.page.waitForSelector(`[data-request="${id}"]`);
  if (address === "overview.html") {
    await page.sees("tenants.Delete");
    await page.sees("Request for a second person");
    await page.screenshot("what-ends");
  }
  await page.check();
  await page.click("button", "Withdraw");
  await page.page.waitForSelector(`[data-request="${id}"]`, { hidden: true });
  const { state, reason } = (await record(id)) ?? {};
  expect({ state, reason }).toEqual({ state: "rejected", reason: "withdrawn" });
});
