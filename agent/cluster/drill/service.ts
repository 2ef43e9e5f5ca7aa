/**
 * Failover drills: the node that is asked goes away, every node measures meanwhile, and what was found is
 * filed where it was asked. The drill itself stands in the member's keys while it lasts, so that whoever
 * comes after an agent that was killed finds it.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { AuditEntry } from "../../audit/entry.ts";
import type { AuditWriter } from "../../audit/types.ts";
import type { Call } from "../../bus/call.ts";
import type { Handlers } from "../../bus/contract.ts";
import { DsecosError, sentenceFor } from "../../bus/errors.ts";
import type { JobProgress, Jobs } from "../../jobs/types.ts";
import { explain, type Log } from "../../log.ts";
import type { cluster } from "../contract.ts";
import type { IncusMembers, Reading } from "../members/incus.ts";
import type { Peers } from "../members/peers.ts";
import type { Pace } from "../pace.ts";
import type { DrillRecord, DrillSpec } from "./answers.ts";
import type { Away } from "./away.ts";
import { drillFiledAction, drillsIn, histogramOf } from "./histogram.ts";
import type { drillMembers } from "./members.ts";
import { measure, type Probes } from "./meter.ts";
import { Observer } from "./observer.ts";
import { patiently } from "./patience.ts";
import {
  type Announcement,
  drillKey,
  readAnnouncement,
  readSeen,
  writeAnnouncement,
} from "./published.ts";
import { type Maintenance, openMs, windowsText } from "./windows.ts";

export interface DrillParts {
  members: Pick<IncusMembers, "isLeader">;
  peers: Pick<Peers, "look" | "reading">;
  /** Writes keys of the own member. */
  write: (config: Record<string, string>) => Promise<void>;
  /** @param writes whether this node asks for writes, too */
  probes: (writes: boolean) => Promise<Probes>;
  away: Away;
  windows: Maintenance;
  jobs: Jobs;
  audit: AuditWriter;
  log: Log;
  pace: Pace;
  /** Drills on record, newest first. */
  history: () => Promise<readonly AuditEntry[]>;
}

type Told = ReturnType<typeof readSeen>;
type Clustered = Reading & { kind: "cluster" };

/** How long Incus may take to be there again, in milliseconds. */
const backMs = 180_000;
/** How long a node may need to write what it saw, once it has read that it is over. */
const tellMs = 20_000;
/** An announcement that is older was left by a node that never came back. */
const forgottenMs = 15 * 60_000;
/** With fewer than three, those that stay cannot agree on anything. */
const fewest = 3;

const self = { actor: "agent", uid: process.getuid?.() ?? 0, pid: process.pid } as const;

export class Drills {
  readonly #parts: DrillParts;
  readonly observer: Observer;
  #job = "";

  constructor(parts: DrillParts) {
    this.#parts = parts;
    this.observer = new Observer(parts);
  }

  readonly handlers: Pick<Handlers<typeof cluster, Call>, keyof typeof drillMembers> = {
    Drill: async (call, node, spec) => {
      const reading = await this.#check(node, spec);
      const { user, uid } = call.caller;
      const { jobs } = this.#parts;
      const title = `Drill: ${node}, ${spec.kind} for ${spec.seconds} s`;
      const request = { kind: call.member, title, actor: user, uid };
      this.#job = jobs.start(request, (progress) => this.#run(progress, reading, spec, user));
      return this.#job;
    },
    Drills: async () => {
      const { windows, history } = this.#parts;
      const drills = drillsIn(await history());
      return {
        at: new Date().toISOString(),
        window: { open: openMs(windows, Date.now()) > 0, text: windowsText(windows) },
        running: this.#running(),
        histogram: histogramOf(drills),
        drills,
      };
    },
  };

  readonly fingerprints = {
    // Approved is that this node goes away from these others, and nobody is asked for what cannot be.
    Drill: async (_call: Call, node: string, spec: DrillSpec): Promise<string> => {
      const { members } = await this.#check(node, spec);
      return members.map(({ name, state }) => `${name} ${state}`).join(", ");
    },
  };

  /** Brings back what an agent that was killed left away, before anything is asked of Incus. */
  async resume(): Promise<void> {
    const { away, log } = this.#parts;
    try {
      if (!(await away.isAway())) return;
      log("info", "this node was away for a drill and is brought back");
      await away.back();
    } catch (error) {
      log("error", "what a drill took away is not back", { error: explain(error) });
    }
  }

  /** Files a drill that ended with the agent that held it. */
  async settle(): Promise<void> {
    const reading = this.#clustered();
    const left = reading && this.#announcementOf(reading, reading.self);
    if (reading === undefined || left === undefined || left.over) return;
    const { write, log } = this.#parts;
    const { id, kind, at } = left;
    const error =
      "The agent ended during the drill; the node was brought back, and nothing measured.";
    const facts = { leader: false, by: "", reason: "", seconds: 0, back: true, error };
    try {
      await this.#file({ id, kind, at, node: reading.self, ...facts, nodes: [], missing: [] });
      await write({ [drillKey]: writeAnnouncement({ ...left, over: true }) });
    } catch (error) {
      log("error", "a drill that broke off is not on record", { error: explain(error) });
    }
  }

  #clustered(): Clustered | undefined {
    const { reading } = this.#parts.peers;
    return reading?.kind === "cluster" ? reading : undefined;
  }

  #announcementOf({ members }: Clustered, node: string): Announcement | undefined {
    return readAnnouncement(members.find(({ name }) => name === node)?.drill ?? "");
  }

  #running(): string {
    if (this.#parts.jobs.get(this.#job)?.state === "running")
      return `Job ${this.#job} of this node.`;
    const reading = this.#clustered();
    const other = reading?.members.find(({ name }) => {
      const told = name === reading.self ? undefined : this.#announcementOf(reading, name);
      return told !== undefined && !told.over && Date.now() - Date.parse(told.at) < forgottenMs;
    });
    return other === undefined ? "" : `A drill of ${other.name}.`;
  }

  /** @throws DsecosError where it would do harm, or cannot be held */
  async #check(node: string, { seconds }: DrillSpec): Promise<Clustered> {
    const { windows, peers, pace } = this.#parts;
    const needed = (pace.readMs * 2 + tellMs) * 2 + seconds * 1000;
    const open = openMs(windows, Date.now());
    if (open < needed) {
      const left =
        open === 0 ? "No maintenance window is open" : `The window ends in ${inSeconds(open)}`;
      const what = `${left}, and this drill needs ${inSeconds(needed)}. Windows: ${windowsText(windows)}`;
      throw new DsecosError("Conflict", what);
    }
    await peers.look();
    const reading = this.#clustered();
    if (reading === undefined || reading.members.length < fewest) {
      const what = `A drill takes a cluster of ${fewest} nodes or more: of fewer, those that stay cannot agree on anything.`;
      throw new DsecosError("Conflict", what);
    }
    if (node !== reading.self) {
      const what = `This node is ${reading.self}; order the drill of ${node} there.`;
      throw new DsecosError("InvalidArgument", what);
    }
    const away = reading.members.find(({ state }) => state !== "online");
    if (away !== undefined) {
      const what = `${away.name} is ${away.state}; hold a drill when all nodes are there, since one more is taken away.`;
      throw new DsecosError("Conflict", what);
    }
    const running = this.#running();
    if (running !== "") throw new DsecosError("Conflict", `One drill at a time. ${running}`);
    return reading;
  }

  async #run(
    progress: JobProgress,
    { self: node, members }: Clustered,
    spec: DrillSpec,
    by: string,
  ): Promise<void> {
    const { write, away, probes } = this.#parts;
    const { kind, seconds, reason } = spec;
    const at = new Date().toISOString();
    const announcement: Announcement = { format: 1, id: progress.id, kind, at, over: false };
    const tell = () => write({ [drillKey]: writeAnnouncement(announcement) });
    progress.total(4);
    progress.step("The other nodes are told.");
    const leader = await this.#parts.members.isLeader();
    const asked = await probes(true);
    await tell();
    const over = new AbortController();
    const measuring = measure(asked, over.signal);
    const others = members.map(({ name }) => name).filter((name) => name !== node);
    await this.#gather(announcement.id, others, (seen) => seen !== undefined, progress.signal);
    progress.reached(1);
    progress.step(`${node} is away: ${kind}.`);
    const troubles: string[] = [];
    const note = (error: unknown) => troubles.push(sentenceFor(error));
    try {
      if (!progress.signal.aborted) {
        await away.take(
          kind,
          seconds,
          members.map(({ address }) => address),
        );
        await waited(seconds * 1000, progress.signal);
      }
    } catch (error) {
      note(error);
    }
    progress.reached(2);
    progress.step(`${node} is brought back.`);
    const isBack = await this.#back(announcement, note);
    over.abort();
    const { gaps } = await measuring;
    progress.reached(3);
    progress.step("The other nodes tell what they saw.");
    const told = await this.#gather(announcement.id, others, (seen) => Boolean(seen));
    const own = this.#clustered();
    // A write that hung may have brought back what was there when it began.
    if (own !== undefined && this.#announcementOf(own, node)?.over === false) {
      await write({ [drillKey]: writeAnnouncement({ ...announcement, over: true }) });
    }
    const seen = told.flatMap(([name, gaps]) => (gaps ? [{ node: name, ...gaps }] : []));
    await this.#file({
      ...{ id: progress.id, kind, node, leader, by, reason, seconds, at, back: isBack },
      error: troubles.join(" "),
      nodes: [{ node, ...gaps }, ...seen],
      missing: others.filter((name) => !seen.some((one) => one.node === name)),
    });
    progress.reached(4);
    if (troubles.length > 0) throw new DsecosError("Unavailable", troubles.join(" "));
  }

  /** Until Incus takes writes here again, by which the others hear that it is over. */
  async #back(announcement: Announcement, failed: (error: unknown) => void): Promise<boolean> {
    const { away, write, log } = this.#parts;
    try {
      await away.back();
    } catch (error) {
      log("error", "what a drill took away is not back; its unit ends by itself", {
        error: explain(error),
      });
      failed(error);
    }
    try {
      const text = writeAnnouncement({ ...announcement, over: true });
      await patiently(() => write({ [drillKey]: text }), backMs);
      return true;
    } catch (error) {
      failed(error);
      return false;
    }
  }

  /**
   * Waits for the others, who hear at their next reading what they are to do.
   * @param isEnough of what one of them told
   * @returns what each told that did, whether or not all came in time
   */
  async #gather(
    id: string,
    others: readonly string[],
    isEnough: (told: Told) => boolean,
    signal?: AbortSignal,
  ): Promise<[string, Told][]> {
    const { peers, pace } = this.#parts;
    const until = performance.now() + pace.readMs * 2 + tellMs;
    for (;;) {
      await peers.look(true);
      const members = this.#clustered()?.members.filter(({ name }) => others.includes(name)) ?? [];
      const told = members.map(({ name, seen }): [string, Told] => [name, readSeen(seen, id)]);
      const isWhole = told.filter(([, seen]) => isEnough(seen)).length === others.length;
      if (isWhole || signal?.aborted || performance.now() > until) return told;
      await delay(pace.readMs / 5);
    }
  }

  async #file(drill: DrillRecord): Promise<void> {
    const outcome = drill.error === "" ? ("success" as const) : ("failure" as const);
    const error = drill.error === "" ? {} : { error: drill.error };
    await this.#parts.audit.append({
      ...{ action: drillFiledAction, outcome, ...self, object: drill.node, ...error },
      details: { drill },
    });
  }
}

const inSeconds = (ms: number) => `${Math.ceil(ms / 1000)} s`;

/** Ends early, and well, where the signal comes. */
async function waited(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
