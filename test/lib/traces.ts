/** Looks for a secret in whatever may have kept it, in every form that it may have there. */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";

/** How the bytes look raw, in hexadecimal, and in base64 at each of its three alignments. */
function formsOf(secret: Uint8Array): [string, Buffer][] {
  const raw = Buffer.from(secret);
  const hex = raw.toString("hex");
  const forms: [string, Buffer][] = [
    ["raw", raw],
    ["hexadecimal", Buffer.from(hex)],
    ["HEXADECIMAL", Buffer.from(hex.toUpperCase())],
  ];
  for (let before = 0; before < 3; before += 1) {
    const shifted = Buffer.concat([Buffer.alloc(before), raw]).toString("base64url");
    // Characters at both ends have bits of what is beside.
    const middle = shifted.slice(Math.ceil((before * 4) / 3), -2);
    forms.push([`base64url ${before}`, Buffer.from(middle)]);
    const base64 = middle.replaceAll("-", "+").replaceAll("_", "/");
    if (base64 !== middle) forms.push([`base64 ${before}`, Buffer.from(base64)]);
  }
  return forms;
}

export class Traces {
  readonly #secrets: [string, [string, Buffer][]][];

  /** @param secrets by what they are called; of at least 16 bytes each, so that none is there by chance */
  constructor(secrets: Readonly<Record<string, Uint8Array>>) {
    this.#secrets = Object.entries(secrets).map(([name, secret]) => {
      if (secret.length < 16) throw new Error(`${name} is too short to look for`);
      return [name, formsOf(secret)];
    });
  }

  /** @returns what was found, as `<secret>, <form>` */
  in(bytes: Buffer): string[] {
    return this.#secrets.flatMap(([name, forms]) =>
      forms.filter(([, form]) => bytes.includes(form)).map(([form]) => `${name}, ${form}`),
    );
  }

  /** Of every file below, however deep. */
  inFiles(directory: string): string[] {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    return entries.flatMap((entry) => {
      if (!entry.isFile()) return [];
      const file = join(entry.parentPath, entry.name);
      return this.in(readFileSync(file)).map((found) => `${file}: ${found}`);
    });
  }

  /** Of arguments and environment, which anybody of the same user may read. */
  inStart(pid: number): string[] {
    return ["cmdline", "environ"].flatMap((name) =>
      this.in(readFileSync(`/proc/${pid}/${name}`)).map((found) => `${name} of ${pid}: ${found}`),
    );
  }

  /** Of all memory that a process may write. Needs root. */
  inMemory(pid: number): string[] {
    const found = new Set<string>();
    const memory = openSync(`/proc/${pid}/mem`, "r");
    const chunk = Buffer.alloc(4 * 1024 * 1024);
    // The longest form is not missed where it lies over the end of a chunk.
    const overlap = 4096;
    try {
      for (const line of readFileSync(`/proc/${pid}/maps`, "utf8").split("\n")) {
        const range = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
        if (range === null) continue;
        const [from, to] = [range[1], range[2]].map((text) => Number.parseInt(String(text), 16));
        for (let at = Number(from); at < Number(to); at += chunk.length - overlap) {
          const length = Math.min(chunk.length, Number(to) - at);
          const read = readMemory(memory, chunk, length, at);
          for (const one of this.in(chunk.subarray(0, read))) found.add(one);
        }
      }
    } finally {
      closeSync(memory);
    }
    return [...found];
  }
}

/** @returns how many bytes there are; 0 for what was given back meanwhile */
function readMemory(memory: number, into: Buffer, length: number, at: number): number {
  try {
    return readSync(memory, into, 0, length, at);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EIO") return 0;
    throw error;
  }
}
