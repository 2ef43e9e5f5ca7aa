/**
 * PINs that a token refused. They are not tried again before somebody says so, not even by the next
 * process: a hardware token locks itself after a few, and a process that begins anew would use them up.
 */
import {
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { DriverError } from "../types.ts";

export type Refusal = "pinWrong" | "pinLocked";
/** Files grow by blocks of a disk, in bytes. */
const block = 4096;

const fileSchema = v.record(v.string(), v.picklist(["pinWrong", "pinLocked"]));

export class Refusals {
  readonly #file: string;
  /** What is written next, and then takes the place of the file. */
  readonly #next: string;
  /** Bytes that it has on the disk already. */
  #room = 0;
  readonly #known: Map<string, Refusal>;

  /** @throws Error when the file is there and is not ours: to ignore it could lock a token. */
  constructor(directory: string) {
    this.#file = join(directory, "refused-pins.json");
    this.#next = `${this.#file}.next`;
    this.#known = new Map(Object.entries(this.#read()));
  }

  #read(): Record<string, Refusal> {
    try {
      return v.parse(fileSchema, JSON.parse(readFileSync(this.#file, "utf8")));
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

  /**
   * Makes room for one more refusal: called before a PIN is tried, which could not be remembered on a
   * full disk.
   * @throws Error of the file system when there is none; the PIN must not be tried then
   */
  makeRoom(token: string): void {
    const most: Refusal = "pinLocked";
    const text = JSON.stringify({ ...Object.fromEntries(this.#known), [token]: most });
    const needed = Math.ceil(Buffer.byteLength(text) / block) * block;
    if (needed <= this.#room) return;
    writeFileSync(this.#next, " ".repeat(needed), { mode: 0o600 });
    this.#room = needed;
  }

  add(token: string, refusal: Refusal): void {
    this.#known.set(token, refusal);
    this.#write();
  }

  /** @throws Error of the file system; it is remembered then, as the file has it */
  clear(token: string): void {
    const refusal = this.#known.get(token);
    if (refusal === undefined) return;
    this.#known.delete(token);
    try {
      this.#write();
    } catch (error) {
      this.#known.set(token, refusal);
      throw error;
    }
  }

  #write(): void {
    if (this.#known.size === 0) {
      rmSync(this.#file, { force: true });
      return;
    }
    const text = JSON.stringify(Object.fromEntries(this.#known));
    this.#room = 0;
    // Not emptied first, which would give the room away.
    const file = openSync(this.#next, constants.O_WRONLY | constants.O_CREAT, 0o600);
    try {
      writeFileSync(file, text);
      ftruncateSync(file, Buffer.byteLength(text));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(this.#next, this.#file);
  }
}

/** Under which the PIN of a token's security officer is remembered; no label has a line break. */
export const officerOf = (label: string) => `${label}\n(of its security officer)`;

export function pinRefused(kind: Refusal, label: string, ckr = ""): DriverError {
  const message =
    kind === "pinWrong"
      ? `the PIN of the token ${label.replace("\n", " ")} was refused, and is not tried again by itself`
      : `the token ${label.replace("\n", " ")} has locked its PIN`;
  return new DriverError(kind, message, ckr);
}
