// @ts-check
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { KERNEL_LINE, sealTree } from "../../packaging/image/selinux.js";
import { run } from "../../packaging/setup/lib/run.js";
import { plain } from "./recipe.js";

/** An emulated processor is some twenty times slower than what the unit was made for. */
const PATIENCE = "[Service]\nTimeoutStartSec=300\n";
const DROP_IN = "etc/systemd/system/dsecos-agent.service.d/emulated.conf";

const sealer = resolve(import.meta.dirname, "../../packaging/image/selinux.js");

/** What a node of tenants runs, and what the policy is made from. */
const MORE = [
  ...[
    "selinux-policy-default",
    "policycoreutils",
    "secilc",
    "semodule-utils",
    "libsepol2",
    "bzip2",
  ],
  ...["incus-base", "incus-client", "lxcfs", "dnsmasq-base", "nftables", "busybox-static"],
  // Of Debian 13's Ceph a monitor, and what the agent speaks with it through.
  ...["ceph-mon", "ceph-common", "python3-rados", "cryptsetup-bin"],
];

/**
 * A node with our packages, labelled while it is built and enforcing from its first boot.
 *
 * @param {readonly string[]} packages files with our packages, as they are built
 * @returns {import("./recipe.js").Recipe}
 */
export function selinuxRecipe(packages) {
  const hash = createHash("sha256");
  for (const file of [...packages].sort()) hash.update(readFileSync(file));
  for (const file of [sealer, import.meta.filename]) hash.update(readFileSync(file));
  return {
    ...plain,
    name: "vm-selinux",
    include: [...plain.include, ...MORE],
    kernelLine: `${plain.kernelLine} ${KERNEL_LINE}`,
    finish: { hash: hash.digest("hex"), act: (root) => finish(root, packages) },
  };
}

/**
 * @param {string} root
 * @param {readonly string[]} packages
 */
async function finish(root, packages) {
  const directory = join(root, "root/packages");
  mkdirSync(directory);
  for (const file of packages)
    copyFileSync(file, join(directory, file.slice(file.lastIndexOf("/") + 1)));
  const install = ["dpkg", "--install", "--recursive", "/root/packages"];
  await run("chroot", [root, ...install], { seconds: 300 });
  rmSync(directory, { recursive: true });
  mkdirSync(dirname(join(root, DROP_IN)), { recursive: true });
  writeFileSync(join(root, DROP_IN), PATIENCE);
  await sealTree(root);
}
