/** A program whose event loop is watched by programs/loop-delay.ts. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Longest of a round, in milliseconds. */
export interface Held {
  /** By the clock. */
  max: number;
  /** The loop's own work. */
  cpu: number;
}

/** One that does nothing, to see what the machine alone does to a loop. */
export const idle = ["--eval", "setInterval(() => {}, 1000)"];

export class Watched {
  readonly #child: ChildProcess;
  readonly #lines: ReturnType<typeof createInterface>;
  /** Only then may it be asked. */
  readonly watched: Promise<unknown>;

  /** @param watch path of the bundled loop-delay.ts */
  constructor(watch: string, parameters: readonly string[]) {
    this.#child = spawn(process.execPath, [`--import=${watch}`, ...parameters], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#lines = createInterface({ input: this.#child.stderr as NodeJS.ReadableStream });
    this.watched = once(this.#lines, "line");
  }

  /** Waits for a line with that message. */
  async said(message: string): Promise<void> {
    await this.#line(message);
  }

  async #line(message: string): Promise<string> {
    for (;;) {
      const [line] = await once(this.#lines, "line");
      if (String(line).includes(message)) return String(line);
    }
  }

  async delay(): Promise<Held> {
    const said = this.#line("loop delay");
    this.#child.kill("SIGUSR2");
    return JSON.parse(await said) as Held;
  }

  end(): void {
    this.#child.kill("SIGKILL");
  }
}
