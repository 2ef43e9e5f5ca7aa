/** Hears of drills that other members announce, measures here meanwhile, and tells what it saw. */
import { explain, type Log } from "../../log.ts";
import type { Reading } from "../members/incus.ts";
import { longestSeconds } from "./answers.ts";
import { measure, type Probes } from "./meter.ts";
import { patiently } from "./patience.ts";
import { readAnnouncement, seenKey, writeSeen } from "./published.ts";

/** Of all members that stay, so many ask whether writes go: each write is work for all that vote. */
const writers = 3;
/** Nobody makes this node ask for longer, in milliseconds. */
const longestMs = (longestSeconds + 240) * 1000;
const tellMs = 60_000;

export interface ObserverParts {
  probes: (writes: boolean) => Promise<Probes>;
  write: (config: Record<string, string>) => Promise<void>;
  log: Log;
}

interface Watched {
  node: string;
  id: string;
  over: AbortController;
}

export class Observer {
  readonly #parts: ObserverParts;
  /** By node: the drill that was seen last. */
  readonly #known = new Map<string, string>();
  #watched: Watched | undefined;
  #work: Promise<void> | undefined;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
  }

  hear({ self, members }: Reading & { kind: "cluster" }): void {
    const watched = this.#watched;
    if (watched !== undefined) {
      const text = members.find(({ name }) => name === watched.node)?.drill ?? "";
      const told = readAnnouncement(text);
      if (told?.id !== watched.id || told.over) watched.over.abort();
      return;
    }
    for (const { name, drill } of members) {
      const told = name === self ? undefined : readAnnouncement(drill);
      if (told === undefined || told.over || this.#known.get(name) === told.id) continue;
      this.#known.set(name, told.id);
      const staying = members.map((member) => member.name).filter((other) => other !== name);
      const isWriter = staying.sort().indexOf(self) < writers;
      this.#work = this.#watch({ node: name, id: told.id, over: new AbortController() }, isWriter);
      return;
    }
  }

  async stop(): Promise<void> {
    this.#watched?.over.abort();
    await this.#work;
  }

  async #watch(watched: Watched, isWriter: boolean): Promise<void> {
    const { probes, write, log } = this.#parts;
    const { id, node, over } = watched;
    this.#watched = watched;
    const timer = setTimeout(() => over.abort(), longestMs);
    try {
      const asked = await probes(isWriter);
      await write({ [seenKey]: writeSeen(id, null) });
      const { gaps } = await measure(asked, over.signal);
      await patiently(() => write({ [seenKey]: writeSeen(id, gaps) }), tellMs);
    } catch (error) {
      log("warning", "what was seen of a drill was not told", { node, error: explain(error) });
    } finally {
      clearTimeout(timer);
      this.#watched = undefined;
    }
  }
}
