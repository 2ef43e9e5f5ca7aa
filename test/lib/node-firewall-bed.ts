/**
 * A node in a network namespace of its own, with neighbours in others: somebody outside, a member of
 * the cluster, and two tenants behind bridges. This machine's own packet filter is never touched.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { createStack } from "../../packaging/setup/stack.js";
import { removeTree } from "./remove-tree.js";

const program = resolve(import.meta.dirname, "../../dist/agent/agent.js");
const names = ["node", "outside", "member", "red", "blue"] as const;
export type Place = (typeof names)[number];

/** Of each place, as the node sees it: the node's interface, its address there, and theirs. */
const links = {
  outside: { device: "uplink", here: "192.0.2.1", there: "192.0.2.2" },
  member: { device: "cluster", here: "10.1.0.1", there: "10.1.0.2" },
  red: { device: "incusbr-red", here: "10.2.0.1", there: "10.2.0.2" },
  blue: { device: "incusbr-blue", here: "10.3.0.1", there: "10.3.0.2" },
} as const;
export const addresses = links;

export class FirewallBed {
  readonly state = mkdtempSync("/var/tmp/dsecos-fw-");
  readonly stack = createStack({
    mode: "private",
    stateDirectory: this.state,
    components: ["bus", "polkit", "policies"],
  });
  readonly environment = { ...process.env, ...this.stack.context.environment };
  readonly #suffix = `${process.pid}`;
  readonly #hands = new Map<Place, Hand>();
  #agent: ChildProcess | undefined;

  async start(): Promise<void> {
    await this.stack.start();
    mkdirSync(join(this.state, "audit"));
    for (const name of names) ip("netns", "add", this.#name(name));
    for (const name of names) this.ip(name, "link", "set", "lo", "up");
    for (const [place, { device, here, there }] of Object.entries(links)) {
      const other = this.#name(place as Place);
      const pair = ["link", "add", device, "type", "veth", "peer", "name", "eth0"];
      this.ip("node", ...pair, "netns", other);
      this.ip("node", "address", "add", `${here}/24`, "dev", device);
      this.ip("node", "link", "set", device, "up");
      this.ip(place as Place, "address", "add", `${there}/24`, "dev", "eth0");
      this.ip(place as Place, "link", "set", "eth0", "up");
      this.ip(place as Place, "route", "add", "default", "via", here);
    }
    this.run("node", "sysctl", "-qw", "net.ipv4.ip_forward=1");
  }

  /** @param firewall as agent.json declares it */
  async startAgent(firewall: object): Promise<void> {
    const file = join(this.state, "agent.json");
    const { state } = this;
    const config = {
      firewall,
      firewallDirectory: join(state, "firewall"),
      auditDirectory: join(state, "audit"),
      // The machine's own are not for tests.
      incusSocket: join(state, "no-incus"),
      tpm: join(state, "no-tpm"),
      hsmDirectory: join(state, "no-hsm"),
      hsmSockets: join(state, "no-hsm"),
      pkiDirectory: join(state, "pki"),
      selinuxDirectory: join(state, "selinux"),
      cephConfig: join(state, "no-ceph"),
      runtimeDirectory: join(state, "run"),
      imageDirectory: join(state, "images"),
      exportDirectory: join(state, "exports"),
      auditdSocket: join(state, "no-auditd"),
      auditdLog: join(state, "no-auditd.log"),
    };
    writeFileSync(file, JSON.stringify(config));
    const args = ["netns", "exec", this.#name("node"), process.execPath, program];
    const child = spawn("ip", [...args, "--config", file], {
      env: this.environment,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#agent = child;
    let said = "";
    await new Promise<void>((ready, failed) => {
      child.stderr.on("data", (chunk) => {
        said += chunk;
        if (said.includes('"ready"')) ready();
      });
      child.once("exit", (code) => failed(new Error(`the agent ended with ${code}: ${said}`)));
    });
  }

  /** Without a warning, and waits until it is gone. */
  async killAgent(): Promise<void> {
    const child = this.#agent;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.removeAllListeners("exit");
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  in(place: Place): Hand {
    let hand = this.#hands.get(place);
    if (hand === undefined) {
      hand = new Hand(this.#name(place));
      this.#hands.set(place, hand);
    }
    return hand;
  }

  run(place: Place, ...command: string[]): string {
    return ip("netns", "exec", this.#name(place), ...command);
  }

  /** @returns every TCP port that lets somebody in, of all that there are */
  scan(from: Place, host: string): number[] {
    const script = join(import.meta.dirname, "node-firewall-scan.py");
    return JSON.parse(this.run(from, "prlimit", "--nofile=20000", "python3", script, host));
  }

  ip(place: Place, ...args: string[]): void {
    ip("-n", this.#name(place), ...args);
  }

  async stop(): Promise<void> {
    await this.killAgent();
    for (const hand of this.#hands.values()) await hand.end();
    for (const name of names) {
      try {
        ip("netns", "delete", this.#name(name));
      } catch (error) {
        console.warn(`left the network namespace ${this.#name(name)}: ${error}`);
      }
    }
    await this.stack.stop();
    removeTree(this.state);
  }

  #name(place: Place): string {
    return `dsecos-${place}-${this.#suffix}`;
  }
}

class Hand {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: { value?: unknown; error?: string }) => void>();
  #next = 0;

  constructor(namespace: string) {
    const script = join(import.meta.dirname, "node-firewall-hand.js");
    const args = ["netns", "exec", namespace, process.execPath, script];
    this.#child = spawn("ip", args, { stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      const answer = JSON.parse(line);
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  async ask<T>(act: string, ...args: unknown[]): Promise<T> {
    this.#next += 1;
    const id = this.#next;
    const heard = new Promise<{ value?: unknown; error?: string }>((done) => {
      this.#waiting.set(id, done);
    });
    this.#child.stdin?.write(`${JSON.stringify({ id, act, args })}\n`);
    const { value, error } = await heard;
    if (error !== undefined) throw new Error(error);
    return value as T;
  }

  async end(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

function ip(...args: string[]): string {
  return execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
