/** An agent of a test's own, to be killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

const program = resolve(import.meta.dirname, "../../dist/agent/agent.js");

export class OwnAgent {
  readonly #configFile: string;
  readonly #environment: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;

  constructor(configFile: string, environment: NodeJS.ProcessEnv) {
    this.#configFile = configFile;
    this.#environment = environment;
  }

  /** Waits until it knows the tenants. @throws Error with what it said where it ends before */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [program, "--config", this.#configFile], {
      env: this.#environment,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    let said = "";
    await new Promise<void>((ready, failed) => {
      child.stderr.on("data", (chunk) => {
        said += chunk;
        if (said.includes('"tenants loaded"')) ready();
      });
      child.once("exit", (code) => failed(new Error(`the agent ended with ${code}: ${said}`)));
    });
  }

  /** Without a warning, and waits until it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.removeAllListeners("exit");
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
}
