/**
 * Booleans in the running kernel: a file for each, with two digits for what holds and for what is to
 * hold, and one file that makes all of the second come true. See sel_read_bool() and
 * sel_commit_bools_write() in security/selinux/selinuxfs.c of the kernel.
 */
import { constants } from "node:fs";
import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DsecosError } from "../../bus/errors.ts";

export interface BooleanState {
  readonly current: boolean;
  readonly pending: boolean;
}

export interface KernelBooleans {
  /** @returns undefined where no policy is loaded. @throws when they may not be read */
  all(): Promise<ReadonlyMap<string, BooleanState> | undefined>;
  /** Takes effect at once, until the next start. @throws when the kernel refuses it */
  set(name: string, value: boolean): Promise<void>;
}

const safeName = /^\w{1,100}$/;

export class SelinuxFs implements KernelBooleans {
  readonly #directory: string;

  /** @param directory where the kernel shows SELinux */
  constructor(directory = "/sys/fs/selinux") {
    this.#directory = directory;
  }

  async all(): Promise<ReadonlyMap<string, BooleanState> | undefined> {
    let names: string[];
    try {
      names = await readdir(join(this.#directory, "booleans"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    const states = await Promise.all(
      names.map(async (name) => {
        const text = await readFile(join(this.#directory, "booleans", name), "latin1");
        return [name, stateOf(name, text)] as const;
      }),
    );
    return new Map(states);
  }

  async set(name: string, value: boolean): Promise<void> {
    if (!safeName.test(name)) throw new DsecosError("InvalidArgument", `${name} is no boolean.`);
    await this.#write(join("booleans", name), value ? "1" : "0");
    await this.#write("commit_pending_bools", "1");
  }

  /** In one write, into what is there: the kernel makes nothing new here. */
  async #write(name: string, text: string): Promise<void> {
    const file = await open(join(this.#directory, name), constants.O_WRONLY);
    try {
      await file.write(text, 0, "latin1");
    } finally {
      await file.close();
    }
  }
}

function stateOf(name: string, text: string): BooleanState {
  const [, current, pending] = /^([01]) ([01])\0?\n?$/.exec(text) ?? [];
  if (current === undefined || pending === undefined)
    throw new Error(`the kernel's state of the boolean ${name} cannot be read`);
  return { current: current === "1", pending: pending === "1" };
}
