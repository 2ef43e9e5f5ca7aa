/** The drivers of this node: opened as their files say, and opened anew when a file changes. */
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { canonical } from "../../audit/canonical.ts";
import { explain, type Log } from "../../log.ts";
import type { DriverConfig } from "../config.ts";
import type { Driver } from "../driver/types.ts";
import { type DriverFile, readDriverFiles } from "./files.ts";
import { DirectoryNotice } from "./notice.ts";

export type OpenDriver = (options: {
  name: string;
  config: DriverConfig;
  /** Unix socket of the driver's process. */
  socket: string;
  log: Log;
}) => Driver;

export interface DriversParts {
  /** Directory of the driver files. */
  directory: string;
  /** Directory of the drivers' sockets. */
  sockets: string;
  open: OpenDriver;
  log: Log;
  /** Told that drivers are others than before, or say something else of themselves. */
  changed: () => void;
}

export interface OpenedDriver {
  readonly name: string;
  readonly config: DriverConfig;
  readonly driver: Driver;
}

export class Drivers {
  readonly #parts: DriversParts;
  readonly #open = new Map<string, OpenedDriver & { text: string }>();
  readonly #notice: DirectoryNotice;
  #files: readonly DriverFile[] = [];
  #loading: Promise<void> | undefined;
  #loaded = false;
  #changes = 0;

  constructor(parts: DriversParts) {
    this.#parts = parts;
    this.#notice = new DirectoryNotice(parts.directory, parts.log, () => void this.#reload());
  }

  /** Another number after each change: what was told before may be wrong. */
  get changes(): number {
    return this.#changes;
  }

  /** All files as they were read last, those that are wrong too. */
  get files(): readonly DriverFile[] {
    return this.#files;
  }

  /** In the order of their names. */
  all(): OpenedDriver[] {
    return [...this.#open.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): OpenedDriver | undefined {
    return this.#open.get(name);
  }

  /** Before the files were read once, a driver that nobody looked for yet must not pass for gone. */
  async ready(): Promise<void> {
    if (!this.#loaded) await this.load();
  }

  /** Reads the files again; what did not change goes on undisturbed. */
  load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** Whatever is being read may be from before the change. */
  async #reload(): Promise<void> {
    try {
      await this.#loading?.catch(() => undefined);
      await this.load();
    } catch (error) {
      this.#parts.log("warning", "driver files were not read again", { error: explain(error) });
    }
  }

  #changed(): void {
    this.#changes += 1;
    this.#parts.changed();
  }

  async #load(): Promise<void> {
    const { directory, sockets, open, log } = this.#parts;
    this.#notice.begin();
    const files = await readDriverFiles(directory);
    const wanted = new Map<string, DriverConfig>();
    for (const { name, config } of files) if (config !== undefined) wanted.set(name, config);
    for (const [name, opened] of this.#open) {
      const config = wanted.get(name);
      if (config !== undefined && canonical(config) === opened.text) continue;
      this.#open.delete(name);
      await opened.driver.close();
    }
    for (const [name, config] of wanted) {
      if (this.#open.has(name)) continue;
      const socket = join(sockets, `${name}.sock`);
      const driver = open({ name, config, socket, log });
      driver.onChanged(() => this.#changed());
      this.#open.set(name, { name, config, driver, text: canonical(config) });
    }
    const before = this.#files;
    this.#files = files;
    this.#loaded = true;
    if (!isDeepStrictEqual(files, before)) this.#changed();
  }

  async close(): Promise<void> {
    this.#notice.end();
    const opened = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(opened.map(({ driver }) => driver.close()));
  }
}
