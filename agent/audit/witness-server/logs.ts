/** The keys of the logs that a witness watches, read again whenever their file has changed. */
import { readFileSync, statSync } from "node:fs";
import { explain, type Log } from "../../log.ts";
import { logKeyType, NoteError, parseVerifierKey, type VerifierKey } from "../tlog/note.ts";

/**
 * @param text a verifier key of a log on each line; empty lines and those with `#` do not count.
 *   A log that changed its key has several.
 * @returns the keys of each log by its origin
 * @throws NoteError
 */
export function parseLogs(text: string): Map<string, VerifierKey[]> {
  const logs = new Map<string, VerifierKey[]>();
  for (const line of text.split("\n").map((raw) => raw.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const key = parseVerifierKey(line);
    if (key.type !== logKeyType)
      throw new NoteError(`The key of ${key.name} is not that of a log.`);
    logs.set(key.name, [...(logs.get(key.name) ?? []), key]);
  }
  return logs;
}

export class LogList {
  readonly #file: string;
  readonly #log: Log;
  #version: string;
  #keys: Map<string, VerifierKey[]>;

  /** @throws Error when the file cannot be read, or holds something else. */
  constructor(file: string, log: Log) {
    this.#file = file;
    this.#log = log;
    this.#version = versionOf(file);
    this.#keys = parseLogs(readFileSync(file, "utf8"));
  }

  /** @returns the keys of each log by its origin, as the file has them now or had them last. */
  current(): ReadonlyMap<string, readonly VerifierKey[]> {
    try {
      const version = versionOf(this.#file);
      if (version === this.#version) return this.#keys;
      this.#version = version;
      this.#keys = parseLogs(readFileSync(this.#file, "utf8"));
      this.#log("info", "read the list of logs again", { logs: this.#keys.size });
    } catch (error) {
      this.#log("error", "the list of logs stays as it was", { error: explain(error) });
    }
    return this.#keys;
  }
}

function versionOf(file: string): string {
  const { ino, size, mtimeNs } = statSync(file, { bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
}
