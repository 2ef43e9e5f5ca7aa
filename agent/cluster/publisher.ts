/** Tells the others of this node: every 25 s, and soon after something changed. */
import { DsecosError } from "../bus/errors.ts";
import { explain, type Log } from "../log.ts";
import type { Facts } from "./facts/schema.ts";
import { lasting } from "./facts/summary.ts";
import { factsKey, type IncusMembers, logKey } from "./members/incus.ts";
import type { Peers } from "./members/peers.ts";
import type { Pace } from "./pace.ts";
import type { Memory } from "./witness/memory.ts";
import type { OwnLog } from "./witness/own.ts";
import { mostCosigned } from "./witness/schema.ts";

/** Incus tells of a write within this time, in milliseconds. */
const echoMs = 30_000;

export interface PublisherParts {
  members: Pick<IncusMembers, "publish">;
  memory: Memory;
  own: OwnLog;
  peers: Peers;
  summarize: (sequence: number) => Promise<Facts>;
  log: Log;
  pace: Pace;
}

export class Publisher {
  readonly #parts: PublisherParts;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = true;
  /** By the monotonic clock. */
  #triedAt = Number.NEGATIVE_INFINITY;
  #due = 0;
  #isStale = false;
  #lasting = "";
  #log = { text: "", rests: "" };
  /** The write that was asked for last. */
  #turn: Promise<void> = Promise.resolve();
  /** When writes began whose event did not come yet. */
  #echoes: number[] = [];
  sequence = 0;
  trouble = "";
  publishedAt = "";

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#stopped = false;
    this.#schedule(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  stale(): void {
    const { changeMs } = this.#parts.pace;
    this.#isStale = true;
    const soon = Math.max(changeMs, this.#triedAt + changeMs - performance.now());
    if (!this.#stopped && performance.now() + soon < this.#due) this.#schedule(soon);
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    this.#due = performance.now() + ms;
    this.#timer = setTimeout(() => {
      this.#running = this.#round().finally(() => {
        const { publishMs, changeMs } = this.#parts.pace;
        if (!this.#stopped) this.#schedule(this.#isStale ? changeMs : publishMs);
      });
    }, ms);
  }

  async #round(): Promise<void> {
    const { reading } = this.#parts.peers;
    // One that is in no cluster has nobody to tell.
    if (reading?.kind !== "cluster") return;
    const wasDue =
      !this.#isStale || performance.now() - this.#triedAt >= this.#parts.pace.publishMs;
    this.#isStale = false;
    try {
      const facts = await this.#parts.summarize(this.sequence + 1);
      if (!wasDue && lasting(facts) === this.#lasting) return;
      this.#triedAt = performance.now();
      await this.#publish(facts);
      this.#lasting = lasting(facts);
      this.publishedAt = facts.at;
      this.trouble = "";
    } catch (error) {
      const why = error instanceof DsecosError ? error.message : "The agent's journal says why.";
      const trouble = `The other nodes could not be told of this one. ${why}`;
      if (trouble !== this.trouble) {
        this.#parts.log("warning", "the facts of this node were not published", {
          error: explain(error),
        });
      }
      this.trouble = trouble;
    }
  }

  async #publish(facts: Facts): Promise<void> {
    const log = await this.#newLog();
    const config = { [factsKey]: JSON.stringify(facts), ...(log === "" ? {} : { [logKey]: log }) };
    await this.write(config);
    this.sequence = facts.sequence;
    if (log !== "") this.#log.text = log;
  }

  /**
   * Writes keys of the own member, of which Incus then tells as of anybody's. One write at a time: Incus
   * merges what is there with what is new, and of two that it merges at once one is lost.
   * @throws DsecosError
   */
  write(config: Record<string, string>): Promise<void> {
    const written = this.#turn.then(async () => {
      this.#echoes.push(performance.now());
      await this.#parts.members.publish(config);
    });
    // Whoever asked is told; the next one goes on anyway.
    this.#turn = written.catch(() => undefined);
    return written;
  }

  /** @returns what the member is to have of the log; empty where it has that already */
  async #newLog(): Promise<string> {
    const { own, memory, peers } = this.#parts;
    const { reading } = peers;
    if (reading?.kind !== "cluster") return "";
    const present = new Set(peers.all.map(({ name }) => name));
    const seen = [...memory.entries()].filter(([node]) => present.has(node));
    const held = peers.all.map(({ published }) => published?.seen[reading.self] ?? 0);
    const rests = JSON.stringify([
      own.newest,
      seen.map(([node, { size }]) => [node, size]),
      [...new Set(held)].sort(),
    ]);
    const mine = reading.members.find(({ name }) => name === reading.self);
    const stands = mine?.log === this.#log.text;
    // Where there are many, others get their turn to be signed.
    const isWhole = seen.length <= mostCosigned;
    if (rests === this.#log.rests && stands && isWhole) return "";
    const published = await own.make(held, seen);
    this.#log.rests = rests;
    return published === undefined ? "" : JSON.stringify(published);
  }

  /** @returns whether an event of the own member is that of a write of this agent */
  takeEcho(): boolean {
    const now = performance.now();
    this.#echoes = this.#echoes.filter((began) => now - began < echoMs);
    return this.#echoes.shift() !== undefined;
  }
}
