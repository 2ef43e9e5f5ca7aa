#!/usr/bin/env node
// @ts-check
/**
 * Makes a tree that holds a Debian 13 with our packages start under SELinux from its very first
 * boot: `node packaging/image/selinux.js TREE`, as root. Afterwards the tree becomes a file system
 * with its extended attributes (`mke2fs -d` keeps them), and is started with {@link KERNEL_LINE}.
 */
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "../setup/lib/run.js";

/** The store; see agent/selinux/policy/store.ts. */
const TYPE = "enterprise";

/** What the kernel's command line has to say: Debian's kernel would choose AppArmor. */
export const KERNEL_LINE = "security=selinux enforcing=1 audit=1 audit_backlog_limit=8192";

/** Debian packages that the policy is made from, and with, and what tells that they are there. */
export const PACKAGES = {
  bzip2: "usr/bin/bzip2",
  policycoreutils: "usr/sbin/setfiles",
  secilc: "usr/bin/secilc",
  "selinux-policy-default": "usr/share/selinux/default/base.pp.bz2",
  "semodule-utils": "usr/bin/semodule_package",
  "dsecos-agent": "usr/lib/dsecos/selinux-store.js",
};

/** They would label a tree that is labelled, at a boot of its own. */
const MASK = ["selinux-autorelabel.service", "selinux-autorelabel-mark.service"];

/** Not the tree's own. */
const EXCLUDE = ["/proc", "/sys", "/dev", "/run"];

/**
 * Builds the policy in the tree, sets SELinux up as enforcing, and labels every file. May be run
 * again whenever the tree changed.
 *
 * @param {string} tree
 * @returns {Promise<Record<string, unknown>>} what the policy is: its hash, slots, and so on
 * @throws Error that says what the tree lacks, or why the policy was refused
 */
export async function sealTree(tree) {
  for (const [name, file] of Object.entries(PACKAGES))
    if (!existsSync(join(tree, file)))
      throw new Error(`${tree} has no ${file}: install the package ${name} there first`);
  const made = await run("chroot", [tree, "node", "/usr/lib/dsecos/selinux-store.js"], {
    seconds: 300,
  });
  configure(tree);
  for (const unit of MASK) {
    const link = join(tree, "etc/systemd/system", unit);
    rmSync(link, { force: true });
    symlinkSync("/dev/null", link);
  }
  rmSync(join(tree, ".autorelabel"), { force: true });
  const contexts = `/etc/selinux/${TYPE}/contexts/files/file_contexts`;
  const excluded = EXCLUDE.flatMap((path) => ["-e", path]);
  await run("chroot", [tree, "setfiles", "-F", "-m", ...excluded, contexts, "/"], { seconds: 600 });
  return JSON.parse(made.stdout);
}

/** @param {string} tree */
function configure(tree) {
  const file = join(tree, "etc/selinux/config");
  const present = existsSync(file) ? readFileSync(file, "utf8") : "";
  const others = present.split("\n").filter((line) => !/^\s*SELINUX(TYPE)?\s*=/.test(line));
  const text = others.join("\n").trimEnd();
  writeFileSync(file, `${text}\nSELINUX=enforcing\nSELINUXTYPE=${TYPE}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [tree] = process.argv.slice(2);
  try {
    if (tree === undefined) throw new Error("which tree? node packaging/image/selinux.js TREE");
    if (process.getuid?.() !== 0) throw new Error("labels are set by root: run this as root");
    const { sha256, slots } = await sealTree(resolve(tree));
    console.log(`${tree} has the policy ${sha256} with ${slots} slots, and is labelled.`);
    console.log(`Start it with the kernel parameters ${KERNEL_LINE}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
