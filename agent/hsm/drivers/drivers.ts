/** The drivers of this node: opened as their files say, and opened anew when a file changes. */
import { join } from "node:path";
import { canonical } from "../../audit/canonical.ts";
import type { Log } from "../../log.ts";
import type { DriverConfig } from "../config.ts";
import type { Driver } from "../driver/types.ts";
import { type DriverFile, readDriverFiles } from "./files.ts";

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
  changed: (name: string) => void;
}

export interface OpenedDriver {
  readonly name: string;
  readonly config: DriverConfig;
  readonly driver: Driver;
}

export class Drivers {
  readonly #parts: DriversParts;
  readonly #open = new Map<string, OpenedDriver & { text: string }>();
  #files: readonly DriverFile[] = [];
  #loading: Promise<void> | undefined;

  constructor(parts: DriversParts) {
    this.#parts = parts;
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

  /** Reads the files again; what did not change goes on undisturbed. */
  load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    const { directory, sockets, open, log, changed } = this.#parts;
    const files = await readDriverFiles(directory);
    const wanted = new Map<string, DriverConfig>();
    for (const { name, config } of files) if (config !== undefined) wanted.set(name, config);
    for (const [name, opened] of this.#open) {
      const config = wanted.get(name);
      if (config !== undefined && canonical(config) === opened.text) continue;
      this.#open.delete(name);
      await opened.driver.close();
      changed(name);
    }
    for (const [name, config] of wanted) {
      if (this.#open.has(name)) continue;
      const socket = join(sockets, `${name}.sock`);
      const driver = open({ name, config, socket, log });
      driver.onChanged(() => changed(name));
      this.#open.set(name, { name, config, driver, text: canonical(config) });
      changed(name);
    }
    this.#files = files;
  }

  async close(): Promise<void> {
    const opened = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(opened.map(({ driver }) => driver.close()));
  }
}
