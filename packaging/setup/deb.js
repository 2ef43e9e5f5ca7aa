// @ts-check
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { ensureNodeModules, ensurePackages } from "./install.js";
import { probe, run } from "./lib/run.js";

const PROJECT = resolve(import.meta.dirname, "../..");

/** What the packages are made from. */
const SOURCES = [
  ...["agent", "plugins", "policies", "packaging", "build.js"],
  ...["package.json", "package-lock.json", "tsconfig.json", "README.md", "LICENSE"],
];

/** Builds the Debian packages from a copy of the tree, without a network, into dist. */
async function main() {
  await ensurePackages(["debhelper", "dpkg-dev", "lintian"]);
  await ensureNodeModules();
  const work = mkdtempSync(join(tmpdir(), "dsecos-deb-"));
  try {
    const tree = join(work, "dsecos");
    await stage(tree);
    await build(tree);
    await judge(work);
    for (const file of collect(work)) console.log(file);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @param {string} tree */
async function stage(tree) {
  mkdirSync(tree);
  for (const name of SOURCES) {
    const source = join(PROJECT, name);
    if (existsSync(source)) cpSync(source, join(tree, name), { recursive: true });
  }
  // Large and only read, so linked file by file; copied where the file system cannot.
  const modules = join(PROJECT, "node_modules");
  const linked = await probe("cp", ["-a", "--link", modules, tree], { seconds: 120 });
  if (linked.code !== 0) await run("cp", ["-a", modules, tree], { seconds: 300 });
  cpSync(join(tree, "packaging/debian"), join(tree, "debian"), { recursive: true });
  // debhelper takes units from here only.
  for (const unit of ["dsecos-agent.service", "dsecos-witness.service"]) {
    copyFileSync(join(tree, "packaging/systemd", unit), join(tree, "debian", unit));
  }
}

/** @param {string} tree */
async function build(tree) {
  const path = `${dirname(process.execPath)}:${process.env.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin"}`;
  // Node may come from elsewhere than a package, so build dependencies are not looked up.
  await run("dpkg-buildpackage", ["-us", "-uc", "-b", "-d"], {
    cwd: tree,
    seconds: 600,
    env: { ...process.env, PATH: path, LC_ALL: "C.UTF-8", TZ: "UTC" },
  });
}

/**
 * Fails on any error or warning of lintian.
 *
 * @param {string} work
 */
async function judge(work) {
  const changes = readdirSync(work).filter((name) => name.endsWith(".changes"));
  const args = ["--allow-root", "--tag-display-limit", "0", "--fail-on", "error,warning"];
  const verdict = await probe("lintian", [...args, ...changes], { cwd: work, seconds: 300 });
  if (verdict.code !== 0) throw new Error(`lintian:\n${verdict.stdout || verdict.stderr}`);
}

/**
 * @param {string} work
 * @returns {string[]} the packages, relative to the project; older ones are removed
 */
function collect(work) {
  const dist = join(PROJECT, "dist");
  mkdirSync(dist, { recursive: true });
  for (const name of readdirSync(dist)) if (name.endsWith(".deb")) rmSync(join(dist, name));
  const made = readdirSync(work).filter((name) => name.endsWith(".deb"));
  for (const name of made) copyFileSync(join(work, name), join(dist, name));
  return made.map((name) => join("dist", name));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
