/** Images that instances are made from: one catalogue, in Incus's default project. */

import type { Stats } from "node:fs";
import { constants, type FileHandle, lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import { DsecosError } from "../bus/errors.ts";
import { apiPath, type IncusClient } from "../incus/client.ts";
import { run } from "../incus/operations.ts";
import type { JobProgress, Jobs } from "../jobs/types.ts";
import { fileNameSchema, type Image, type images } from "./contract.ts";

export const imageDirectory = "/var/lib/dsecos/images";

export interface ImageDeps {
  client: IncusClient;
  jobs: Jobs;
  /** Where files wait to be imported. */
  directory: string;
}

export interface ImageService {
  handlers: Handlers<typeof images, Call>;
  onChanged(listener: (fingerprint: string) => void): void;
  noticed(fingerprint: string): void;
}

interface IncusImage {
  fingerprint: string;
  aliases: { name: string }[];
  properties: Record<string, string>;
  type: string;
  architecture: string;
  size: number;
  uploaded_at: string;
}

interface WaitingFile {
  name: string;
  sizeKib: number;
}

const importMs = 1_800_000;

export function createImages({ client, jobs, directory }: ImageDeps): ImageService {
  const listeners: ((fingerprint: string) => void)[] = [];
  const tell = (fingerprint: string) => {
    for (const listener of listeners) listener(fingerprint);
  };

  async function importFile(progress: JobProgress, file: string, alias: string): Promise<void> {
    const { handle, size } = await openImage(directory, file);
    try {
      progress.total(1);
      let sent = 0;
      let told = 0;
      const stream = handle.createReadStream({ autoClose: false, highWaterMark: 256 * 1024 });
      stream.on("data", (chunk) => {
        sent += chunk.length;
        const percent = Math.floor((sent / size) * 100);
        if (percent < told + 5 && percent < 100) return;
        told = percent;
        progress.step(`Sending ${file}: ${percent} %`);
      });
      const metadata = await run(client, "POST", "/1.0/images", stream, {
        headers: {
          "Content-Type": "application/octet-stream",
          "Content-Length": String(size),
          "X-Incus-public": "0",
        },
        timeoutMs: importMs,
        signal: progress.signal,
        wait: { onProgress: (text) => progress.step(text), signal: progress.signal },
      });
      const fingerprint = String(metadata.fingerprint ?? "");
      await client.send("POST", "/1.0/images/aliases", { name: alias, target: fingerprint });
      progress.finished(alias);
      tell(fingerprint);
    } finally {
      await handle.close();
    }
  }

  async function list(): Promise<{ images: Image[]; files: WaitingFile[] }> {
    const [found, files] = await Promise.all([
      client.get<IncusImage[]>("/1.0/images", { query: { recursion: "1" } }),
      waitingFiles(directory),
    ]);
    return { images: found.map(imageOf).sort(byAlias), files };
  }

  const handlers: ImageService["handlers"] = {
    List: list,

    Import: async (call, file, alias) => {
      const { handle } = await openImage(directory, file);
      await handle.close();
      await requireFree(client, alias);
      const { user: actor, uid } = call.caller;
      const title = `Import ${file} as ${alias}`;
      return jobs.start({ kind: call.member, title, actor, uid, cancellable: true }, (progress) =>
        importFile(progress, file, alias),
      );
    },

    Delete: async (_call, fingerprint) => {
      const { fingerprint: whole } = await client.get<IncusImage>(apiPath("images", fingerprint));
      await run(client, "DELETE", apiPath("images", whole), undefined, {
        wait: { timeoutMs: 25_000 },
      });
      tell(whole);
      return whole;
    },
  };

  return { handlers, onChanged: (listener) => void listeners.push(listener), noticed: tell };
}

function imageOf(source: IncusImage): Image {
  return {
    fingerprint: source.fingerprint,
    aliases: source.aliases.map(({ name }) => name),
    description: source.properties.description ?? "",
    type: source.type === "virtual-machine" ? "virtual-machine" : "container",
    architecture: source.architecture,
    sizeKib: Math.round(source.size / 1024),
    uploadedAt: source.uploaded_at,
  };
}

function byAlias(a: Image, b: Image): number {
  const key = (image: Image) => image.aliases[0] ?? `~${image.fingerprint}`;
  return key(a) < key(b) ? -1 : 1;
}

async function requireFree(client: IncusClient, alias: string): Promise<void> {
  try {
    await client.get(apiPath("images", "aliases", alias));
  } catch (error) {
    if (error instanceof DsecosError && error.code === "NotFound") return;
    throw error;
  }
  const message = `There is an image ${alias} already; choose another alias or delete that image.`;
  throw new DsecosError("Conflict", message);
}

/** Opens a regular file without following a link, so that the name cannot lead elsewhere. */
async function openImage(
  directory: string,
  file: string,
): Promise<{ handle: FileHandle; size: number }> {
  let handle: FileHandle;
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    handle = await open(join(directory, file), flags);
  } catch (error) {
    const code = codeOf(error);
    if (code === "ELOOP") {
      const message = `${file} is a link; put the image itself into ${directory}.`;
      throw new DsecosError("InvalidArgument", message, { cause: error });
    }
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    const message = `There is no file ${file} in ${directory}; put the image there first.`;
    throw new DsecosError("NotFound", message, { cause: error });
  }
  const stats = await handle.stat();
  if (stats.isFile() && stats.size > 0) return { handle, size: stats.size };
  await handle.close();
  throw new DsecosError("InvalidArgument", `${file} is no file with an image in it.`);
}

/** @returns regular files with names that can be asked for; none when there is no directory. */
async function waitingFiles(directory: string): Promise<WaitingFile[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
  const files: WaitingFile[] = [];
  for (const name of names.sort().slice(0, 1000)) {
    if (!v.is(fileNameSchema, name)) continue;
    const stats = await statOf(join(directory, name));
    if (stats?.isFile()) files.push({ name, sizeKib: Math.ceil(stats.size / 1024) });
  }
  return files;
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined; // Taken away meanwhile.
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
