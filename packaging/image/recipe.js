// @ts-check
import { createHash } from "node:crypto";

export const ALIAS = "debian-13";
export const RELEASE = "trixie";
export const DESCRIPTION = "Debian 13 (trixie), minimal, with systemd";

/** What the image holds beyond the required packages. */
export const INCLUDE = ["systemd-sysv", "dbus", "iproute2", "ca-certificates", "less"];

/** Left out by dpkg: nobody reads manuals in there, and they are half of a small image. */
export const EXCLUDE = [
  "/usr/share/doc/*",
  "/usr/share/info/*",
  "/usr/share/locale/*",
  "/usr/share/man/*",
  "/usr/share/lintian/*",
  "/usr/share/bash-completion/*",
  "/usr/share/zsh/*",
];
export const KEEP = ["/usr/share/doc/*/copyright", "/usr/share/locale/locale.alias"];

/** Emptied afterwards: package lists and caches are old when an instance starts. */
export const EMPTY = ["var/cache/apt", "var/lib/apt/lists", "var/cache/debconf", "var/log", "tmp"];

/** Units without use in a container. */
export const MASK = [
  "systemd-modules-load.service", // a container cannot, and would be "degraded" for it
  "systemd-networkd-wait-online.service",
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "e2scrub_all.timer",
  "fstrim.timer",
];

/** The instance gets its own name from this, at creation and at copying. */
export const HOSTNAME_TEMPLATE = "{{ container.name }}\n";

/**
 * @param {string} architecture Debian's name of it
 * @returns {string} changes with everything that changes the image, the mirror's state aside
 */
export function recipeHash(architecture) {
  const recipe = [RELEASE, DESCRIPTION, INCLUDE, EXCLUDE, KEEP, EMPTY, MASK, HOSTNAME_TEMPLATE];
  return createHash("sha256")
    .update(JSON.stringify([...recipe, architecture]))
    .digest("hex")
    .slice(0, 16);
}
