/** Where the program prints and asks; tests put their own in its place. */
import { createInterface } from "node:readline/promises";
import { joinConsole } from "./console.ts";
import type { Screen } from "./table.ts";

export interface Terminal {
  readonly screen: Screen;
  /** A person sits at the error stream, so a progress line makes sense. */
  readonly interactive: boolean;
  print(text: string): void;
  /** Prints content as it is; undefined where a person reads it, who gets it as base64. */
  readonly printBytes?: ((bytes: Uint8Array) => void) | undefined;
  tell(text: string): void;
  /** Replaces the progress line; empty text takes it away. */
  progress(text: string): void;
  /** @returns undefined when nobody is there to answer. */
  confirm(question: string): Promise<boolean | undefined>;
  /** Joins the socket of a console; undefined where keys and screen are not those of a person. */
  readonly join?: ((path: string) => Promise<void>) | undefined;
}

export function realTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  const width = stdout.isTTY ? stdout.columns || 80 : Number(env.COLUMNS) || Infinity;
  return {
    screen: { width, colour: stdout.isTTY === true && !env.NO_COLOR },
    interactive: stderr.isTTY === true,
    join: stdin.isTTY === true && stdout.isTTY === true ? joinConsole : undefined,
    print: (text) => stdout.write(`${text}\n`),
    printBytes: stdout.isTTY === true ? undefined : (bytes) => stdout.write(bytes),
    tell: (text) => stderr.write(`${text}\n`),
    progress: (text) => {
      if (stderr.isTTY)
        stderr.write(`\r\u001b[K${[...text].slice(0, stderr.columns - 1).join("")}`);
    },
    confirm: async (question) => {
      if (!stdin.isTTY) return undefined;
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
      } finally {
        lines.close();
      }
    },
  };
}
