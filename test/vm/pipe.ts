import { type ChildProcess, spawn } from "node:child_process";

const patienceMs = 180_000;

export type Command = readonly [program: string, ...args: string[]];

/** @returns the exit code, or the signal that ended it */
function end(child: ChildProcess): Promise<number | string | null> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
}

/** Runs two programs, the output of the first being the input of the second. */
export async function pipe(from: Command, to: Command): Promise<void> {
  const [source, ...sourceWords] = from;
  const [sink, ...sinkWords] = to;
  const timeout = patienceMs;
  const reader = spawn(sink, sinkWords, { stdio: ["pipe", "ignore", "inherit"], timeout });
  const writer = spawn(source, sourceWords, { stdio: ["ignore", "pipe", "inherit"], timeout });
  reader.stdin.on("error", () => writer.kill()); // its exit code tells why it reads no more
  writer.stdout.pipe(reader.stdin);
  const [wrote, read] = await Promise.all([end(writer), end(reader)]);
  if (wrote !== 0) throw new Error(`${source} ended with ${wrote}`);
  if (read !== 0) throw new Error(`${sink} ended with ${read}`);
}
