/** The machine a moment after its boot, kept in the cache: going on from there is a boot saved. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "../../packaging/setup/lib/lock.js";
import { freePort } from "../../packaging/setup/lib/ports.js";
import { run } from "../../packaging/setup/lib/run.js";
import { vmImage } from "./image.js";
import { Machine } from "./machine.ts";
import { qemuVersion, quitQemu, startQemu, takeSnapshot } from "./qemu.ts";
import type { Recipe } from "./recipe.js";

export const snapshotName = "booted";

/** As long as an image and a boot may take. */
const lockSeconds = 1200;

/**
 * Boots the machine once for every QEMU, or finds that in the cache.
 *
 * @returns the image's directory, and one with `disk.qcow2`, which holds the snapshot, and `tpm`
 */
export async function bootedDisk(recipe: Recipe): Promise<{ image: string; directory: string }> {
  const { directory: image } = await vmImage(recipe);
  const made = createHash("sha256").update(`${await qemuVersion()}\n${recipe.kernelLine}`);
  const directory = join(image, `booted-${made.digest("hex").slice(0, 16)}`);
  if (!existsSync(directory))
    await withLock(`${directory}.lock`, lockSeconds, async () => {
      if (!existsSync(directory)) await boot(recipe, image, directory);
    });
  return { image, directory };
}

async function boot(recipe: Recipe, image: string, directory: string): Promise<void> {
  const work = mkdtempSync(join(image, ".booted-"));
  try {
    const disk = join(work, "disk.qcow2");
    const backing = ["-F", "raw", "-b", join(image, "disk.raw")];
    await run("qemu-img", ["create", "-q", "-f", "qcow2", ...backing, disk]);
    const port = await freePort();
    await startQemu({ directory: work, image, kernelLine: recipe.kernelLine, disk, port });
    const machine = new Machine(recipe, work, image, port);
    await machine.reach();
    // Running, or the snapshot would hold a boot that failed.
    await machine.run(["systemctl", "is-system-running", "--wait"], { seconds: 300 });
    await takeSnapshot(work, snapshotName);
    await quitQemu(work);
    mkdirSync(join(work, "kept"));
    for (const name of ["disk.qcow2", "tpm"])
      renameSync(join(work, name), join(work, "kept", name));
    for (const name of readdirSync(image))
      if (/^booted-\w{16}$/.test(name)) rmSync(join(image, name), { recursive: true });
    renameSync(join(work, "kept"), directory);
  } finally {
    await quitQemu(work);
    rmSync(work, { recursive: true, force: true });
  }
}
