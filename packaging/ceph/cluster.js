// @ts-check
/**
 * A Ceph cluster for development and tests: its own daemons on the loopback interface, with four
 * sites in three regions, and OSDs that keep their data in memory. Ready in seconds.
 */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isAlive, readRecord, startDaemon, stopDaemon } from "../setup/lib/daemons.js";
import { freePort } from "../setup/lib/ports.js";
import { run } from "../setup/lib/run.js";
import { until } from "../setup/lib/wait.js";
import { clusterConfig, sites } from "./config.js";
import {
  gatewayAnswers,
  gatewayConfig,
  gatewayPools,
  makeGatewayHome,
  makeRealm,
} from "./gateway.js";
import { makeKeyrings } from "./keys.js";

const programs = ["ceph-mon", "ceph-mgr", "ceph-osd", "ceph-mds", "ceph", "monmaptool"];
/** Made on UK's rule alone: what a tenant there may use. */
const pools = ["cephfs.fs.meta", "cephfs.fs.data", "block"];
const placementGroups = 8;
/** Between two commands that only ask: each is a process that takes a quarter of a second. */
const pauseMs = 250;

/**
 * @param {{ gateways?: boolean }} [wanted]
 * @returns {string} the programs that are missing for it; empty where none is
 */
export function missingForCluster({ gateways = false } = {}) {
  const needed = gateways ? [...programs, "radosgw", "radosgw-admin"] : programs;
  const missing = needed.filter((name) => !existsSync(`/usr/bin/${name}`));
  return missing.length === 0 ? "" : `${missing.join(", ")} are not installed`;
}

/**
 * @param {string} directory
 * @returns {{ cephConfig: string, cephUser: string, cephKeyring: string }} keys of the agent's
 *   configuration file, for a cluster there
 */
export function clusterPaths(directory) {
  return {
    cephConfig: join(directory, "ceph.conf"),
    cephUser: "client.dsecos",
    cephKeyring: join(directory, "client.dsecos.keyring"),
  };
}

/**
 * Describes a cluster: nothing is started yet. What runs is remembered in the directory.
 *
 * @param {{ directory: string, mons?: number, osds?: number, gateways?: number }} options
 */
export function describeCluster({ directory, mons = 1, osds = 8, gateways = 0 }) {
  const monNames = ["a", "b", "c", "d", "e"].slice(0, mons);
  const osdIds = Array.from({ length: osds }, (_, id) => id);
  const gatewayNames = ["g", "h", "i"].slice(0, gateways);
  /** @type {string[]} */
  const endpoints = [];
  const daemons = [
    ...monNames.map((name) => `mon.${name}`),
    "mgr.x",
    ...osdIds.map((id) => `osd.${id}`),
    "mds.a",
    ...gatewayNames.map((name) => `rgw.${name}`),
  ];
  const { cephConfig } = clusterPaths(directory);
  const keyring = join(directory, "keyring");
  const env = { ...process.env, CEPH_CONF: cephConfig, CEPH_KEYRING: keyring, CEPH_ARGS: "" };

  /** @param {string} name such as osd.3 */
  const record = (name) => readRecord(directory, name);

  /** @param {string} name */
  async function start(name) {
    const [kind = "", id = ""] = name.split(".");
    const [command, args] =
      kind === "rgw" ? ["radosgw", ["-n", `client.${name}`]] : [`ceph-${kind}`, ["-i", id]];
    await startDaemon({
      ...{ stateDirectory: directory, name, command, args: [...args, "-f"] },
      env: { ...env, PYTHONPATH: resolve(import.meta.dirname, "mgr-python") },
    });
  }

  /** @param {string} name @param {NodeJS.Signals} signal */
  function signal(name, signal) {
    const known = record(name);
    if (!isAlive(known)) throw new Error(`${name} does not run`);
    process.kill(known.pid, signal);
  }

  /** @param {string[]} args @param {string} [input] commands, where there are no arguments */
  async function ceph(args, input) {
    const { stdout } = await run("ceph", ["--connect-timeout", "30", ...args], {
      ...{ env, seconds: 60 },
      ...(input === undefined ? {} : { input }),
    });
    return stdout;
  }

  async function prepare() {
    rmSync(directory, { recursive: true, force: true });
    const homes = daemons.filter((name) => !name.startsWith("mon."));
    for (const name of ["log", "run", "crash", ...homes])
      mkdirSync(join(directory, name), { recursive: true, mode: 0o700 });
    const fsid = randomUUID();
    const ports = await Promise.all(monNames.map(freePort));
    const addressed = monNames.map((name, index) => ({ name, port: ports[index] ?? 0 }));
    const keyrings = makeKeyrings(osds, gatewayNames);
    writeFileSync(keyring, keyrings.all, { mode: 0o600 });
    const monmap = join(directory, "monmap");
    const reached = await Promise.all(
      gatewayNames.map(async (name) => ({ name, port: await freePort() })),
    );
    endpoints.splice(0, endpoints.length, ...reached.map(({ port }) => `http://127.0.0.1:${port}`));
    for (const name of gatewayNames) makeGatewayHome(directory, name);
    const config =
      clusterConfig({ directory, fsid, mons: addressed, osds }) + gatewayConfig(directory, reached);
    writeFileSync(clusterPaths(directory).cephKeyring, keyrings.dsecos, { mode: 0o600 });
    writeFileSync(cephConfig, config);
    const release = (await run("ceph-mon", ["--version"], { env })).stdout.split(" ")[4] ?? "";
    await run(
      "monmaptool",
      [
        ...["--create", "--fsid", fsid, "--enable-all-features", "--set-min-mon-release", release],
        ...addressed.flatMap(({ name, port }) => ["--addv", name, `[v2:127.0.0.1:${port}]`]),
        monmap,
      ],
      { env },
    );
    await Promise.all(
      monNames.map((name) =>
        run("ceph-mon", ["--mkfs", "-i", name, "--monmap", monmap, "--keyring", keyring], {
          ...{ env, seconds: 60 },
        }),
      ),
    );
    return { monmap };
  }

  /** @param {string} monmap */
  async function makeOsds(monmap) {
    const ids = osdIds.map((id) => ({ id, uuid: randomUUID() }));
    // Needs no monitor: done beside their election.
    const made = ids.map(({ id, uuid }) =>
      run(
        "ceph-osd",
        [
          ...["-i", String(id), "--mkfs", "--monmap", monmap],
          ...["--osd-uuid", uuid, "--no-mon-config"],
        ],
        { env, seconds: 60 },
      ),
    );
    // One process for all commands, which it reads from its standard input.
    const told = ceph([], ids.map(({ id, uuid }) => `osd new ${uuid} ${id}\n`).join(""));
    await Promise.all([...made, told]);
    await Promise.all(osdIds.map((id) => start(`osd.${id}`)));
  }

  async function makePools() {
    const regions = [...new Set(sites.slice(0, osds).map(({ region }) => region))];
    await until(
      "the OSDs to be in their places",
      60,
      async () => {
        const { nodes } = JSON.parse(await ceph(["osd", "tree", "-f", "json"]));
        const placed = nodes.filter(
          (/** @type {{ type: string }} */ { type }) => type === "region",
        );
        const up = nodes.filter((/** @type {{ status?: string }} */ { status }) => status === "up");
        return placed.length === regions.length && up.length === osds;
      },
      pauseMs,
    );
    const commands = [
      ...regions.map((region) => `osd crush rule create-replicated ${region} ${region} host`),
      ...pools.map((pool) => `osd pool create ${pool} ${placementGroups} replicated uk`),
      "osd pool application enable block rbd",
      "fs new fs cephfs.fs.meta cephfs.fs.data",
      ...(gateways === 0 ? [] : gatewayPools("uk")),
    ];
    await ceph([], `${commands.join("\n")}\n`);
    await start("mds.a");
  }

  async function makeGateways() {
    if (gateways === 0) return;
    await makeRealm(env, endpoints);
    await Promise.all(gatewayNames.map((name) => start(`rgw.${name}`)));
    await Promise.all(endpoints.map(gatewayAnswers));
  }

  async function isWhole() {
    const { osdmap, pgmap, mgrmap, fsmap } = JSON.parse(await ceph(["status", "-f", "json"]));
    const states = /** @type {{ state_name: string }[]} */ (pgmap.pgs_by_state ?? []);
    return (
      osdmap.num_up_osds === osds &&
      mgrmap.available === true &&
      pgmap.num_pgs >= pools.length * placementGroups &&
      states.every(({ state_name }) => state_name === "active+clean") &&
      (fsmap.by_rank ?? []).some((/** @type {{ status: string }} */ one) =>
        one.status.startsWith("up:active"),
      )
    );
  }

  return {
    directory,
    paths: clusterPaths(directory),
    daemons,
    /** For commands that its administrator runs. */
    env,
    /** Addresses of its gateways, once it is made. */
    endpoints: /** @type {readonly string[]} */ (endpoints),
    ceph,
    /** Makes a new cluster and waits until all of it is well. */
    async make() {
      const { monmap } = await prepare();
      await Promise.all(monNames.map((name) => start(`mon.${name}`)));
      await start("mgr.x");
      await makeOsds(monmap);
      await makePools();
      await makeGateways();
      await until("the cluster to be whole", 60, isWhole, pauseMs);
    },
    isRunning: () => daemons.every((name) => isAlive(record(name))),
    isWhole,
    start,
    /** @param {string} name */
    pid: (name) => record(name)?.pid,
    /** Ends one at once, as a crash would. @param {string} name */
    kill: (name) => stopDaemon(directory, name, { signal: "SIGKILL" }),
    /** Freezes one: it holds its connections and answers nothing. @param {string} name */
    async pause(name) {
      signal(name, "SIGSTOP");
      // Its threads stop one after the other, and those that are late might answer still.
      await until(`${name} to stop`, 10, () => isStopped(record(name)?.pid), 5);
    },
    /** @param {string} name */
    resume: (name) => signal(name, "SIGCONT"),
    /**
     * Ends what runs and removes it all: OSDs that keep their data in memory have none afterwards.
     *
     * @returns {Promise<boolean>} whether there was something to end
     */
    async remove() {
      const ended = await Promise.all(
        daemons.map((name) => stopDaemon(directory, name, { signal: "SIGKILL" })),
      );
      rmSync(directory, { recursive: true, force: true });
      return ended.includes(true);
    },
  };
}

/** @typedef {ReturnType<typeof describeCluster>} Cluster */

/** @param {number | undefined} pid */
function isStopped(pid) {
  const threads = `/proc/${pid}/task`;
  return readdirSync(threads).every((thread) => {
    const stat = readFileSync(`${threads}/${thread}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
  });
}
