/** Public keys that this node's evidence hangs on: the log's own, TPMs, witnesses. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { State, Subject } from "./observer.ts";

/** @param directory of the audit log. */
export function keys(directory: string): Subject {
  return { kind: "key", everyMs: 60_000, read: () => readKeys(directory) };
}

async function readKeys(directory: string): Promise<ReadonlyMap<string, State>> {
  const states = new Map<string, State>();
  const log = await json(join(directory, "log.json"));
  const logKeys = (log?.keys ?? []) as { from: number; vkey: string }[];
  for (const { from, vkey } of logKeys) states.set(shortName(vkey), { use: "log", from, vkey });
  for (const file of await list(join(directory, "tpm"))) {
    if (!file.endsWith(".json")) continue;
    const tpm = await json(join(directory, "tpm", file));
    if (tpm === undefined) continue;
    const { from, manufacturer, software } = tpm;
    states.set(file.slice(0, -5), { use: "tpm", from, manufacturer, software });
  }
  for (const vkey of (await text(join(directory, "witnesses"))).split("\n").filter(Boolean)) {
    states.set(shortName(vkey), { use: "witness", vkey });
  }
  return states;
}

/** Name and key id of a verifier key, without the key. */
function shortName(vkey: string): string {
  return vkey.split("+").slice(0, 2).join("+");
}

async function json(path: string): Promise<Record<string, unknown> | undefined> {
  const content = await text(path);
  return content === "" ? undefined : (JSON.parse(content) as Record<string, unknown>);
}

async function text(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

async function list(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
