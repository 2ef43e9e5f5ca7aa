// @ts-check
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { startTimeOf } from "./daemons.js";
import { IncusError } from "./incus-api.js";
import { probe, run } from "./run.js";
import { until } from "./wait.js";

/**
 * Forces all instances of a daemon to stop, so that its shutdown is quick.
 *
 * @param {import("./incus-api.js").IncusApi} api
 */
export async function stopInstances(api) {
  try {
    const query = "/1.0/instances?all-projects=true&recursion=1";
    /** @type {{ name: string, project: string, status: string }[]} */
    const all = await api.request("GET", query, { seconds: 15 });
    const running = all.filter(({ status }) => status !== "Stopped");
    const body = { action: "stop", force: true, timeout: 10 };
    await Promise.all(
      running.map(({ name, project }) =>
        api.request("PUT", `/1.0/instances/${name}/state?project=${encodeURIComponent(project)}`, {
          body,
          seconds: 20,
        }),
      ),
    );
  } catch (error) {
    if (!(error instanceof IncusError)) throw error;
    // releaseMounts ends what is left, whatever Incus says.
    console.warn(`stopping instances: ${error.message}`);
  }
}

/**
 * Ends what a stopped (or killed) daemon left: container processes, mounts and loop devices.
 *
 * @param {string} incusDirectory
 */
export async function releaseMounts(incusDirectory) {
  await endMonitors(incusDirectory);
  for (const point of mountsBelow(incusDirectory).reverse()) {
    const { code } = await probe("umount", [point]);
    if (code !== 0) await run("umount", ["--lazy", point]);
  }
  const { stdout } = await probe("losetup", ["--list", "--json", "--output", "NAME,BACK-FILE"]);
  if (stdout.trim() === "") return;
  /** @type {{ loopdevices: { name: string, "back-file": string | null }[] }} */
  const { loopdevices } = JSON.parse(stdout);
  for (const loop of loopdevices)
    if (loop["back-file"]?.startsWith(`${incusDirectory}/`))
      await probe("losetup", ["--detach", loop.name]); // it may have detached itself meanwhile
}

/**
 * @param {string} directory
 * @returns {string[]} mount points at or below it, in the order of mounting
 */
function mountsBelow(directory) {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => (line.split(" ")[4] ?? "").replace(/\\040/g, " "))
    .filter((point) => point === directory || point.startsWith(`${directory}/`));
}

/**
 * A container is a child of a process that calls itself `[lxc monitor] <lxc path> <name>`; the path
 * tells whose it is.
 *
 * @param {string} incusDirectory
 */
async function endMonitors(incusDirectory) {
  const mine = `[lxc monitor] ${incusDirectory}/`;
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  for (const pid of pids.map(Number)) {
    if (!textOf(`/proc/${pid}/cmdline`).replaceAll("\0", " ").startsWith(mine)) continue;
    for (const child of textOf(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean))
      end(Number(child));
    await until(`${mine} to end`, 5, () => startTimeOf(pid) === null).catch(() => end(pid));
  }
}

/** @param {string} file */
function textOf(file) {
  try {
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  } catch {
    return ""; // the process ended between the two
  }
}

/** @param {number} pid */
function end(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
  }
}
