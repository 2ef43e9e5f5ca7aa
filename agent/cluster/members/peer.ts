/** Another member: what it last wrote, since when, and whether its audit log goes on. */
import { type Facts, type Read, readFacts, readPublished } from "../facts/schema.ts";
import { type Judgement, judge, type Seen } from "../witness/judge.ts";
import { logSchema, maximumLog, type PublishedLog } from "../witness/schema.ts";
import { type Heard, heard, type ReadingTime } from "./heard.ts";
import type { Member } from "./incus.ts";

export type LogState =
  | "none"
  | "unreadable"
  | "witnessed"
  | "unproven"
  | "unsigned"
  | "rollback"
  | "fork"
  | "key";

/** States of which an alarm is made. */
export const alarming: ReadonlySet<LogState> = new Set(["unsigned", "rollback", "fork", "key"]);

/** A proof may be missing this often and this long: the other node has to hear first which one it is. */
const unprovenTimes = 3;
const unprovenMs = 45_000;

export interface PeerLog {
  state: LogState;
  /** Since when, by the monotonic clock, in milliseconds. */
  since: number;
  /** What it shows, where it is signed: evidence. */
  note: string;
  size: number;
}

export class Peer {
  readonly name: string;
  member: Member;
  facts: Read<Facts> | undefined;
  heard: Heard | undefined;
  log: PeerLog = { state: "none", since: 0, note: "", size: 0 };
  published: PublishedLog | undefined;
  #factsText = "";
  #logText = "";
  #unproven = { times: 0, since: 0 };

  constructor(member: Member) {
    this.name = member.name;
    this.member = member;
  }

  /**
   * Takes what was read of it.
   * @param seen what was seen of its log before
   * @param owner tells which other node a log is of
   * @returns what is to be remembered of its log from now on; undefined for no change
   */
  take(
    member: Member,
    now: ReadingTime,
    before: ReadingTime | undefined,
    seen: Seen | undefined,
    owner: (vkey: string) => string | undefined,
  ): Seen | undefined {
    this.member = member;
    if (member.facts !== this.#factsText || this.facts === undefined) {
      this.#factsText = member.facts;
      this.#takeFacts(member.facts, now, before);
    }
    // Judged again where nothing is remembered: somebody may have acknowledged it.
    const isJudged = seen !== undefined || alarming.has(this.log.state);
    if (member.log === this.#logText && isJudged) return undefined;
    this.#logText = member.log;
    return this.#takeLog(member.log, now.monotonic, seen, owner);
  }

  /** Judges what it shows anew at the next reading, as of a node that was never seen. */
  forget(): void {
    this.#logText = "";
    this.log = { state: "none", since: 0, note: "", size: 0 };
  }

  #takeFacts(text: string, now: ReadingTime, before: ReadingTime | undefined): void {
    if (text === "") {
      this.facts = undefined;
      this.heard = undefined;
      return;
    }
    const last = this.facts !== undefined && "value" in this.facts ? this.facts.value : undefined;
    const read = readFacts(text);
    this.facts = read;
    if ("trouble" in read) {
      this.heard = { at: now.monotonic, offMs: 0 };
      return;
    }
    // The same once more tells nothing of whether somebody is there.
    const { sequence, startedAt, at } = read.value;
    if (last?.sequence === sequence && last.startedAt === startedAt) return;
    this.heard = heard(Date.parse(at), now, before);
  }

  #takeLog(
    text: string,
    now: number,
    seen: Seen | undefined,
    owner: (vkey: string) => string | undefined,
  ): Seen | undefined {
    this.published = undefined;
    if (text === "") {
      this.#put("none", now);
      return undefined;
    }
    const read = readPublished(text, maximumLog, logSchema);
    if ("trouble" in read) {
      this.#put("unreadable", now);
      return undefined;
    }
    this.published = read.value;
    const judgement = judge(read.value, seen);
    if (judgement.kind === "first" && owner(read.value.vkey) !== undefined) {
      this.#put("key", now, judgement.seen);
      return undefined;
    }
    return this.#heed(judgement, now);
  }

  #heed(judgement: Judgement, now: number): Seen | undefined {
    switch (judgement.kind) {
      case "first":
      case "continues":
        this.#unproven = { times: 0, since: 0 };
        this.#put("witnessed", now, judgement.seen);
        return judgement.seen;
      case "unsigned":
        this.#put("unsigned", now);
        return undefined;
      case "unproven": {
        const { times, since } = this.#unproven;
        this.#unproven = { times: times + 1, since: times === 0 ? now : since };
        const isLate = times + 1 >= unprovenTimes && now - this.#unproven.since >= unprovenMs;
        // What is red stays so until it is proved.
        const state = isLate ? "fork" : alarming.has(this.log.state) ? this.log.state : "unproven";
        this.#put(state, now, judgement);
        return undefined;
      }
      default:
        this.#put(judgement.kind, now, judgement);
        return undefined;
    }
  }

  #put(
    state: LogState,
    now: number,
    shown: { note: string; size: number } = { note: "", size: 0 },
  ): void {
    const since = state === this.log.state ? this.log.since : now;
    this.log = { state, since, note: shown.note, size: shown.size };
  }
}
