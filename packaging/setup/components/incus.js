// @ts-check
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { isAlive, readRecord, startReady, stopDaemon } from "../lib/daemons.js";
import { incusApi } from "../lib/incus-api.js";
import { releaseMounts, stopInstances } from "../lib/incus-end.js";
import { ensureStorage } from "../lib/incus-storage.js";
import { probe } from "../lib/run.js";
import { hasSystemd, startUnit, stopUnit, unitIsActive, unitIsOurs } from "../lib/systemd.js";

const INCUSD = "/usr/libexec/incus/incusd";
const UNIT = "incus.service";

/**
 * Incus with a storage pool `default`, limited in size where the kernel can, and a profile
 * `default` with a root disk. No network is made: instances of this set-up work without one.
 *
 * @param {import("./types.js").StackContext} context
 * @param {{ poolGiB: number }} options
 * @returns {import("./types.js").Component}
 */
export function incusComponent(context, { poolGiB }) {
  const { stateDirectory, incusDirectory } = context;
  const units = context.mode === "system" && hasSystemd;
  const api = incusApi(join(incusDirectory, "unix.socket"));
  const env = {
    ...process.env,
    ...context.environment,
    INCUS_DIR: incusDirectory,
    PATH: `/usr/libexec/incus:${process.env.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin"}`,
  };
  const isOurs = () =>
    units ? unitIsOurs(stateDirectory, UNIT) : isAlive(readRecord(stateDirectory, "incus"));
  return {
    name: "incus",
    async isRunning() {
      // Asking the socket would make systemd start the unit.
      if ((units && !(await unitIsActive(UNIT))) || !(await api.answers())) return false;
      await ensureStorage(api, { poolGiB });
      return true;
    },
    async start() {
      if (units) await startUnit(stateDirectory, UNIT);
      else {
        if (!existsSync(INCUSD)) throw new Error(`${INCUSD} is missing: install incus-base`);
        mkdirSync(incusDirectory, { recursive: true, mode: 0o711 });
        const args = ["--group", "incus-admin"];
        await startReady({ stateDirectory, name: "incus", command: INCUSD, args, env }, 60, () =>
          ready(api),
        );
      }
      return await ensureStorage(api, { poolGiB });
    },
    async stop() {
      if (isOurs()) await shutDown();
      else if (!(await wasOurs())) return false;
      if (units) await stopUnit(stateDirectory, UNIT);
      else await stopDaemon(stateDirectory, "incus", { seconds: 10 });
      await releaseMounts(incusDirectory);
      return true;
    },
  };

  /** Whether a daemon from here died by itself, and left what is to be released. */
  async function wasOurs() {
    return !units && readRecord(stateDirectory, "incus") !== null && !(await api.answers());
  }

  /** Lets Incus end its instances and itself; the unit alone would leave the instances running. */
  async function shutDown() {
    const isPrivate = context.mode === "private";
    // What is private is thrown away: its instances need no time to end by themselves.
    if (isPrivate) await stopInstances(api);
    const limit = isPrivate ? 20 : 60;
    const args = ["admin", "shutdown", "--timeout", String(limit)];
    const done = await probe("incus", args, { env, seconds: limit + 10 });
    if (done.code !== 0) console.warn(`Incus did not shut down by itself: ${done.stderr}`);
  }
}

/** @param {import("../lib/incus-api.js").IncusApi} api */
async function ready(api) {
  if (!(await api.answers())) return false;
  try {
    await api.request("GET", "/internal/ready");
    return true;
  } catch {
    return false; // its answer until all is loaded
  }
}
