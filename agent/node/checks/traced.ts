/** Remembers what was read of a machine, so that each check tells how it was found out. */
import type { Source } from "../contract.ts";
import { type Ran, System } from "../system.ts";

/** Characters of what was read that are told; more is for whoever runs the command. */
const longest = 100;
const mostSources = 30;

export class Traced extends System {
  readonly #machine: System;
  readonly #sources = new Map<string, string>();

  constructor(machine: System) {
    super(machine.root);
    this.#machine = machine;
  }

  /** What was asked, in its order, each once. */
  get sources(): Source[] {
    const all = [...this.#sources].map(([from, read]) => ({ from, read }));
    if (all.length <= mostSources) return all;
    const rest = { from: "…", read: `${all.length - mostSources} more` };
    return [...all.slice(0, mostSources), rest];
  }

  override bytes(path: string): Promise<Buffer | undefined> {
    return this.#note(path, this.#machine.bytes(path), shownBytes);
  }

  override list(path: string): Promise<string[]> {
    return this.#note(`${path}/`, this.#machine.list(path), (names) => `${names.length} inside`);
  }

  override exists(path: string): Promise<boolean> {
    return this.#note(path, this.#machine.exists(path), (there) => (there ? "there" : "not there"));
  }

  override changedAt(path: string): Promise<number | undefined> {
    return this.#note(path, this.#machine.changedAt(path), (at) =>
      at === undefined ? "not there" : `changed ${new Date(at).toISOString()}`,
    );
  }

  override link(path: string): Promise<string | undefined> {
    return this.#note(path, this.#machine.link(path), (to) => (to === undefined ? "no link" : to));
  }

  override run(program: string, args: readonly string[]): Promise<Ran | undefined> {
    const from = [program, ...args].join(" ");
    return this.#note(from, this.#machine.run(program, args), (ran) => {
      if (ran === undefined) return "not installed";
      return ran.code === 0 ? shown(ran.out) : `ended with ${ran.code}`;
    });
  }

  /** For what is not read through here, such as a TPM. */
  tell(from: string, read: string): void {
    this.#sources.set(short(from), short(read));
  }

  async #note<T>(from: string, work: Promise<T>, write: (answer: T) => string): Promise<T> {
    try {
      const answer = await work;
      this.tell(from, write(answer));
      return answer;
    } catch (error) {
      this.tell(from, error instanceof Error ? error.message : String(error));
      throw error;
    }
  }
}

function shownBytes(bytes: Buffer | undefined): string {
  if (bytes === undefined) return "not there";
  return bytes.includes(0) ? `${bytes.length} bytes` : shown(bytes.toString("utf8"));
}

function shown(text: string): string {
  const lines = text.trim().split("\n");
  if (text.trim() === "") return "nothing";
  return lines.length === 1 ? (lines[0] ?? "") : `${lines.length} lines`;
}

/** On one line, and without what steers terminals: files hold what anybody wrote. */
function short(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").toWellFormed();
  const letters = [...line];
  return letters.length > longest ? `${letters.slice(0, longest - 1).join("")}…` : line;
}
