/** How busy the node is, from /proc. */
import type { NodeStatus } from "./contract.ts";
import type { System } from "./system.ts";

type Load = NodeStatus["load"];

interface Ticks {
  readonly busy: number;
  readonly all: number;
}

/** Shares over less than this mean little; the one before is told again. */
const shortestMs = 500;

export class LoadMeter {
  readonly #system: System;
  readonly #now: () => number;
  #before: Ticks = { busy: 0, all: 0 };
  #measuredAt = Number.NEGATIVE_INFINITY;
  #share = 0;

  /** @param now in milliseconds, never backwards */
  constructor(system: System, now = () => performance.now()) {
    this.#system = system;
    this.#now = now;
  }

  /** The first one tells the share since boot. */
  async read(): Promise<Load> {
    const [stat, memory, averages] = await Promise.all([
      this.#needed("/proc/stat"),
      this.#needed("/proc/meminfo"),
      this.#needed("/proc/loadavg"),
    ]);
    const [one = 0, five = 0, fifteen = 0] = averages.split(" ").map(Number);
    const kib = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(memory)?.[1]);
    const total = kib("MemTotal");
    const swap = kib("SwapTotal");
    return {
      cores: stat.match(/^cpu\d+ /gm)?.length ?? 0,
      cpu: this.#shareOf(stat),
      averages: [one, five, fifteen],
      memoryKib: total,
      memoryUsedKib: total - kib("MemAvailable"),
      swapKib: swap,
      swapUsedKib: swap - kib("SwapFree"),
    };
  }

  #shareOf(stat: string): number {
    const now = this.#now();
    if (now - this.#measuredAt < shortestMs) return this.#share;
    this.#measuredAt = now;
    const ticks = readTicks(stat);
    const all = ticks.all - this.#before.all;
    const busy = ticks.busy - this.#before.busy;
    this.#before = ticks;
    this.#share = all > 0 ? Math.min(1, Math.max(0, busy / all)) : 0;
    return this.#share;
  }

  async #needed(path: string): Promise<string> {
    const text = await this.#system.read(path);
    if (text === undefined) throw new Error(`there is no ${path}`);
    return text;
  }
}

/** user nice system idle iowait irq softirq steal; guest time is in user already. */
function readTicks(stat: string): Ticks {
  const fields = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(" ").map(Number).slice(0, 8) ?? [];
  const all = fields.reduce((sum, value) => sum + value, 0);
  const idle = (fields[3] ?? 0) + (fields[4] ?? 0);
  return { busy: all - idle, all };
}
