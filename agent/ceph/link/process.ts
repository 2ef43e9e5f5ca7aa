/** The helper's process: what it is asked, what it answers, and its end. */
import { type ChildProcess, spawn } from "node:child_process";
import { Frames, type Header } from "./frames.ts";
import type { Target } from "./types.ts";

const mostSaid = 2000;

export interface Answer {
  /** 0, or a negative error number. */
  ret: number;
  words: string;
  payload: Buffer;
}

export interface HelperOptions {
  /** Started by itself, and not as an argument of Python, since SELinux knows it by its label. */
  program: string;
  args: readonly string[];
  mostBytes: number;
  event: (header: Header) => void;
  /** Told once, after every open question was refused. */
  ended: (why: string) => void;
}

/** It did not answer in time, or ended before it did. */
export class HelperError extends Error {
  readonly kind: "late" | "ended";

  constructor(kind: "late" | "ended", message: string) {
    super(message);
    this.name = "HelperError";
    this.kind = kind;
  }
}

interface Pending {
  resolve: (answer: Answer) => void;
  reject: (error: HelperError) => void;
  timer: NodeJS.Timeout;
}

export class Helper {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #options: HelperOptions;
  readonly gone: Promise<void>;
  #lastId = 0;
  #said = "";
  #over = false;
  #spoke = false;

  constructor(options: HelperOptions) {
    this.#options = options;
    // None of Ceph's settings from elsewhere; its first line keeps Python's out.
    const child = spawn(options.program, options.args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" },
      cwd: "/",
    });
    this.#child = child;
    const frames = new Frames(options.mostBytes, (header, payload) => this.#hear(header, payload));
    child.stdout.on("data", (chunk: Buffer) => {
      try {
        frames.push(chunk);
      } catch (error) {
        this.#said = error instanceof Error ? error.message : String(error);
        this.kill();
      }
    });
    child.stderr.on("data", (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-mostSaid);
    });
    // What is written to one that has ended is refused by its end.
    child.stdin.on("error", () => {});
    this.gone = new Promise((resolve) => {
      child.once("error", (error) => {
        this.#end(error.message);
        resolve();
      });
      child.once("close", (code, signal) => {
        this.#end(this.#said.trim().split("\n").at(-1) || `ended with ${signal ?? code}`);
        resolve();
      });
    });
  }

  /** Whether it said anything yet: Python and Ceph's libraries are there. */
  get spoke(): boolean {
    return this.#spoke;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** @throws HelperError */
  ask(to: Target | "helper", command: unknown, milliseconds: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#over) {
        reject(new HelperError("ended", "the helper has ended"));
        return;
      }
      this.#lastId += 1;
      const id = this.#lastId;
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new HelperError("late", "no answer in time"));
      }, milliseconds);
      this.#pending.set(id, { resolve, reject, timer });
      this.#child.stdin?.write(`${JSON.stringify({ id, to, command })}\n`);
    });
  }

  #hear(header: Header, payload: Buffer): void {
    this.#spoke = true;
    if (header.id === 0) {
      this.#options.event(header);
      return;
    }
    const pending = this.#pending.get(header.id);
    // Whoever asked was told before that it took too long.
    if (pending === undefined) return;
    this.#pending.delete(header.id);
    clearTimeout(pending.timer);
    pending.resolve({ ret: header.ret, words: header.words, payload });
  }

  #end(why: string): void {
    if (this.#over) return;
    this.#over = true;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new HelperError("ended", why));
    }
    this.#pending.clear();
    this.#options.ended(why);
  }

  /** It has nothing to save. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
