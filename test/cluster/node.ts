/** A whole Debian 13 with systemd, as a system container. */
import { freePort } from "../../packaging/setup/lib/ports.js";
import { CommandError, type RunOptions, type RunResult } from "../../packaging/setup/lib/run.js";
import type { NodeBed } from "./bed.ts";

/** What an administrator answers to `incus admin init`, without a network. */
const preseed = `storage_pools:
- {name: default, driver: dir}
profiles:
- name: default
  devices:
    root: {type: disk, path: /, pool: default}
`;

/** What one command in the node may be given: seconds and input; `as` runs it for that person. */
export type CommandOptions = Pick<RunOptions, "seconds" | "input"> & { as?: string };

export class Node {
  readonly name: string;
  readonly #bed: NodeBed;

  /** @param bed has booted it */
  constructor(name: string, bed: NodeBed) {
    this.name = name;
    this.#bed = bed;
  }

  /** Until then sockets listen already, but what is behind them may fail. */
  async started(): Promise<void> {
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

  /** Gives Incus in the node a storage pool. */
  async initIncus(): Promise<void> {
    await this.run(["incus", "admin", "init", "--preseed"], { input: preseed, seconds: 60 });
  }

  /** Cuts the power. */
  async kill(): Promise<void> {
    await this.#bed.incus(["stop", "--force", this.name, "--quiet"], 60);
  }

  /** Boots it again. */
  async start(): Promise<void> {
    await this.#bed.incus(["start", this.name, "--quiet"], 60);
    await this.started();
  }

  /** Cuts the power and boots again. */
  async restart(): Promise<void> {
    await this.#bed.incus(["restart", "--force", this.name, "--quiet"], 60);
    await this.started();
  }

  #command(words: readonly string[], as?: string): string[] {
    const person = as === undefined ? [] : ["runuser", "-u", as, "--"];
    return ["exec", this.name, "--cwd", "/", "--", ...person, ...words];
  }

  /** Runs a command in the node and gives its output; throws when it fails. */
  async run(words: readonly string[], options: CommandOptions = {}): Promise<string> {
    const done = await this.probe(words, options);
    if (done.code !== 0) throw new CommandError(this.name, [...words], done);
    return done.stdout;
  }

  /** The same, but its exit code tells. */
  probe(words: readonly string[], options: CommandOptions = {}): Promise<RunResult> {
    const { as, ...rest } = options;
    return this.#bed.probe(this.#command(words, as), rest);
  }

  /** Copies files into a directory of the node, which is made when it is missing. */
  async push(files: readonly string[], directory: string): Promise<void> {
    const target = `${this.name}${directory}/`;
    await this.#bed.incus(["file", "push", "--quiet", "--create-dirs", ...files, target], 120);
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
    const device = ["config", "device", "add", this.name, `p${port}`, "proxy", listen, connect];
    await this.#bed.incus(device);
    return here;
  }
}
