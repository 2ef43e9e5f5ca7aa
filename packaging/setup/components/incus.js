// @ts-check
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { isAlive, logFile, readRecord, startReady, stopDaemon } from "../lib/daemons.js";
import { incusApi } from "../lib/incus-api.js";
import { releaseMounts, stopInstances } from "../lib/incus-end.js";
import { ensureStorage } from "../lib/incus-storage.js";
import { probe } from "../lib/run.js";
import { hasSystemd, startUnit, stopUnits } from "../lib/systemd.js";

const INCUSD = "/usr/libexec/incus/incusd";

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
  return {
    name: "incus",
    async isRunning() {
      if (!(await api.answers())) return false;
      await ensureStorage(api, { poolGiB });
      return true;
    },
    async start() {
      if (units) await startUnit(stateDirectory, "incus.service");
      else {
        if (!existsSync(INCUSD)) throw new Error(`${INCUSD} is missing: install incus-base`);
        mkdirSync(incusDirectory, { recursive: true, mode: 0o711 });
        mkdirSync(join(stateDirectory, "log"), { recursive: true, mode: 0o700 });
        const args = ["--group", "incus-admin", "--logfile", logFile(stateDirectory, "incusd")];
        await startReady({ stateDirectory, name: "incus", command: INCUSD, args, env }, 60, () =>
          ready(api),
        );
      }
      return await ensureStorage(api, { poolGiB });
    },
    async stop() {
      if (units) return await stopUnits(stateDirectory, ["incus.service", "incus.socket"]);
      const ours = isAlive(readRecord(stateDirectory, "incus"));
      if (ours) {
        // What is private is thrown away: no need to let its instances end by themselves.
        if (context.mode === "private") await stopInstances(api);
        const limit = context.mode === "private" ? 20 : 60;
        const done = await probe("incus", ["admin", "shutdown", "--timeout", String(limit)], {
          env,
          seconds: limit + 10,
        });
        if (done.code !== 0) console.warn(`Incus did not shut down by itself: ${done.stderr}`);
      }
      await stopDaemon(stateDirectory, "incus", { seconds: 10 });
      if (ours || context.mode === "private") await releaseMounts(incusDirectory);
      return ours;
    },
  };
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
