// @ts-check
import { createHash } from "node:crypto";

/*
 * What the machine of the vm tier holds: a Debian 13 with its own kernel, audit daemon and all that
 * our packages depend on, but not our packages. Nothing is downloaded later.
 */

export const RELEASE = "trixie";

export const INCLUDE = [
  ...["linux-image-cloud-amd64", "initramfs-tools", "zstd", "systemd-sysv", "libpam-systemd"],
  ...["udev", "dbus", "polkitd", "sudo", "iproute2", "openssh-server", "auditd"],
  ...["cockpit-ws", "cockpit-bridge", "cockpit-system", "nodejs", "e2fsprogs"],
];

/** Left out while building only: what is installed later is installed whole. */
export const EXCLUDE = ["/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*"];

export const EMPTY = ["var/cache/apt", "var/lib/apt/lists", "var/log/apt", "tmp"];

export const MASK = [
  // Emulated without KVM: what no test needs is not waited for.
  ...["apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "e2scrub_reap.service"],
  ...["dpkg-db-backup.timer", "fstrim.timer", "logrotate.timer", "man-db.timer"],
  ...["systemd-networkd-wait-online.service", "systemd-hwdb-update.service"],
  "getty@tty1.service",
];

export const ENABLE = ["systemd-networkd.service"];

/** The network that QEMU makes up for the machine. */
const NETWORK = `[Match]
Name=en* eth*

[Network]
Address=10.0.2.15/24
LinkLocalAddressing=no
`;

/** @type {Record<string, string>} */
export const FILES = {
  "etc/hostname": "vm1\n",
  "etc/hosts": "127.0.0.1 localhost vm1\n",
  "etc/fstab": "/dev/vda / ext4 errors=remount-ro 0 1\n",
  "etc/systemd/network/10-qemu.network": NETWORK,
  // The whole kernel's modules would be unpacked at every boot, by an emulated processor.
  "etc/initramfs-tools/conf.d/vm": "MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=1\n",
  "etc/initramfs-tools/modules": "virtio_pci\nvirtio_blk\next4\n",
};

/** Large enough for a burst of file events and the packages. */
export const DISK_MIB = 4096;

export const KERNEL_LINE =
  "root=/dev/vda rw console=ttyS0 audit=1 audit_backlog_limit=8192 net.ifnames=0 quiet";

/** @returns {string} changes with everything that changes the disk, the mirror's state aside */
export function recipeHash() {
  const recipe = [RELEASE, INCLUDE, EXCLUDE, EMPTY, MASK, ENABLE, FILES, DISK_MIB];
  return createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 16);
}
