/** Files that the command line reads, bounded, with failures in sentences. */
import { readFileSync, statSync } from "node:fs";
import { DsecosError } from "../bus/errors.ts";

/** Of a file with one key. */
export const mostKeyBytes = 64 * 1024;

/**
 * @param most bytes
 * @throws DsecosError in the place of what the file system says
 */
export function readBounded(file: string, most: number): Buffer {
  try {
    const found = statSync(file);
    if (!found.isFile() || found.size > most) {
      throw new DsecosError("InvalidArgument", `${file} is no file, or larger than ${most} bytes.`);
    }
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") {
      throw new DsecosError("NotFound", `There is no ${file}.`, { cause: error });
    }
    if (code === "EACCES" || code === "EPERM") {
      throw new DsecosError("Denied", `${file} may not be read by this person.`, { cause: error });
    }
    throw error;
  }
}
