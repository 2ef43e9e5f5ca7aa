/** A cluster of real Incus daemons on this machine's loopback interface, without storage. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { IncusClient } from "../../agent/incus/client.ts";
import { startReady, stopDaemon } from "../../packaging/setup/lib/daemons.js";
import { incusApi } from "../../packaging/setup/lib/incus-api.js";
import { releaseMounts } from "../../packaging/setup/lib/incus-end.js";
import { freePort } from "../../packaging/setup/lib/ports.js";

const program = "/usr/libexec/incus/incusd";
/** What the package dsecos-incus has a daemon load. */
const raftTiming = resolve(import.meta.dirname, "../../dist/incus/raft-timing.so");

/** Why there can be none here; empty when there can. */
export const noIncusCluster = existsSync(program) ? "" : `no Incus (${program})`;

export class IncusNode {
  readonly name: string;
  readonly socket: string;
  readonly api: ReturnType<typeof incusApi>;
  readonly #directory: string;
  readonly #place: string;

  constructor(name: string, directory: string) {
    this.name = name;
    this.#directory = directory;
    this.#place = join(directory, "incus");
    this.socket = join(this.#place, "unix.socket");
    this.api = incusApi(this.socket);
  }

  async start(): Promise<void> {
    mkdirSync(this.#place, { recursive: true });
    const env = {
      ...process.env,
      INCUS_DIR: this.#place,
      LD_PRELOAD: raftTiming,
      PATH: `/usr/libexec/incus:${process.env.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin"}`,
    };
    const args = ["--group", "incus-admin"];
    const spec = { stateDirectory: this.#directory, name: "incus", command: program, args, env };
    await startReady(spec, 60, async () => {
      if (!(await this.api.answers())) return false;
      return this.api.request("GET", "/internal/ready").then(
        () => true,
        () => false, // its answer until all is loaded
      );
    });
  }

  /** What a new member is let in by; its operation waits until it comes. */
  async askToken(name: string): Promise<Record<string, unknown>> {
    const client = new IncusClient(this.socket);
    try {
      type Waiting = { metadata: Record<string, unknown> };
      const body = { server_name: name };
      const { metadata } = await client.send<Waiting>("POST", "/1.0/cluster/members", body);
      return metadata.metadata;
    } finally {
      client.close();
    }
  }

  /** As if its power was cut. */
  async kill(): Promise<void> {
    await stopDaemon(this.#directory, "incus", { signal: "SIGKILL" });
    await releaseMounts(this.#place);
  }
}

export class IncusCluster {
  readonly nodes: IncusNode[];
  readonly #root: string;

  private constructor(root: string, nodes: IncusNode[]) {
    this.#root = root;
    this.nodes = nodes;
  }

  /**
   * @param place with a short path, since sockets are made deep below it
   * @returns daemons node1, node2 … that are one cluster
   */
  static async start(size: number, place = "/var/tmp"): Promise<IncusCluster> {
    const cluster = await IncusCluster.apart(size, place);
    try {
      await cluster.#form();
      return cluster;
    } catch (error) {
      await cluster.remove();
      throw error;
    }
  }

  /** @returns daemons node1, node2 … that know nothing of each other */
  static async apart(size: number, place = "/var/tmp"): Promise<IncusCluster> {
    const root = mkdtempSync(join(place, "dsecos-c-"));
    chmodSync(root, 0o711);
    const names = Array.from({ length: size }, (_, i) => `node${i + 1}`);
    const cluster = new IncusCluster(
      root,
      names.map((name) => new IncusNode(name, join(root, name))),
    );
    try {
      await Promise.all(cluster.nodes.map((node) => node.start()));
      return cluster;
    } catch (error) {
      await cluster.remove();
      throw error;
    }
  }

  async #form(): Promise<void> {
    const [first, ...others] = this.nodes as [IncusNode, ...IncusNode[]];
    const address = await formCluster(first.api, first.name);
    for (const { name, api } of others) {
      const { fingerprint, addresses, secret, expiresAt } = await first.askToken(name);
      const token = { server_name: name, fingerprint, addresses, secret, expires_at: expiresAt };
      const { environment } = await first.api.request("GET", "/1.0");
      const body = {
        ...{ server_name: name, enabled: true, cluster_address: address },
        server_address: `127.0.0.1:${await freePort()}`,
        cluster_certificate: environment.certificate,
        cluster_token: Buffer.from(JSON.stringify(token)).toString("base64"),
      };
      await api.request("PUT", "/1.0/cluster", { body, seconds: 120 });
    }
  }

  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** Makes a server a cluster of one. @returns its address there */
export async function formCluster(api: IncusNode["api"], name: string): Promise<string> {
  const address = `127.0.0.1:${await freePort()}`;
  await api.request("PATCH", "/1.0", { body: { config: { "core.https_address": address } } });
  const body = { server_name: name, enabled: true };
  await api.request("PUT", "/1.0/cluster", { body, seconds: 60 });
  return address;
}
