/** Another placement rule for a pool, over the cluster of the tests that call this. */
import { expect, test } from "vitest";
import type { Act } from "../../agent/ceph/actions/answers.ts";
import { ceph } from "../../agent/ceph/contract.ts";
import type { Person } from "../lib/caller.ts";
import { visit } from "./harness.ts";
import { approveOne } from "./people.ts";

interface Parts {
  skipped: boolean;
  staff: { operator: Person; officer: Person };
  /** A pool that must stay where its rule leads now, and one whose data must be where the rule `eu` leads. */
  bound: string;
  moved: string;
}

export function testRules({ skipped, staff, bound, moved }: Parts): void {
  const openDialog = async (pool: string, role: "operator" | "viewer" = "operator") => {
    const page = await visit("ceph.html#/pools", { role });
    const kebab = await page.page.waitForSelector(`[data-row="${pool}"] .ds-kebab`, {
      timeout: 60_000,
    });
    await kebab?.focus();
    await page.page.keyboard.press("Enter");
    return page;
  };

  test.skipIf(skipped)(
    "a pool gets another rule once what that does was told and a second person approved it",
    async () => {
      const refused = await openDialog(bound);
      await refused.click("menuitem", "Place it by another rule");
      await refused.page.waitForSelector("form select option[value=eu]");
      await refused.page.select("form select", "eu");
      await refused.sees(
        "Data would leave where it must stay, and nobody can approve that.",
        60_000,
      );
      await refused.fill("Reason", "it is tried");
      expect(await refused.page.$("button[type=submit]:disabled")).not.toBe(null);
      await refused.screenshot("ceph-rule-refused");
      await refused.check();

      const page = await openDialog(moved);
      await page.click("menuitem", "Place it by another rule");
      await page.page.waitForSelector("form select option[value=eu]");
      await page.page.select("form select", "eu");
      await page.page.waitForSelector('[data-prediction="known"]', { timeout: 60_000 });
      await page.sees("data stays in its jurisdictions");
      await page.fill("Reason", "it must be in the EU");
      await page.sees(`dsecos ceph set-pool-rule ${moved} eu 'it must be in the EU'`);
      await page.screenshot("ceph-rule");
      await page.check();
      await page.click("button", "Ask for it");
      await page.sees("The request waits for a second person");
      await approveOne(staff.officer, "ceph.SetPoolRule");
      await page.click("button", "Carry out now");
      await page.page.waitForFunction(
        (pool) =>
          document.querySelector(`[data-row="${pool}"] [data-column=rule]`)?.textContent === "eu",
        { timeout: 60_000 },
        moved,
      );
      const { acts } = (await staff.operator.call(ceph, "Acts")) as { acts: Act[] };
      expect(acts[0]?.prediction.change).toEqual({ what: "rule", pool: moved, rule: "eu" });
      await page.page.goto(page.page.url().replace(/#.*/, "#/actions"));
      await page.sees(`${moved} placed by eu`);
      await page.page.waitForSelector(`[data-act="${acts[0]?.id}"]`);
    },
  );

  test.skipIf(skipped)("who may only look is told why no pool gets another rule", async () => {
    const page = await openDialog(bound, "viewer");
    await page.sees("This needs the group dsecos-operator.");
  });
}
