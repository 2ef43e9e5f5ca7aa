/**
 * PINs that a token refused. They are not tried again before somebody says so, not even by the next
 * process: a hardware token locks itself after a few, and a process that begins anew would use them up.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";

export type Refusal = "pinWrong" | "pinLocked";
const fileSchema = v.record(v.string(), v.picklist(["pinWrong", "pinLocked"]));

export class Refusals {
  readonly #file: string;
  readonly #known: Map<string, Refusal>;

  /** @throws Error when the file is there and is not ours: to ignore it could lock a token. */
  constructor(directory: string) {
    this.#file = join(directory, "refused-pins.json");
    this.#known = new Map(Object.entries(v.parse(fileSchema, this.#read())));
  }

  #read(): unknown {
    try {
      return JSON.parse(readFileSync(this.#file, "utf8"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
      throw new Error(`${this.#file} cannot be read; see which PINs it names, then remove it.`, {
        cause: error,
      });
    }
  }

  of(token: string): Refusal | undefined {
    return this.#known.get(token);
  }

  add(token: string, refusal: Refusal): void {
    this.#known.set(token, refusal);
    this.#write();
  }

  clear(token: string): void {
    if (this.#known.delete(token)) this.#write();
  }

  #write(): void {
    if (this.#known.size === 0) {
      rmSync(this.#file, { force: true });
      return;
    }
    const next = `${this.#file}.next`;
    writeFileSync(next, JSON.stringify(Object.fromEntries(this.#known)), {
      mode: 0o600,
      flush: true,
    });
    renameSync(next, this.#file);
  }
}
