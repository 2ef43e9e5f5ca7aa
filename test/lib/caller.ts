import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import type { CallTarget } from "../../agent/bus/connection.ts";
import { busName, type Interface, signatureOf } from "../../agent/bus/contract.ts";

export interface Answer {
  body?: unknown[];
  error?: { name: string; message: string };
}

/** A person of the tests with a connection of his own to the bus, in a process of his own. */
export class Person {
  readonly user: string;
  /** Unique name on the bus. */
  name = "";
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #next = 0;

  private constructor(user: string, child: ChildProcess) {
    this.user = user;
    this.#child = child;
  }

  /** @param within a program that is to run the caller, with its first arguments */
  static async as(
    user: string,
    environment = process.env,
    within: readonly string[] = [],
  ): Promise<Person> {
    const program = await callerProgram();
    const uid = execFileSync("id", ["-u", "--", user], { encoding: "utf8" }).trim();
    const gid = execFileSync("id", ["-g", "--", user], { encoding: "utf8" }).trim();
    const args = [`--reuid=${uid}`, `--regid=${gid}`, "--init-groups", process.execPath, program];
    const [command = "", ...rest] = [...within, "setpriv", ...args];
    const child = spawn(command, rest, { env: environment, stdio: ["pipe", "pipe", "inherit"] });
    const person = new Person(user, child);
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const named = new Promise<void>((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`the caller of ${user} ended with ${code}`)));
      lines.on("line", (line) => {
        const answer = JSON.parse(line);
        if (answer.name !== undefined) {
          person.name = answer.name;
          resolve();
          return;
        }
        person.#waiting.get(answer.id)?.(answer);
        person.#waiting.delete(answer.id);
      });
    });
    await named;
    return person;
  }

  send(target: Partial<CallTarget>): Promise<Answer> {
    this.#next += 1;
    const id = this.#next;
    const whole = { destination: busName, ...target };
    this.#child.stdin?.write(`${JSON.stringify({ id, target: whole })}\n`);
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  /** Calls a member as the contract says; documents are given as values. */
  async call(contract: Interface, member: string, ...inputs: unknown[]): Promise<unknown> {
    const answer = await this.try(contract, member, ...inputs);
    if (answer.error !== undefined) {
      throw Object.assign(new Error(answer.error.message), { name: answer.error.name });
    }
    const method = contract.methods[member];
    const [value] = answer.body ?? [];
    return method?.out.json ? JSON.parse(String(value)) : value;
  }

  try(contract: Interface, member: string, ...inputs: unknown[]): Promise<Answer> {
    const method = contract.methods[member];
    if (method === undefined) throw new Error(`${contract.name} has no ${member}`);
    const path =
      contract.object === undefined ? contract.path : `${contract.path}/${inputs.shift()}`;
    const body = method.in.map((a, i) => (a.json ? JSON.stringify(inputs[i]) : inputs[i]));
    const signature = signatureOf(method.in);
    return this.send({ path, interface: contract.name, member, signature, body });
  }

  end(): void {
    this.#child.stdin?.end();
  }
}

let program: Promise<string> | undefined;

/** Bundled once per test process, to where every user may read it. */
function callerProgram(): Promise<string> {
  program ??= (async () => {
    const directory = process.env.DSECOS_TEST_STATE;
    if (directory === undefined) throw new Error("DSECOS_TEST_STATE is not set: use npm test");
    const outfile = join(directory, `caller-${process.pid}.mjs`);
    await build({
      entryPoints: [join(import.meta.dirname, "caller-process.ts")],
      bundle: true,
      platform: "node",
      format: "esm",
      outfile,
      banner: {
        js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
      },
    });
    return outfile;
  })();
  return program;
}
