// @ts-check
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildMark } from "../lib/build-state.js";
import { nameHasOwner } from "../lib/bus.js";
import { isAlive, readRecord, startReady, stopDaemon } from "../lib/daemons.js";
import { cephPaths } from "./ceph.js";
import { hsmPaths } from "./softhsm.js";
import { tpmPath } from "./swtpm.js";

const NAME = "org.dsecos.Agent";

/**
 * The agent from the build. One that an older build started is replaced; one that a package
 * started is left alone.
 *
 * @param {import("./types.js").StackContext} context
 * @param {{ config: Record<string, unknown> }} options keys of the agent's configuration file
 * @returns {import("./types.js").Component}
 */
export function agentComponent(context, options) {
  const { stateDirectory, busAddress } = context;
  const program = join(context.distDirectory, "agent/agent.js");
  const owned = () => nameHasOwner(busAddress, NAME);
  return {
    name: "agent",
    async isRunning() {
      if (!(await owned())) return false;
      const record = readRecord(stateDirectory, "agent");
      return !isAlive(record) || record.notes?.build === buildMark([program]);
    },
    async start() {
      if (!existsSync(program)) throw new Error(`${program} is missing: run npm run build first`);
      await stopDaemon(stateDirectory, "agent");
      const file = join(stateDirectory, "agent.json");
      const config = { ...defaults(context), ...options.config };
      mkdirSync(String(config.auditDirectory), { recursive: true, mode: 0o700 });
      writeFileSync(file, JSON.stringify(config, null, 2));
      await startReady(
        {
          stateDirectory,
          name: "agent",
          command: process.execPath,
          args: [program, "--config", file],
          env: { ...process.env, ...context.environment },
          notes: { build: buildMark([program]) },
        },
        30,
        owned,
      );
    },
    stop: () => stopDaemon(stateDirectory, "agent"),
  };
}

/**
 * @param {import("./types.js").StackContext} context
 * @returns {Record<string, unknown>}
 */
function defaults(context) {
  const { mode, stateDirectory, incusDirectory } = context;
  return {
    incusSocket: join(incusDirectory, "unix.socket"),
    auditDirectory: mode === "private" ? join(stateDirectory, "audit") : "/var/lib/dsecos/audit",
    selinuxDirectory:
      mode === "private" ? join(stateDirectory, "selinux") : "/var/lib/dsecos/selinux",
    imageDirectory: mode === "private" ? join(stateDirectory, "images") : "/var/lib/dsecos/images",
    nodeDirectory: mode === "private" ? join(stateDirectory, "node") : "/var/lib/dsecos/node",
    pkiDirectory: mode === "private" ? join(stateDirectory, "pki") : "/var/lib/dsecos/pki",
    exportDirectory:
      mode === "private" ? join(stateDirectory, "exports") : "/var/lib/dsecos/exports",
    runtimeDirectory: mode === "private" ? join(stateDirectory, "run") : "/run/dsecos",
    storagePool: "default",
    tpm: tpmPath(context),
    ...hsmPaths(context),
    ...cephPaths(context),
    region: "UK",
    // auditd's plugin serves one agent only.
    ...(mode === "private" && {
      auditdSocket: join(stateDirectory, "auditd.socket"),
      auditdLog: join(stateDirectory, "auditd/audit.log"),
    }),
  };
}
