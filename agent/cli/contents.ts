/** Content that a person names as a file, so that it is never a word of a command line. */
import { open } from "node:fs/promises";
import type { Argument, Method } from "../bus/contract.ts";
import { DsecosError } from "../bus/errors.ts";

/**
 * Replaces `@FILE` and `-` by what stands in the file or comes on standard input, in base64.
 * @param input standard input; the program's own unless told
 * @throws DsecosError InvalidArgument where it cannot be read or is more than may be sent
 */
export async function readContents(
  method: Method,
  inputs: readonly unknown[],
  input: AsyncIterable<Uint8Array> = process.stdin,
): Promise<unknown[]> {
  const named = method.in.filter((argument) => argument.content !== undefined);
  if (named.length === 0) return [...inputs];
  const isInput = (_: Argument, at: number) => inputs[at] === "-";
  if (method.in.filter(isInput).length > 1) {
    throw new DsecosError("InvalidArgument", "Only one of them can come from standard input.");
  }
  const read = [...inputs];
  for (const [at, argument] of method.in.entries()) {
    if (argument.content === undefined) continue;
    read[at] = await contentOf(argument, argument.content, String(inputs[at]), input);
  }
  return read;
}

async function contentOf(
  { name }: Argument,
  most: number,
  word: string,
  input: AsyncIterable<Uint8Array>,
): Promise<string> {
  const from = word === "-" ? "standard input" : word.slice(1);
  const bytes = await gather(word === "-" ? input : fromFile(word.slice(1)), most, from);
  if (bytes === undefined) {
    throw new DsecosError("InvalidArgument", `--${name}: ${from} has more than ${most} bytes.`);
  }
  return bytes.toString("base64");
}

async function* fromFile(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  yield* file.createReadStream();
}

/** @returns undefined where there is more than may be; no more than that is read. */
async function gather(
  chunks: AsyncIterable<Uint8Array>,
  most: number,
  from: string,
): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > most) return undefined;
      parts.push(chunk);
    }
  } catch (cause) {
    const what = `${from} cannot be read: ${cause instanceof Error ? cause.message : cause}.`;
    throw new DsecosError("InvalidArgument", what, { cause });
  }
  return Buffer.concat(parts);
}
