/** A whole Debian 13 with its own kernel and TPM, in QEMU without KVM. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { startTimeOf } from "../../packaging/setup/lib/daemons.js";
import { freePort } from "../../packaging/setup/lib/ports.js";
import { probe, type RunOptions, type RunResult, run } from "../../packaging/setup/lib/run.js";
import { until } from "../../packaging/setup/lib/wait.js";
import { pipe } from "./pipe.ts";
import { killQemu, startQemu } from "./qemu.ts";
import type { Recipe } from "./recipe.js";
import { bootedDisk, snapshotName } from "./snapshot.ts";

/** State of each run lies below, under the process id of its owner. */
const place = "/var/tmp/dsecos-vm";

/** How long an emulated boot may take while this machine is busy. */
const bootSeconds = 600;

/** How long a command may take there by default, for the same reason. */
const commandSeconds = 180;

/** What one command in the machine may be given; `user` is root by default. */
export type CommandOptions = Pick<RunOptions, "seconds" | "input"> & { user?: string };

/** A word for the shell at the other end of ssh: there is always one. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

export class Machine {
  readonly #recipe: Recipe;
  readonly #directory: string;
  readonly #image: string;
  readonly #port: number;

  /** Of processes that run, or will, from files in a directory. */
  constructor(recipe: Recipe, directory: string, image: string, port: number) {
    this.#recipe = recipe;
    this.#directory = directory;
    this.#image = image;
    this.#port = port;
  }

  /** Goes on from the moment after a boot, with a disk and a TPM of its own. */
  static async start(recipe: Recipe): Promise<Machine> {
    await Machine.#sweep(recipe);
    const { image, directory: booted } = await bootedDisk(recipe);
    const directory = `${place}/${process.pid}`;
    mkdirSync(directory, { recursive: true });
    const machine = new Machine(recipe, directory, image, await freePort());
    try {
      cpSync(join(booted, "tpm"), join(directory, "tpm"), { recursive: true });
      await run("cp", ["--sparse=always", join(booted, "disk.qcow2"), directory]);
      await machine.boot(snapshotName);
      // It slept since the snapshot.
      await machine.run(["date", "--set", `@${Math.floor(Date.now() / 1000)}`]);
      return machine;
    } catch (error) {
      await machine.remove();
      throw error;
    }
  }

  /** Ends what a run left that was killed. */
  static async #sweep(recipe: Recipe): Promise<void> {
    mkdirSync(place, { recursive: true, mode: 0o700 });
    for (const owner of readdirSync(place))
      if (startTimeOf(Number(owner)) === null)
        await new Machine(recipe, `${place}/${owner}`, "", 0).remove();
  }

  /** Turns it on, and waits until it lets root in. */
  async boot(snapshot?: string): Promise<void> {
    await startQemu({
      ...{ directory: this.#directory, image: this.#image, port: this.#port },
      kernelLine: this.#recipe.kernelLine,
      disk: join(this.#directory, "disk.qcow2"),
      ...(snapshot === undefined ? {} : { snapshot }),
    });
    await this.reach();
  }

  /** Waits for ssh. */
  async reach(): Promise<void> {
    try {
      await until("the machine to let root in", bootSeconds, async () => {
        const { code } = await this.probe(["true"], { seconds: 20 });
        return code === 0;
      });
    } catch (error) {
      throw new Error(`${error}; its console says: ${this.console().slice(-2000)}`);
    }
  }

  /** @returns what kernel and systemd wrote to the serial line since the machine was turned on */
  console(): string {
    const file = join(this.#directory, "console.log");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  /** Cuts the power: see killQemu for what is lost. */
  async cut(): Promise<void> {
    await killQemu(this.#directory);
  }

  async remove(): Promise<void> {
    await killQemu(this.#directory);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #ssh(words: readonly string[], user = "root"): string[] {
    const known = [`UserKnownHostsFile=${join(this.#image, "known_hosts")}`, "HostKeyAlias=vm1"];
    const settings = [...known, "BatchMode=yes", "ConnectTimeout=60", "LogLevel=ERROR"];
    const options = settings.flatMap((setting) => ["-o", setting]);
    const where = ["-F", "none", "-p", String(this.#port), "-i", join(this.#image, "key")];
    return [...where, ...options, `${user}@127.0.0.1`, words.map(quote).join(" ")];
  }

  /** Runs a command in the machine and gives its output; throws when it fails. */
  async run(words: readonly string[], options: CommandOptions = {}): Promise<string> {
    const { user, seconds = commandSeconds, input = "" } = options;
    return (await run("ssh", this.#ssh(words, user), { seconds, input })).stdout;
  }

  /** The same, but its exit code tells. */
  probe(words: readonly string[], options: CommandOptions = {}): Promise<RunResult> {
    const { user, seconds = commandSeconds, input = "" } = options;
    return probe("ssh", this.#ssh(words, user), { seconds, input });
  }

  /** Starts a command whose output is read as it comes; the caller ends it. */
  talk(words: readonly string[]): ChildProcessByStdio<null, Readable, null> {
    return spawn("ssh", this.#ssh(words), { stdio: ["ignore", "pipe", "inherit"] });
  }

  /** Copies files into a directory of the machine. */
  async push(files: readonly string[], directory: string): Promise<void> {
    const unpack = ["tar", "--extract", "--no-same-owner", "--directory", directory];
    await pipe(
      ["tar", "--create", "--absolute-names", "--transform=s|.*/||", "--", ...files],
      ["ssh", ...this.#ssh(unpack)],
    );
  }

  /** Copies a directory of the machine into one here. */
  async pull(directory: string, target: string): Promise<void> {
    mkdirSync(target, { recursive: true });
    const pack = ["tar", "--create", "--directory", directory, "."];
    await pipe(
      ["ssh", ...this.#ssh(pack)],
      ["tar", "--extract", "--no-same-owner", "--directory", target],
    );
  }
}
