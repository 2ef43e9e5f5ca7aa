// @ts-check
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { CACHE } from "../../packaging/image/build.js";
import { debianMirror } from "../../packaging/setup/lib/apt.js";
import { run } from "../../packaging/setup/lib/run.js";

/*
 * The image of a whole node, as a system container: a Debian 13 with systemd and everything that
 * our packages depend on or recommend, but not our packages. Nothing is downloaded later.
 */

const RELEASE = "trixie";

const INCLUDE = [
  ...["systemd-sysv", "libpam-systemd", "dbus", "polkitd", "sudo", "iproute2", "openssh-server"],
  ...["cockpit-ws", "cockpit-bridge", "cockpit-system", "nodejs", "incus-base", "incus-client"],
  ...["nftables", "dnsmasq-base", "btrfs-progs", "e2fsprogs", "libsofthsm2"],
];

/** Left out while building only: what is installed later is installed whole. */
const EXCLUDE = ["/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*"];

const EMPTY = ["var/cache/apt", "var/lib/apt/lists", "var/log/apt", "tmp"];

const MASK = [
  // A container loads no modules.
  "systemd-modules-load.service",
  // Without udev a link stays pending for ever.
  "systemd-networkd-wait-online.service",
  ...["apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "fstrim.timer"],
];

/**
 * On a host that still has cgroup v1, with cpu and cpuacct mounted apart, systemd in the container
 * mounts neither, and LXC then starts no container in it. Does nothing elsewhere.
 */
const CGROUP_SCRIPT = `#!/bin/sh
set -e
grep -q ':cpu:' /proc/self/cgroup || exit 0
cd /sys/fs/cgroup
mount -o remount,rw .
for name in cpu cpuacct; do
	[ ! -L $name ] || rm $name
	mkdir -p $name
	mountpoint -q $name || mount -t cgroup -o $name $name $name
done
`;
const CGROUP_UNIT = `[Unit]
Description=Mount cgroup v1 controllers that systemd leaves out
Before=incus.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/mount-cgroups

[Install]
WantedBy=multi-user.target
`;

/** @type {Record<string, { text: string, mode?: number }>} */
const FILES = {
  // The container has ids up to 1,000,000,000 in all; its own containers get some of them.
  "etc/subuid": { text: "root:1000000:500000000\n" },
  "etc/subgid": { text: "root:1000000:500000000\n" },
  "usr/local/sbin/mount-cgroups": { text: CGROUP_SCRIPT, mode: 0o755 },
  "etc/systemd/system/mount-cgroups.service": { text: CGROUP_UNIT },
  // Every instance makes its own identity at its first start.
  "etc/machine-id": { text: "" },
};

const REMOVE = ["etc/dpkg/dpkg.cfg.d/99mmdebstrap", "etc/hostname", "etc/resolv.conf"];

/** @returns {string} changes with everything that changes the image, the mirror's state aside */
function recipeHash() {
  const recipe = [RELEASE, INCLUDE, EXCLUDE, EMPTY, MASK, FILES, REMOVE];
  return createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 16);
}

/**
 * Builds the image as one Incus tarball, or finds it in the cache. Needs root.
 *
 * @returns {Promise<{ file: string, built: boolean }>}
 */
export async function nodeImage() {
  const file = join(CACHE, `node-${recipeHash()}.tar`);
  if (existsSync(file)) return { file, built: false };
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, ".node-"));
  try {
    await makeRoot(join(work, "rootfs"));
    const architecture = (await run("uname", ["-m"])).stdout.trim();
    writeFileSync(
      join(work, "metadata.yaml"),
      `architecture: ${architecture}\ncreation_date: ${Math.floor(Date.now() / 1000)}\n`,
    );
    const fresh = join(work, "image.tar");
    const options = ["--numeric-owner", "--xattrs", "--xattrs-include=*", "--acls"];
    await run("tar", ["-C", work, ...options, "-cf", fresh, "metadata.yaml", "rootfs"], {
      seconds: 300,
    });
    renameSync(fresh, file);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  for (const name of readdirSync(CACHE))
    if (/^node-\w+\.tar$/.test(name) && join(CACHE, name) !== file) rmSync(join(CACHE, name));
  return { file, built: true };
}

/** @param {string} root */
async function makeRoot(root) {
  await run(
    "mmdebstrap",
    [
      ...["--mode=root", "--variant=minbase", `--include=${INCLUDE.join(",")}`],
      '--aptopt=Acquire::Languages "none"',
      ...EXCLUDE.map((path) => `--dpkgopt=path-exclude=${path}`),
      ...[RELEASE, root, await debianMirror()],
    ],
    { seconds: 900 },
  );
  for (const name of REMOVE) rmSync(join(root, name), { force: true });
  for (const path of EMPTY)
    for (const name of readdirSync(join(root, path)))
      rmSync(join(root, path, name), { recursive: true, force: true });
  for (const unit of MASK) {
    const link = join(root, "etc/systemd/system", unit);
    rmSync(link, { force: true });
    symlinkSync("/dev/null", link);
  }
  for (const [path, { text, mode = 0o644 }] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { mode });
  }
  const wanted = join(root, "etc/systemd/system/multi-user.target.wants");
  mkdirSync(wanted, { recursive: true });
  symlinkSync("../mount-cgroups.service", join(wanted, "mount-cgroups.service"));
}
