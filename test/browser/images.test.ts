/** An image in the page: from a file that waits on the node to one that is deleted again. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { visit, withBrowser } from "./harness.ts";
import { withTenant } from "./people.ts";

const tenant = "images-page";
const address = `tenants.html#/${tenant}/images`;
const waiting = join(process.env.DSECOS_TEST_STATE ?? "", "images");

withBrowser();
withTenant(tenant);
afterAll(() => rmSync(waiting, { recursive: true, force: true }));

/** Makes a unified image that Incus accepts; there is nothing in it that could start. */
function putImage(name: string): void {
  const made = mkdtempSync(join(tmpdir(), "dsecos-image-"));
  try {
    mkdirSync(join(made, "rootfs"));
    const metadata = [
      "architecture: x86_64",
      "creation_date: 1763683200",
      "properties:",
      "  description: An image that waits",
    ];
    writeFileSync(join(made, "metadata.yaml"), `${metadata.join("\n")}\n`);
    mkdirSync(waiting, { recursive: true });
    const args = ["-czf", join(waiting, name), "-C", made, "metadata.yaml", "rootfs"];
    execFileSync("tar", args, { timeout: 30_000 });
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

test("a file that came after the page was opened is imported, and its image deleted", async () => {
  const page = await visit(address);
  await page.sees("debian-13");
  await page.click("button", "Import an image");
  await page.sees("No file waits in /var/lib/dsecos/images.");
  await page.check();
  await page.screenshot("images-none-waits");
  await page.click("button", "Cancel");

  putImage("minimal.tar.gz");
  await page.click("button", "Import an image");
  await page.page.waitForSelector("option[value='minimal.tar.gz']");
  await page.fill("Alias", "Not an alias");
  await page.sees("An image alias has a-z, 0-9, dot and hyphen.");
  await page.check();
  await page.fill("Alias", "debian-13");
  await page.click("button", "Import");
  await page.sees("There is an image debian-13 already");
  await page.check();
  await page.fill("Alias", "minimal");
  await page.screenshot("images-import");
  await page.click("button", "Import");
  await page.sees("Import minimal.tar.gz as minimal");
  await page.sees("An image that waits");
  expect((await page.rows()).length).toBe(2);
  await page.page.waitForSelector(".ds-job-succeeded");

  await page.click("button", "Delete minimal");
  await page.sees("Delete the image minimal?");
  await page.sees("Instances that were made from it stay as they are.");
  await page.check();
  await page.screenshot("images-delete");
  await page.click("button", "Delete");
  await page.sees("minimal was deleted");
  await page.seesNot("An image that waits");
  expect((await page.rows()).length).toBe(1);
});
