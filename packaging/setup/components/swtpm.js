// @ts-check
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isAlive, readRecord, startReady, stopDaemon } from "../lib/daemons.js";
import { probe, run } from "../lib/run.js";

const DEVICE = "/dev/tpmrm0";

/**
 * A software TPM where the machine has none, and for every private stack: the machine's own TPM
 * wears out, and is not for tests. Programs reach it through
 * `TPM2TOOLS_TCTI=swtpm:path=<socket>`; tpm2-tss expects the control socket beside it, `.ctrl`.
 *
 * @param {import("./types.js").StackContext} context
 * @returns {import("./types.js").Component}
 */
export function swtpmComponent(context) {
  const { stateDirectory } = context;
  const hasOwn = tpmPath(context) === DEVICE;
  const state = join(stateDirectory, "tpm");
  const socket = join(stateDirectory, "tpm.sock");
  return {
    name: "swtpm",
    isRunning: async () => hasOwn || isAlive(readRecord(stateDirectory, "swtpm")),
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
      return "a software TPM, which anybody with root can copy";
    },
    stop: () => stopDaemon(stateDirectory, "swtpm"),
  };
}

/**
 * @param {Pick<import("./types.js").StackContext, "mode" | "stateDirectory">} context
 * @returns {string} the device or the socket that the stack's programs use
 */
export function tpmPath({ mode, stateDirectory }) {
  return mode === "system" && existsSync(DEVICE) ? DEVICE : join(stateDirectory, "tpm.sock");
}

/**
 * @param {Pick<import("./types.js").StackContext, "mode" | "stateDirectory">} context
 * @returns {string} the same for tpm2-tools
 */
export function tpmTcti(context) {
  const path = tpmPath(context);
  return path === DEVICE ? `device:${path}` : `swtpm:path=${path}`;
}
