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
import type { IncusMembers } from "../members/incus.ts";
import type { Peers } from "../members/peers.ts";
import type { Pace } from "../pace.ts";
import {
  type DrillFilter,
  type DrillSpec,
  type Drills as Shown,
  shortestSeconds,
} from "./answers.ts";
import type { Away } from "./away.ts";
import { FiledDrills } from "./filed.ts";
import type { drillMembers } from "./members.ts";
import { measure, type Probes } from "./meter.ts";
import { Observer } from "./observer.ts";
import { hearMs, obstacleTo } from "./obstacles.ts";
import { patiently } from "./patience.ts";
import { type Announcement, drillKey, readSeen, writeAnnouncement } from "./published.ts";
import { announcementOf, type Clustered, runningOf } from "./running.ts";
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

/** How long Incus may take to be there again, in milliseconds. */
const backMs = 180_000;

export class Drills {
  readonly #parts: DrillParts;
  readonly #filed: FiledDrills;
  readonly observer: Observer;
  /** The last that was held here. */
  #own: Announcement | undefined;

  constructor(parts: DrillParts) {
    this.#parts = parts;
    this.#filed = new FiledDrills(parts.audit, parts.history);
    this.observer = new Observer(parts);
  }

  readonly handlers: Pick<Handlers<typeof cluster, Call>, keyof typeof drillMembers> = {
    Drill: async (call, node, spec) => {
      const reading = await this.#check(node, spec);
      const { user, uid } = call.caller;
      const { kind, seconds } = spec;
      const title = `Drill: ${node}, ${kind} for ${seconds} s`;
      const request = { kind: call.member, title, actor: user, uid };
      // Another may have begun while this one was looked into.
      const obstacle = this.#obstacle(seconds);
      if (obstacle !== "") throw new DsecosError("Conflict", obstacle);
      const order = { ...spec, by: user, at: new Date().toISOString() };
      const id = this.#parts.jobs.start(request, (progress) => this.#run(progress, reading, order));
      this.#own = { format: 1, id, kind, seconds, at: order.at, over: false };
      return id;
    },
    Drills: async (_call, filter: DrillFilter) => {
      const { windows } = this.#parts;
      const reading = this.#clustered();
      const now = Date.now();
      const open = openMs(windows, now);
      return {
        at: new Date(now).toISOString(),
        node: reading?.self ?? "",
        nodes: reading?.members.map(({ name }) => name) ?? [],
        window: {
          ...{ open: open > 0, declared: windows.length > 0, text: windowsText(windows) },
          until: open > 0 ? new Date(now + open).toISOString() : null,
        },
        running: this.#running(),
        obstacle: this.#obstacle(shortestSeconds),
        ...(await this.#filed.page(filter)),
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
    const left = reading && announcementOf(reading, reading.self);
    if (reading === undefined || left === undefined || left.over) return;
    const { write, log } = this.#parts;
    const { id, kind, at, seconds } = left;
    const error =
      "The agent ended during the drill; the node was brought back, and nothing measured.";
    const facts = { leader: false, by: "", reason: "", seconds, back: true, error };
    try {
      await this.#filed.file({
        id,
        kind,
        at,
        node: reading.self,
        ...facts,
        nodes: [],
        missing: [],
      });
      await write({ [drillKey]: writeAnnouncement({ ...left, over: true }) });
    } catch (error) {
      log("error", "a drill that broke off is not on record", { error: explain(error) });
    }
  }

  #clustered(): Clustered | undefined {
    const { reading } = this.#parts.peers;
    return reading?.kind === "cluster" ? reading : undefined;
  }

  #running(): Shown["running"] {
    const own = this.#own;
    const isOn = own !== undefined && this.#parts.jobs.get(own.id)?.state === "running";
    return runningOf(this.#clustered(), isOn ? own : undefined, this.#parts.pace, Date.now());
  }

  #obstacle(seconds: number): string {
    const { windows, pace } = this.#parts;
    const [reading, running] = [this.#clustered(), this.#running()];
    return obstacleTo({ windows, reading, running, pace, now: Date.now() }, seconds);
  }

  /** @throws DsecosError where it would do harm, or cannot be held */
  async #check(node: string, { seconds }: DrillSpec): Promise<Clustered> {
    await this.#parts.peers.look();
    const reading = this.#clustered();
    if (reading !== undefined && node !== reading.self) {
      const what = `This node is ${reading.self}; order the drill of ${node} there.`;
      throw new DsecosError("InvalidArgument", what);
    }
    const obstacle = this.#obstacle(seconds);
    if (reading === undefined || obstacle !== "") throw new DsecosError("Conflict", obstacle);
    return reading;
  }

  async #run(
    progress: JobProgress,
    { self: node, members }: Clustered,
    { kind, seconds, reason, by, at }: DrillSpec & { by: string; at: string },
  ): Promise<void> {
    const { write, away, probes } = this.#parts;
    const { id } = progress;
    const announcement: Announcement = { format: 1, id, kind, at, seconds, over: false };
    const tell = () => write({ [drillKey]: writeAnnouncement(announcement) });
    progress.total(4);
    progress.step("The other nodes are told.");
    const leader = await this.#parts.members.isLeader();
    const asked = await probes(true);
    await tell();
    const over = new AbortController();
    const measuring = measure(asked, over.signal);
    const others = members.map(({ name }) => name).filter((name) => name !== node);
    await this.#gather(id, others, (seen) => seen !== undefined, progress.signal);
    progress.reached(1);
    progress.step(`${node} is away: ${kind}.`);
    // What fails twice for one reason is told once.
    const troubles = new Set<string>();
    const note = (error: unknown) => troubles.add(sentenceFor(error));
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
    const told = await this.#gather(id, others, (seen) => Boolean(seen));
    const own = this.#clustered();
    // A write that hung may have brought back what was there when it began.
    if (own !== undefined && announcementOf(own, node)?.over === false) {
      await write({ [drillKey]: writeAnnouncement({ ...announcement, over: true }) });
    }
    const seen = told.flatMap(([name, gaps]) => (gaps ? [{ node: name, ...gaps }] : []));
    await this.#filed.file({
      ...{ id, kind, node, leader, by, reason, seconds, at, back: isBack },
      error: [...troubles].join(" "),
      nodes: [{ node, ...gaps }, ...seen],
      missing: others.filter((name) => !seen.some((one) => one.node === name)),
    });
    progress.reached(4);
    if (troubles.size > 0) throw new DsecosError("Unavailable", [...troubles].join(" "));
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
    const until = performance.now() + hearMs(pace);
    for (;;) {
      await peers.look(true);
      const members = this.#clustered()?.members.filter(({ name }) => others.includes(name)) ?? [];
      const told = members.map(({ name, seen }): [string, Told] => [name, readSeen(seen, id)]);
      const isWhole = told.filter(([, seen]) => isEnough(seen)).length === others.length;
      if (isWhole || signal?.aborted || performance.now() > until) return told;
      await delay(pace.readMs / 5);
    }
  }
}

/** Ends early, and well, where the signal comes. */
async function waited(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
