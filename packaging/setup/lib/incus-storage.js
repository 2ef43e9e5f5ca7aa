// @ts-check
import { existsSync, readFileSync } from "node:fs";
import { probe } from "./run.js";

const POOL = "default";

/**
 * Makes sure that there is a pool `default` and that the profile `default` has a root disk on it.
 * An existing pool or disk is left as it is.
 *
 * @param {import("./incus-api.js").IncusApi} api
 * @param {{ poolGiB: number }} options
 * @returns {Promise<string>} what kind of pool there is
 */
export async function ensureStorage(api, { poolGiB }) {
  const existing = await api.find(`/1.0/storage-pools/${POOL}`);
  const kind = existing ? `pool ${POOL}: ${existing.driver}` : await createPool(api, poolGiB);
  const profile = await api.request("GET", "/1.0/profiles/default");
  const disks = Object.values(profile.devices);
  if (!disks.some((device) => device.type === "disk" && device.path === "/"))
    await api.request("PATCH", "/1.0/profiles/default", {
      body: {
        devices: { ...profile.devices, root: { type: "disk", path: "/", pool: POOL } },
      },
    });
  return kind;
}

/**
 * @param {import("./incus-api.js").IncusApi} api
 * @param {number} poolGiB
 */
async function createPool(api, poolGiB) {
  const obstacle = await btrfsObstacle();
  if (obstacle === null) {
    const body = { name: POOL, driver: "btrfs", config: { size: `${poolGiB}GiB` } };
    await api.request("POST", "/1.0/storage-pools", { body, seconds: 60 });
    return `pool ${POOL}: btrfs in a sparse file of ${poolGiB} GiB`;
  }
  await api.request("POST", "/1.0/storage-pools", { body: { name: POOL, driver: "dir" } });
  return `pool ${POOL}: a plain directory without storage quotas, because ${obstacle}`;
}

/** @returns {Promise<string | null>} why there can be no btrfs on a loop file */
async function btrfsObstacle() {
  if ((await probe("mkfs.btrfs", ["--version"])).code !== 0) return "btrfs-progs is not installed";
  if (!existsSync("/dev/loop-control")) return "there are no loop devices";
  if (knowsBtrfs()) return null;
  // Not loaded yet, perhaps: where there are modules, this loads it.
  await probe("modprobe", ["btrfs"]);
  return knowsBtrfs() ? null : "this kernel has no btrfs";
}

function knowsBtrfs() {
  return /^\tbtrfs$/m.test(readFileSync("/proc/filesystems", "utf8"));
}
