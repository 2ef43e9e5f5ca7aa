/** A whole Debian 13 with systemd, as a system container of an Incus daemon of its own. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { startTimeOf } from "../../packaging/setup/lib/daemons.js";
import { freePort } from "../../packaging/setup/lib/ports.js";
import { probe, type RunOptions, type RunResult, run } from "../../packaging/setup/lib/run.js";
import { createStack } from "../../packaging/setup/stack.js";
import { nodeImage } from "./node-image.js";

const name = "node1";

/** State of each run lies below, under the process id of its owner. */
const place = "/var/tmp/dsecos-node";

/** What one command in the node may be given: seconds and input; `as` runs it for that person. */
export type CommandOptions = Pick<RunOptions, "seconds" | "input"> & { as?: string };

export class Node {
  readonly #stack: ReturnType<typeof createStack>;
  readonly #directory: string;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(directory: string) {
    this.#directory = directory;
    this.#stack = createStack({
      mode: "private",
      stateDirectory: directory,
      components: ["incus"],
      poolGiB: 12,
    });
    this.#environment = { ...process.env, ...this.#stack.context.environment };
  }

  /** Boots a node, and returns when systemd says that it is up. */
  static async boot(): Promise<Node> {
    const { file } = await nodeImage();
    await Node.#sweep();
    const directory = `${place}/${process.pid}`;
    mkdirSync(directory, { recursive: true });
    const node = new Node(directory);
    try {
      await node.#stack.start();
      await node.#incus(["image", "import", file, "--alias", "node", "--quiet"], 120);
      // Nested containers are all that it needs beyond the default: it stays unprivileged.
      await node.#incus(["launch", "node", name, "-c", "security.nesting=true", "--quiet"], 120);
      await node.#started();
      return node;
    } catch (error) {
      await node.remove();
      throw error;
    }
  }

  /** Ends what a run left that was killed. */
  static async #sweep(): Promise<void> {
    mkdirSync(place, { recursive: true, mode: 0o711 });
    for (const owner of readdirSync(place))
      if (startTimeOf(Number(owner)) === null) await new Node(`${place}/${owner}`).remove();
  }

  /** Until then sockets listen already, but what is behind them may fail. */
  async #started(): Promise<void> {
    const asked = ["systemctl", "is-system-running", "--wait"];
    for (let attempt = 0; ; attempt++) {
      const { stdout, stderr } = await this.probe(asked, { seconds: 60 });
      if (stdout.trim() === "running") return;
      // The first moments: systemd itself does not answer yet.
      if (attempt > 40 || stdout.trim() === "degraded") {
        const failed = await this.probe(["systemctl", "--failed", "--no-legend"]);
        throw new Error(`the node did not come up: ${stdout}${stderr}${failed.stdout}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** Cuts the power and boots again. */
  async restart(): Promise<void> {
    await this.#incus(["restart", "--force", name, "--quiet"], 60);
    await this.#started();
  }

  async remove(): Promise<void> {
    await this.#stack.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #incus(args: string[], seconds = 30): Promise<RunResult> {
    return run("incus", args, { env: this.#environment, seconds });
  }

  #command(words: readonly string[], as?: string): string[] {
    const person = as === undefined ? [] : ["runuser", "-u", as, "--"];
    return ["exec", name, "--cwd", "/", "--", ...person, ...words];
  }

  /** Runs a command in the node and gives its output; throws when it fails. */
  async run(words: readonly string[], options: CommandOptions = {}): Promise<string> {
    const { as, ...rest } = options;
    const done = await run("incus", this.#command(words, as), { env: this.#environment, ...rest });
    return done.stdout;
  }

  /** The same, but its exit code tells. */
  probe(words: readonly string[], options: CommandOptions = {}): Promise<RunResult> {
    const { as, ...rest } = options;
    return probe("incus", this.#command(words, as), { env: this.#environment, ...rest });
  }

  /** Copies files into a directory of the node, which is made when it is missing. */
  async push(files: readonly string[], directory: string): Promise<void> {
    const target = `${name}${directory}/`;
    await this.#incus(["file", "push", "--quiet", "--create-dirs", ...files, target], 120);
  }

  /**
   * Makes a port of the node reachable on this machine's loopback interface.
   *
   * @returns the port here
   */
  async publish(port: number): Promise<number> {
    const here = await freePort();
    const listen = `listen=tcp:127.0.0.1:${here}`;
    const connect = `connect=tcp:127.0.0.1:${port}`;
    await this.#incus(["config", "device", "add", name, `p${port}`, "proxy", listen, connect]);
    return here;
  }
}
