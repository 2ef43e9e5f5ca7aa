// @ts-check
import { createHash } from "node:crypto";

/**
 * What a machine of the vm tier holds, and how it is started. Nothing is downloaded later.
 *
 * @typedef {object} Recipe
 * @property {string} name begins the names of what is in the cache
 * @property {string} release
 * @property {readonly string[]} include Debian's packages
 * @property {readonly string[]} exclude paths left out while building
 * @property {readonly string[]} empty directories that are emptied
 * @property {readonly string[]} mask units
 * @property {readonly string[]} enable units
 * @property {Record<string, string>} files
 * @property {number} diskMiB
 * @property {string} kernelLine
 * @property {Finish} [finish]
 */

/**
 * What comes into the tree last and changes often: the tree before it is kept in the cache.
 *
 * @typedef {object} Finish
 * @property {string} hash changes with what it does
 * @property {(root: string) => Promise<void>} act
 */

export const RELEASE = "trixie";

const INCLUDE = [
  ...["linux-image-cloud-amd64", "initramfs-tools", "zstd", "systemd-sysv", "libpam-systemd"],
  ...["udev", "dbus", "polkitd", "sudo", "iproute2", "openssh-server", "auditd"],
  ...["cockpit-ws", "cockpit-bridge", "cockpit-system", "nodejs", "e2fsprogs"],
  "libsofthsm2",
];

/** Left out while building only: what is installed later is installed whole. */
const EXCLUDE = ["/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*"];

const EMPTY = ["var/cache/apt", "var/lib/apt/lists", "var/log/apt", "tmp"];

const MASK = [
  // Emulated without KVM: what no test needs is not waited for.
  ...["apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "e2scrub_reap.service"],
  ...["dpkg-db-backup.timer", "fstrim.timer", "logrotate.timer", "man-db.timer"],
  ...["systemd-networkd-wait-online.service", "systemd-hwdb-update.service"],
  "getty@tty1.service",
];

const ENABLE = ["systemd-networkd.service"];

/** The network that QEMU makes up for the machine. */
const NETWORK = `[Match]
Name=en* eth*

[Network]
Address=10.0.2.15/24
LinkLocalAddressing=no
`;

/** @type {Record<string, string>} */
const FILES = {
  "etc/hostname": "vm1\n",
  "etc/hosts": "127.0.0.1 localhost vm1\n",
  "etc/fstab": "/dev/vda / ext4 errors=remount-ro 0 1\n",
  "etc/systemd/network/10-qemu.network": NETWORK,
  // The whole kernel's modules would be unpacked at every boot, by an emulated processor.
  "etc/initramfs-tools/conf.d/vm": "MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=1\n",
  "etc/initramfs-tools/modules": "virtio_pci\nvirtio_blk\next4\n",
};

/** Large enough for a burst of file events and the packages. */
const DISK_MIB = 4096;

const KERNEL_LINE =
  "root=/dev/vda rw console=ttyS0 audit=1 audit_backlog_limit=8192 net.ifnames=0 quiet";

/**
 * With its own kernel, audit daemon and all that our packages depend on, but not our packages.
 *
 * @type {Recipe}
 */
export const plain = {
  ...{ name: "vm", release: RELEASE, include: INCLUDE, exclude: EXCLUDE, empty: EMPTY },
  ...{ mask: MASK, enable: ENABLE, files: FILES, diskMiB: DISK_MIB, kernelLine: KERNEL_LINE },
};

/**
 * @param {Recipe} recipe
 * @returns {string} changes with all that the tree is made from, the mirror's state aside
 */
export function recipeHash(recipe) {
  const { release, include, exclude, empty, mask, enable, files, diskMiB } = recipe;
  const parts = [release, include, exclude, empty, mask, enable, files, diskMiB];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}
