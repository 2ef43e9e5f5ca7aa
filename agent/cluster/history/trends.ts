/** Load of every node over the last hour, a byte for each figure and minute. */
import type { Facts } from "../facts/schema.ts";
import { type Trend, trendMinutes } from "./answers.ts";

const minuteMs = 60_000;
const figures = 3;
/** Beyond every percentage. */
const none = 255;

export class Trends {
  readonly #rings = new Map<string, Uint8Array>();
  #minute = 0;

  /** Begins the minute it is. @param now monotonic, in milliseconds */
  advance(now: number): void {
    const minute = Math.floor(now / minuteMs);
    const passed = Math.min(minute - this.#minute, trendMinutes);
    for (let back = 0; back < passed; back++) {
      const slot = slotOf(minute - back);
      for (const ring of this.#rings.values()) ring.fill(none, slot, slot + figures);
    }
    this.#minute = minute;
  }

  /** The last of a minute counts. */
  take(node: string, { cpu, memoryKib, memoryUsedKib, diskKib, diskUsedKib }: Facts["load"]): void {
    const ring = this.#rings.get(node) ?? new Uint8Array(trendMinutes * figures).fill(none);
    this.#rings.set(node, ring);
    const shares = [percent(cpu, 1), percent(memoryUsedKib, memoryKib)];
    ring.set([...shares, percent(diskUsedKib, diskKib)], slotOf(this.#minute));
  }

  rename(from: string, to: string): void {
    const ring = this.#rings.get(from);
    this.#rings.delete(from);
    if (ring !== undefined) this.#rings.set(to, ring);
  }

  forget(node: string): void {
    this.#rings.delete(node);
  }

  /** @param only empty for all */
  list(only: string): Trend[] {
    const shown = [...this.#rings].filter(([node]) => only === "" || node === only);
    return shown.map(([node, ring]) => {
      const figure = (which: number) =>
        Array.from({ length: trendMinutes }, (_, index) => {
          const value = ring[slotOf(this.#minute + 1 + index) + which] ?? none;
          return value === none ? null : value;
        });
      return { node, cpu: figure(0), memory: figure(1), disk: figure(2) };
    });
  }
}

const slotOf = (minute: number) => (minute % trendMinutes) * figures;

function percent(used: number, of: number): number {
  return of === 0 ? none : Math.round((Math.min(used, of) / of) * 100);
}
