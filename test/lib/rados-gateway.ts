/**
 * A real S3 store for tests: Ceph's gateway over one monitor and one OSD that keeps everything in
 * memory, all on the loopback interface. There is no manager daemon, which nothing here needs.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../packaging/setup/lib/ports.js";
import { run } from "../../packaging/setup/lib/run.js";

const programs = ["/usr/bin/ceph-mon", "/usr/bin/ceph-osd", "/usr/bin/ceph", "/usr/bin/radosgw"];

/** Why it cannot run here; empty when it can. */
export const noGateway = programs.every((path) => existsSync(path)) ? "" : "no radosgw";

export interface Gateway {
  endpoint: string;
  accessKey: string;
  secretKey: string;
  stop(): Promise<void>;
}

const accessKey = "TESTACCESSKEY";
const secretKey = "test+secret/key";

export async function startGateway(): Promise<Gateway> {
  const directory = mkdtempSync("/var/tmp/dsecos-rgw-");
  const children: ChildProcess[] = [];
  const stop = async () => {
    // The gateway first: without its OSD it waits.
    for (const child of children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    }
    rmSync(directory, { recursive: true, force: true });
  };
  const env = {
    ...process.env,
    CEPH_CONF: join(directory, "ceph.conf"),
    CEPH_KEYRING: join(directory, "keyring"),
  };
  const command = (program: string, args: string[]) => run(program, args, { env, seconds: 60 });
  const daemon = (program: string, args: string[]) => {
    children.push(spawn(program, [...args, "-f"], { env, stdio: "ignore" }));
  };
  try {
    const [monitor, http] = [await freePort(), await freePort()];
    const id = randomUUID();
    const osd = randomUUID();
    for (const name of ["log", "run", "osd.0", "rgw"]) mkdirSync(join(directory, name));
    writeFileSync(env.CEPH_CONF, configuration(directory, id, monitor, http));
    await makeKeys(env.CEPH_KEYRING, command);
    const map = join(directory, "monmap");
    const address = `[v2:127.0.0.1:${monitor}]`;
    await command("monmaptool", [
      ...["--create", "--fsid", id, "--enable-all-features", "--addv", "a", address, map],
    ]);
    await command("ceph-mon", [
      "--mkfs",
      "-i",
      "a",
      "--monmap",
      map,
      "--keyring",
      env.CEPH_KEYRING,
    ]);
    daemon("ceph-mon", ["-i", "a"]);
    await command("ceph-osd", [
      ...["-i", "0", "--mkfs", "--monmap", map, "--osd-uuid", osd, "--no-mon-config"],
    ]);
    await command("ceph", ["--connect-timeout", "30", "osd", "new", osd, "0"]);
    daemon("ceph-osd", ["-i", "0"]);
    daemon("radosgw", ["-n", "client.rgw"]);
    const endpoint = `http://127.0.0.1:${http}`;
    await answers(endpoint);
    await command("radosgw-admin", [
      ...["user", "create", "--uid", "audit", "--display-name", "audit"],
      ...["--access-key", accessKey, "--secret-key", secretKey],
    ]);
    return { endpoint, accessKey, secretKey, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answers(endpoint: string): Promise<void> {
  for (const end = Date.now() + 60_000; ; await delay(100)) {
    try {
      await fetch(endpoint);
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

async function makeKeys(
  keyring: string,
  command: (program: string, args: string[]) => Promise<unknown>,
): Promise<void> {
  const caps = {
    "mon.": { mon: "allow *" },
    "client.admin": { mon: "allow *", osd: "allow *" },
    "osd.0": { mon: "allow profile osd", osd: "allow *" },
    "client.rgw": { mon: "allow rw", osd: "allow rwx" },
  };
  await command("ceph-authtool", [keyring, "--create-keyring"]);
  for (const [name, allowed] of Object.entries(caps)) {
    const capArgs = Object.entries(allowed).flatMap(([kind, cap]) => ["--cap", kind, cap]);
    await command("ceph-authtool", [keyring, "--gen-key", "-n", name, ...capArgs]);
  }
}

function configuration(directory: string, id: string, monitor: number, http: number): string {
  return `[global]
fsid = ${id}
mon_host = [v2:127.0.0.1:${monitor}/0]
mon_initial_members = a
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr1 = false
ms_bind_ipv6 = false
keyring = ${directory}/keyring
run_dir = ${directory}/run
admin_socket = ${directory}/run/$name.asok
log_file = ${directory}/log/$name.log
crash_dir = ${directory}/crash
mon_cluster_log_file = ${directory}/log/cluster.log
auth_allow_insecure_global_id_reclaim = false
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_max_pg_per_osd = 2000
mon_data_avail_crit = 1
paxos_propose_interval = 0.05
paxos_min_wait = 0.01
mon_tick_interval = 1
mon_data = ${directory}/mon.a
osd_data = ${directory}/osd.0
osd_objectstore = memstore
memstore_device_bytes = 1073741824
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:${http}
rgw_data = ${directory}/rgw
rgw_thread_pool_size = 32
`;
}
