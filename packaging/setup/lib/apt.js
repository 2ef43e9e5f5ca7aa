// @ts-check
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { probe, run } from "./run.js";
import { hasSystemd } from "./systemd.js";

const POLICY = "/usr/sbin/policy-rc.d";
const POLICY_MARK = "# dsecos set-up: no service may start while packages are installed";
const BACKPORTS = "/etc/apt/sources.list.d/dsecos-backports.list";

/**
 * @typedef {object} Source one of Debian's own among the configured package sources
 * @property {string} uri
 * @property {string} codename
 * @property {string} component
 */

/** @returns {{ id: string, codename: string }} as /etc/os-release has them */
export function distribution() {
  const text = readFileSync("/etc/os-release", "utf8");
  /** @param {string} key */
  const value = (key) => new RegExp(`^${key}="?([^"\n]*)`, "m").exec(text)?.[1] ?? "";
  return { id: value("ID"), codename: value("VERSION_CODENAME") };
}

/** @returns {Promise<Source[]>} */
export async function sources() {
  const format = "$(REPO_URI) $(CODENAME) $(COMPONENT) $(ORIGIN)";
  const { stdout } = await run("apt-get", ["indextargets", "--format", format]);
  const lines = new Set(stdout.split("\n").filter((line) => / Debian( Backports)?$/.test(line)));
  return [...lines].map((line) => {
    const [uri = "", codename = "", component = ""] = line.split(" ");
    return { uri, codename, component };
  });
}

/**
 * @returns {Promise<string>} where this machine gets Debian from: other releases of Debian are
 *   found at the same place
 */
export async function debianMirror() {
  const { codename } = distribution();
  const find = async () =>
    (await sources()).find((from) => from.codename === codename && from.component === "main");
  // apt tells of a source only once it has the source's index.
  let main = await find();
  if (main === undefined) {
    await update();
    main = await find();
  }
  if (main === undefined)
    throw new Error(
      `no package source for Debian ${codename} main answers: check the network and /etc/apt`,
    );
  return main.uri;
}

/** @returns {Promise<boolean>} whether all sources answered */
async function update() {
  const args = ["update", "-q", "--error-on=any"];
  return (await probe("apt-get", args, { seconds: 300, env: quiet() })).code === 0;
}

/**
 * @param {string[]} names
 * @returns {Promise<string[]>} those that are not installed
 */
export async function missingPackages(names) {
  const { stdout } = await probe("dpkg-query", [
    "--show",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own notation
    "--showformat=${Package} ${db:Status-Status}\n",
    ...names,
  ]);
  const installed = new Set(
    stdout
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  return names.filter((name) => !installed.has(name));
}

/**
 * Installs packages without questions and, unless systemd runs the machine, without their services
 * being started.
 *
 * @param {string[]} names
 */
export async function install(names) {
  const { codename } = distribution();
  if (codename === "bookworm") await addBackports();
  const online = await update();
  const release = codename === "bookworm" ? names.map(fromBackports) : names;
  const guard = !hasSystemd && forbidServices();
  try {
    const args = ["install", "--yes", "--no-install-recommends", "-q"];
    const done = await probe("apt-get", [...args, ...release], { seconds: 1800, env: quiet() });
    if (done.code !== 0) throw new Error(failure(names, done.stderr, !online));
  } finally {
    if (guard) rmSync(POLICY);
  }
}

/** @returns {NodeJS.ProcessEnv} */
function quiet() {
  return { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" };
}

/** @param {string} name */
function fromBackports(name) {
  return /^(cockpit|incus)/.test(name) ? `${name}/bookworm-backports` : name;
}

async function addBackports() {
  const configured = await sources();
  if (configured.some(({ codename }) => codename === "bookworm-backports")) return;
  const line = `deb ${await debianMirror()} bookworm-backports main\n`;
  writeFileSync(
    BACKPORTS,
    `# Cockpit 337 and Incus 6.0.4, put here by the set-up of dsecos\n${line}`,
  );
}

/** @returns {boolean} whether the guard is ours to remove */
function forbidServices() {
  const ours = existsSync(POLICY) && readFileSync(POLICY, "utf8").includes(POLICY_MARK);
  if (existsSync(POLICY) && !ours) return false; // somebody decided already
  writeFileSync(POLICY, `#!/bin/sh\n${POLICY_MARK}\nexit 101\n`, { mode: 0o755 });
  return true;
}

/**
 * @param {string[]} names
 * @param {string} stderr
 * @param {boolean} offline
 */
function failure(names, stderr, offline) {
  const what = `could not install ${names.join(", ")}`;
  if (offline)
    return `${what}: the package sources do not answer. Check the network and /etc/apt, then try again.`;
  const said = stderr.trim().split("\n").slice(-8).join("\n");
  return `${what}. apt-get says:\n${said}`;
}
