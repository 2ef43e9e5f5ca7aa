/**
 * A directory held open, reached without following a single link. A tenant rules the trees of its
 * own pool: between a look at a path and the setting of a label it could put a link to the host's
 * files in the way. A held directory stays the same, whatever is done to the names that led to it.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { DsecosError } from "../../bus/errors.ts";

/** Of Linux, on every architecture that Debian has; it needs no right to read. */
const O_PATH = 0o10000000;
const flags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * @param directory absolute
 * @param work gets a name of the directory that holds while it runs, for this process and as the
 *   directory that a child is started in
 * @throws DsecosError where the directory is not there or a link leads to it
 */
export async function withHeld<T>(
  directory: string,
  work: (held: string) => Promise<T>,
): Promise<T> {
  const handle = await hold(directory);
  try {
    return await work(nameOf(handle));
  } finally {
    await handle.close();
  }
}

const nameOf = (handle: FileHandle) => `/proc/self/fd/${handle.fd}`;

async function hold(directory: string): Promise<FileHandle> {
  let handle = await open("/", flags);
  for (const part of directory.split("/").filter((text) => text !== "")) {
    const above = handle;
    try {
      handle = await open(`${nameOf(above)}/${part}`, flags);
    } catch (error) {
      throw refusal(directory, part, error as NodeJS.ErrnoException);
    } finally {
      await above.close();
    }
  }
  return handle;
}

function refusal(directory: string, part: string, cause: NodeJS.ErrnoException): unknown {
  if (cause.code === "ENOENT")
    return new DsecosError("NotFound", `There is no directory ${directory}.`, { cause });
  if (cause.code === "EACCES" || cause.code === "EPERM")
    return new DsecosError("Denied", `The agent may not look into ${directory}.`, { cause });
  if (cause.code !== "ENOTDIR" && cause.code !== "ELOOP") return cause;
  const message = `${part} on the way to ${directory} is no directory; links are not followed.`;
  return new DsecosError("InvalidArgument", message, { cause });
}
