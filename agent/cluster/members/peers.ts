/** Reads what the other members have written, keeps what is known of each, and raises the alarm. */
import { setImmediate as othersFirst } from "node:timers/promises";
import type { AuditWriter } from "../../audit/types.ts";
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import type { Pace } from "../pace.ts";
import { rowOf } from "../view.ts";
import type { Memory } from "../witness/memory.ts";
import type { OwnLog } from "../witness/own.ts";
import type { ReadingTime } from "./heard.ts";
import type { IncusMembers, Member, Reading } from "./incus.ts";
import { alarming, Peer } from "./peer.ts";

/** The same alarm of a node goes on record once in this time at most, whatever it shows meanwhile. */
const alarmMs = 5 * 60_000;
/** Of members that are judged before others get their turn. */
const together = 8;

export interface PeersParts {
  members: Pick<IncusMembers, "read">;
  memory: Memory;
  own: Pick<OwnLog, "hear" | "takeUp" | "vkey">;
  audit: AuditWriter;
  log: Log;
  pace: Pace;
  changed: (node: string) => void;
  /** Told each reading of a cluster. */
  heard: (reading: Reading & { kind: "cluster" }) => void;
}

export class Peers {
  readonly #parts: PeersParts;
  readonly #peers = new Map<string, Peer>();
  /** By node: what is on record. */
  readonly #alarmed = new Map<string, { what: string; at: number }>();
  /** What was told of each last. */
  readonly #told = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #before: ReadingTime | undefined;
  #isTakenUp = false;
  /** The last that succeeded; undefined while Incus does not answer. */
  reading: Reading | undefined;
  /** Why it could not be read; empty when it could. */
  trouble = "Incus was not asked yet.";

  constructor(parts: PeersParts) {
    this.#parts = parts;
  }

  get all(): Peer[] {
    return [...this.#peers.values()];
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), this.#parts.pace.readMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Reads, unless that was done just now; those who ask together share one reading. Never rejects. */
  async look(anew = false): Promise<void> {
    const isFresh =
      performance.now() - (this.#before?.monotonic ?? -Infinity) < this.#parts.pace.freshMs;
    if (this.#looking !== undefined) {
      await this.#looking;
      if (!anew) return;
    } else if (isFresh && !anew) return;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
  }

  /** @throws DsecosError NotFound, Unavailable */
  async find(node: string): Promise<Peer> {
    await this.look();
    const peer = this.#peers.get(node);
    if (peer !== undefined) return peer;
    if (this.reading === undefined) throw new DsecosError("Unavailable", this.trouble);
    throw new DsecosError("NotFound", `The cluster has no other node “${node}”.`);
  }

  async #look(): Promise<void> {
    try {
      const reading = await this.#parts.members.read();
      const now = { wall: Date.now(), monotonic: performance.now() };
      this.reading = reading;
      this.trouble = "";
      if (reading.kind === "cluster") await this.#take(reading, now);
      else this.#peers.clear();
      this.#before = now;
      if (reading.kind === "cluster") this.#parts.heard(reading);
      await this.#parts.memory.record();
    } catch (error) {
      if (!(error instanceof DsecosError)) {
        this.#parts.log("error", "the other nodes could not be read", { error: explain(error) });
      }
      const why = error instanceof DsecosError ? error.message : "The agent's journal says why.";
      this.trouble = `The other nodes cannot be read. ${why}`;
      // What was known of a cluster is told with its age.
      if (this.#peers.size === 0) this.reading = undefined;
    }
  }

  async #take({ self, members }: Reading & { kind: "cluster" }, now: ReadingTime): Promise<void> {
    for (const name of this.#peers.keys()) {
      if (!members.some((member) => member.name === name) || name === self)
        this.#peers.delete(name);
    }
    const { own } = this.#parts;
    const mine = members.find(({ name }) => name === self);
    if (!this.#isTakenUp && mine !== undefined) {
      // Without a key of the log there is nothing to go on with, and later there is.
      own.takeUp(mine.log, await own.vkey());
      this.#isTakenUp = true;
    }
    const others = members.filter(({ name }) => name !== self);
    for (const [at, member] of others.entries()) {
      if (at % together === together - 1) await othersFirst();
      await this.#takeOne(self, member, now);
    }
  }

  async #takeOne(self: string, member: Member, now: ReadingTime): Promise<void> {
    const { name } = member;
    const { memory, own, pace, changed } = this.#parts;
    const peer = this.#peers.get(name) ?? new Peer(member);
    // One that joined since the last reading has written nothing before it.
    this.#peers.set(name, peer);
    const before = memory.get(name);
    const seen = peer.take(member, now, this.#before, before, (vkey) => memory.ownerOf(vkey, name));
    if (seen !== undefined) memory.set(name, seen);
    await this.#alarm(peer);
    const known = memory.get(name);
    for (const one of peer.published?.cosigned ?? []) {
      if (one.node === self && known !== undefined) own.hear(name, one, known.vkey);
    }
    const { state, verdict, incus, log } = rowOf(peer, 0, now.monotonic, pace.silentMs);
    const told = `${state} ${verdict} ${incus} ${log.state}`;
    if (this.#told.get(name) !== told) changed(name);
    this.#told.set(name, told);
  }

  /** Puts both checkpoints on record, which together are the evidence. */
  async #alarm({ name, log: shown }: Peer): Promise<void> {
    const { memory, audit, log } = this.#parts;
    if (!alarming.has(shown.state)) {
      this.#alarmed.delete(name);
      return;
    }
    const last = this.#alarmed.get(name);
    const isNew = last === undefined || last.what !== shown.state;
    if (!isNew || (last !== undefined && performance.now() - last.at < alarmMs)) return;
    this.#alarmed.set(name, { what: shown.state, at: performance.now() });
    const seen = memory.get(name);
    const details = {
      kind: shown.state,
      seen: seen === undefined ? "" : seen.note,
      shown: shown.note,
    };
    const self = { actor: "agent", uid: process.getuid?.() ?? 0, pid: process.pid } as const;
    log("error", "the audit log of another node is not what it was", {
      node: name,
      kind: shown.state,
    });
    const event = { action: "cluster.LogAlarm", outcome: "failure", source: "log" } as const;
    try {
      await audit.append({ ...event, ...self, object: name, details });
    } catch (error) {
      this.#alarmed.delete(name);
      log("error", "an alarm of another node's log is not on record", { error: explain(error) });
    }
  }
}
