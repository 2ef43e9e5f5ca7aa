// @ts-check
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isAlive, readRecord, startReady, stopDaemon } from "../lib/daemons.js";
import { probe, run } from "../lib/run.js";

export const TPM_DEVICE = "/dev/tpmrm0";

/**
 * A software TPM where the machine has none. Programs reach it through
 * `TPM2TOOLS_TCTI=swtpm:path=<socket>`; tpm2-tss expects the control socket beside it, `.ctrl`.
 *
 * @param {import("./types.js").StackContext} context
 * @returns {import("./types.js").Component}
 */
export function swtpmComponent(context) {
  const { stateDirectory } = context;
  const state = join(stateDirectory, "tpm");
  const socket = tpmSocket(stateDirectory);
  return {
    name: "swtpm",
    isRunning: async () => existsSync(TPM_DEVICE) || isAlive(readRecord(stateDirectory, "swtpm")),
    async start() {
      mkdirSync(state, { recursive: true, mode: 0o700 });
      if (!existsSync(join(state, "tpm2-00.permall")))
        await run("swtpm_setup", ["--tpm2", "--tpmstate", state], { seconds: 60 });
      for (const stale of [socket, `${socket}.ctrl`]) rmSync(stale, { force: true });
      await startReady(
        {
          stateDirectory,
          name: "swtpm",
          command: "swtpm",
          args: [
            ...["socket", "--tpm2", "--tpmstate", `dir=${state},mode=0600`],
            ...["--server", `type=unixio,path=${socket},mode=0600`],
            ...["--ctrl", `type=unixio,path=${socket}.ctrl,mode=0600`],
            ...["--flags", "not-need-init,startup-clear"],
          ],
        },
        30,
        async () => (await probe("swtpm_ioctl", ["--unix", `${socket}.ctrl`, "-c"])).code === 0,
      );
      return "a software TPM, because this machine has none";
    },
    stop: () => stopDaemon(stateDirectory, "swtpm"),
  };
}

/** @param {string} stateDirectory */
export function tpmSocket(stateDirectory) {
  return join(stateDirectory, "tpm.sock");
}
