/** A tenant's disk: opened, and erased with its key, over the cluster of the tests that call this. */
import { expect, test } from "vitest";
import { ceph } from "../../agent/ceph/contract.ts";
import type { VolumePage } from "../../agent/ceph/volumes/answers.ts";
import { type Visit, visit } from "./harness.ts";
import type { Bed } from "./hsm-bed.ts";
import { approveOne } from "./people.ts";

interface Parts {
  skipped: boolean;
  /** Has a token. */
  tenant: string;
  hsm: Bed;
  make: (tenant: string, name: string, more: object) => Promise<void>;
}

export function testDisks({ skipped, tenant, hsm, make }: Parts): void {
  const row = `tr[data-row="${tenant}/db"]`;
  const list = () => visit(`ceph.html#/volumes?tenant=${tenant}`, { role: "officer" });
  const act = async (page: Visit, entry: string) => {
    const kebab = await page.page.waitForSelector(`${row} .ds-kebab`, { timeout: 60_000 });
    await kebab?.focus();
    await page.page.keyboard.press("Enter");
    await page.click("menuitem", entry);
  };
  const rowNow = async () => {
    const answer = await hsm.officer.call(ceph, "Volumes", { tenant });
    return (answer as VolumePage).rows.find(({ name }) => name === "db");
  };

  test.skipIf(skipped)("the passphrase of a disk is shown once, with its reason", async () => {
    await make(tenant, "db", { kind: "block", class: "hosts-2" });
    const page = await list();
    await act(page, "Show its passphrase");
    await page.fill("Reason", "the machine starts");
    await page.check();
    await page.click("button", "Show the passphrase");
    await page.sees("It is shown once");
    const shown = await page.page.$eval(
      '[role="dialog"] .ds-command code',
      (code) => code.textContent ?? "",
    );
    const reason = "the test compares it";
    expect(shown).toBe(await hsm.officer.call(ceph, "VolumePassphrase", tenant, "db", reason));
    await page.check();
    await page.click("button", "Close");
    await page.seesNot("It is shown once");
    expect(await page.page.content()).not.toContain(shown);
  });

  test.skipIf(skipped)(
    "a disk is to be erased with its key once a second person approved it",
    async () => {
      const page = await list();
      await act(page, "Erase with its key");
      await page.fill("Days until its key is destroyed", "7", "spinbutton");
      await page.fill("Reason", "its project is over");
      await page.fill("Name of the volume", "db");
      await page.screenshot("ceph-volume-erase");
      await page.check();
      await page.click("button", "Ask for erasure");
      await page.sees("The request waits for a second person");
      expect((await rowNow())?.state).toBe("ready");
      await approveOne(hsm.second, "ceph.EraseVolume");
      await page.click("button", "Carry out now");
      await page.page.waitForFunction(
        (selector) => document.querySelector(selector)?.textContent?.includes("to be deleted"),
        { timeout: 60_000 },
        `${row} [data-column=state]`,
      );
      expect((await rowNow())?.erase).toMatchObject({ reason: "its project is over" });
      await page.click("link", "db");
      await page.sees("its project is over");
      await page.screenshot("ceph-volume-erased");
      await page.check();
    },
  );
}
