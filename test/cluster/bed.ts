/** An Incus daemon of its own that holds whole nodes, and the network between them. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { startTimeOf } from "../../packaging/setup/lib/daemons.js";
import { probe, type RunOptions, type RunResult, run } from "../../packaging/setup/lib/run.js";
import { createStack } from "../../packaging/setup/stack.js";
import { Node } from "./node.ts";
import { nodeImage } from "./node-image.js";

/** State of each run lies below, under the process id of its owner. */
const place = "/var/tmp/dsecos-node";

export class NodeBed {
  readonly #stack: ReturnType<typeof createStack>;
  readonly #directory: string;
  readonly #bridge: string;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(owner: string) {
    this.#directory = `${place}/${owner}`;
    // A frame passes from one node to another, and this machine has no address there.
    this.#bridge = `dsecos-${owner}`;
    this.#stack = createStack({
      mode: "private",
      stateDirectory: this.#directory,
      components: ["incus"],
      poolGiB: 12,
    });
    this.#environment = { ...process.env, ...this.#stack.context.environment };
  }

  static async open(): Promise<NodeBed> {
    const { file } = await nodeImage();
    await NodeBed.#sweep();
    const bed = new NodeBed(String(process.pid));
    mkdirSync(bed.#directory, { recursive: true });
    try {
      await bed.#stack.start();
      await run("ip", ["link", "add", bed.#bridge, "up", "type", "bridge"]);
      await bed.incus(["image", "import", file, "--alias", "node", "--quiet"], 120);
      return bed;
    } catch (error) {
      await bed.remove();
      throw error;
    }
  }

  /** Ends what a run left that was killed. */
  static async #sweep(): Promise<void> {
    mkdirSync(place, { recursive: true, mode: 0o711 });
    for (const owner of readdirSync(place))
      if (startTimeOf(Number(owner)) === null) await new NodeBed(owner).remove();
  }

  /**
   * Boots a node, and returns when systemd says that it is up.
   *
   * @param address its only one, for example 10.77.0.1/24; no network at all without it
   */
  async launch(name: string, address?: string): Promise<Node> {
    // Nested containers are all that it needs beyond the default: it stays unprivileged.
    const options = ["--config", "security.nesting=true"];
    if (address !== undefined) {
      options.push("--config", `raw.lxc=lxc.net.0.ipv4.address = ${address}`);
    }
    await this.incus(["init", "node", name, ...options, "--quiet"], 120);
    if (address !== undefined) {
      const nic = ["nic", "nictype=bridged", `parent=${this.#bridge}`];
      await this.incus(["config", "device", "add", name, "eth0", ...nic, "--quiet"]);
    }
    await this.incus(["start", name, "--quiet"], 60);
    const node = new Node(name, this);
    await node.started();
    return node;
  }

  async remove(): Promise<void> {
    await this.#stack.stop();
    // Not there where it could not even be begun.
    await probe("ip", ["link", "delete", this.#bridge]);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Runs the client of the daemon. */
  incus(args: readonly string[], seconds = 30): Promise<RunResult> {
    return run("incus", [...args], { env: this.#environment, seconds });
  }

  /** The same for a command in a node, whose exit code tells. */
  probe(args: readonly string[], options: Pick<RunOptions, "seconds" | "input">) {
    return probe("incus", [...args], { env: this.#environment, ...options });
  }
}
