/**
 * Room on the disk of the driver's state, where SoftHSM keeps its tokens too. SoftHSM says that it
 * wrote an object of which the disk took half, shows it whole until the process ends, and has none of
 * it afterwards; so nothing is written that might not fit.
 */
import { statfsSync } from "node:fs";
import { DriverError } from "../types.ts";

/** Much more than all that is written at once, since others write to this disk too. In bytes. */
const leastBytes = 1024 * 1024;
const leastFiles = 64;

export class Disk {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws DriverError diskFull */
  requireRoom(): void {
    const { bavail, bsize, files, ffree } = statfsSync(this.#directory);
    // A file system that makes room for files as they come says that it has none at all.
    const hasFiles = files === 0 || ffree >= leastFiles;
    if (hasFiles && bavail * bsize >= leastBytes) return;
    throw new DriverError("diskFull", `less than 1 MiB is free in ${this.#directory}`);
  }
}
