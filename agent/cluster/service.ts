/**
 * The cluster as this node sees it: tells the others of itself by keys of its own Incus member, reads
 * what they tell, and watches over their audit logs as they do over its own.
 */
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { AuditEntry } from "../audit/entry.ts";
import type { AuditWriter } from "../audit/types.ts";
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import { DsecosError } from "../bus/errors.ts";
import type { IncusClient } from "../incus/client.ts";
import type { IncusEvent } from "../incus/events.ts";
import { explain, type Log } from "../log.ts";
import { Cache } from "../node/cache.ts";
import type { ClusterNode, ClusterStatus } from "./answers.ts";
import type { cluster } from "./contract.ts";
import type { DrillSpec } from "./drill/answers.ts";
import { type ProbeParts, probesOf } from "./drill/probes.ts";
import { type DrillParts, Drills } from "./drill/service.ts";
import type { Facts } from "./facts/schema.ts";
import { type Sources, summarize } from "./facts/summary.ts";
import type { HistoryFilter } from "./history/answers.ts";
import { History } from "./history/service.ts";
import { createJoining, type Joining, type JoiningParts } from "./joining/service.ts";
import { IncusMembers } from "./members/incus.ts";
import { alarming } from "./members/peer.ts";
import { Peers } from "./members/peers.ts";
import { type Pace, usualPace } from "./pace.ts";
import { Publisher } from "./publisher.ts";
import { ownRow, rowOf } from "./view.ts";
import { Memory } from "./witness/memory.ts";
import { OwnLog, type OwnLogParts } from "./witness/own.ts";

export interface ClusterParts {
  client: IncusClient;
  sources: Sources;
  /** Of this node's own audit log. */
  own: Omit<OwnLogParts, "log">;
  /** What was on record at the start of what was seen of others, newest first. */
  remembered: () => Promise<readonly AuditEntry[]>;
  audit: AuditWriter;
  log: Log;
  /** Told the name of a node of which something changed but its age and load. */
  changed: (node: string) => void;
  /** What forming a cluster and joining one needs beside this. */
  joining: Pick<JoiningParts, "jobs" | "firewall">;
  drills: Pick<DrillParts, "away" | "windows" | "jobs" | "history"> &
    Pick<ProbeParts, "storage" | "keys">;
  pace?: Pace;
}

export interface ClusterService {
  handlers: Handlers<typeof cluster, Call>;
  fingerprints: Joining["fingerprints"] & {
    AcknowledgeLog: (call: Call, node: string) => Promise<string>;
    Drill: (call: Call, node: string, spec: DrillSpec) => Promise<string>;
  };
  start(): void;
  stop(): Promise<void>;
  /** Something of this node changed that the others want to know soon. */
  stale(): void;
  /** Whether Incus only tells what an agent has published, which is no act of a person. */
  isEcho(event: IncusEvent): boolean;
}

/** Pages that refresh together share one answer, in milliseconds. */
const ownLifetimeMs = 3_000;
/**
 * So long an answer waits for news of the others, in milliseconds. While the database of Incus has no
 * leader, which takes seconds, what is known is told with its age.
 */
const newsMs = 200;
/**
 * Where nothing is heard of others, a node looks at itself so often, in milliseconds: in every minute once.
 * It begins when somebody first asks for the history, since each look runs the node's checks.
 */
const aloneMs = 45_000;

export function createCluster(parts: ClusterParts): ClusterService {
  const { client, sources, audit, log, pace = usualPace } = parts;
  const memory = new Memory({ audit, log });
  const members = new IncusMembers(client);
  const own = new OwnLog({ ...parts.own, log });
  const peers = new Peers({
    ...{ members, memory, own, audit, log, pace },
    changed: parts.changed,
    heard: (reading) => {
      drills.observer.hear(reading);
      if (newest !== undefined) see(newest);
    },
  });
  const history = new History();
  const startedAt = Date.now();
  /** The last that anybody asked for, so that nobody asks for the history alone. */
  let newest: Facts | undefined;
  const ownSummary = async (sequence: number) => {
    newest = await summarize(sources, { sequence, startedAt, at: Date.now() });
    return newest;
  };
  const publisher = new Publisher({
    ...{ members, memory, own, peers, log, pace },
    summarize: ownSummary,
  });
  const ownFacts = new Cache(ownLifetimeMs, () => ownSummary(Math.max(1, publisher.sequence)));
  let starting: Promise<void> | undefined;
  let looking: NodeJS.Timeout | undefined;
  let seenAt = Number.NEGATIVE_INFINITY;
  const joining = createJoining({
    ...{ client, members, sources, log, ...parts.joining },
    async refresh() {
      await peers.look(true);
      publisher.stale();
    },
  });

  const nameOfOwn = () => (peers.reading?.kind === "cluster" ? peers.reading.self : hostname());

  /** All nodes by what is known now. */
  function view(facts: Facts) {
    const { reading } = peers;
    const name = nameOfOwn();
    const now = performance.now();
    const others = peers.all.map((peer) =>
      rowOf(peer, memory.get(peer.name)?.size ?? 0, now, pace.silentMs),
    );
    const mine = reading?.kind === "cluster" && reading.members.find((one) => one.name === name);
    const member = mine || { state: reading === undefined ? "unknown" : "alone", address: "" };
    const cosigned = own.cosigned(new Set(others.map((row) => row.name)));
    const row = ownRow(name, facts, facts.counts.events, cosigned, member as OwnMember);
    return {
      node: name,
      state: reading === undefined ? ("noIncus" as const) : reading.kind,
      cosigned,
      nodes: [row, ...others].sort((a, b) => (a.name < b.name ? -1 : 1)),
    };
  }

  async function status(): Promise<ClusterStatus> {
    const waited = new AbortController();
    const news = Promise.race([
      starting?.then(() => peers.look()),
      delay(newsMs, undefined, { signal: waited.signal }).catch(() => undefined),
    ]);
    const [facts] = await Promise.all([ownFacts.get(), news]);
    waited.abort();
    const { cosigned, ...known } = view(facts);
    return {
      at: new Date().toISOString(),
      ...known,
      trouble: peers.trouble || publisher.trouble,
      publishedAt: publisher.publishedAt,
      witnesses: [...cosigned].map(([node, { size, time, fits }]) => ({
        ...{ node, size, fits },
        at: new Date(time * 1000).toISOString(),
      })),
    };
  }

  function see(facts: Facts): void {
    seenAt = performance.now();
    history.see(view(facts), seenAt);
  }

  async function lookAlone(): Promise<void> {
    if (performance.now() - seenAt < aloneMs / 2) return;
    try {
      see(await ownFacts.get());
    } catch (error) {
      log("error", "this node could not look at itself", { error: explain(error) });
    }
  }

  const drills: Drills = new Drills({
    ...{ members, peers, audit, log, pace },
    ...parts.drills,
    write: (config) => publisher.write(config),
    probes: async (writes) =>
      await probesOf(
        { ...parts.drills, client, write: (config) => publisher.write(config), pages: status },
        nameOfOwn(),
        writes,
      ),
  });

  async function begin(): Promise<void> {
    await drills.resume();
    try {
      memory.restore(await parts.remembered());
    } catch (error) {
      log("error", "what was seen of other nodes' logs cannot be read", { error: explain(error) });
    }
    await peers.look();
    publisher.start();
    peers.start();
    await drills.settle();
  }

  return {
    handlers: {
      ...joining.handlers,
      Status: status,
      ...drills.handlers,
      async History(_call, filter: HistoryFilter) {
        looking ??= setInterval(() => void lookAlone(), aloneMs);
        history.see(await status());
        return history.answer(filter);
      },
      async AcknowledgeLog(_call, node) {
        const peer = await peers.find(node);
        const { state } = peer.log;
        if (!alarming.has(state)) {
          const text = `Nothing is wrong with the audit log of ${node}, so there is nothing to acknowledge.`;
          throw new DsecosError("Conflict", text);
        }
        memory.forget(node);
        peer.forget();
        await peers.look(true);
        return state;
      },
    },
    fingerprints: {
      ...joining.fingerprints,
      ...drills.fingerprints,
      async AcknowledgeLog(_call, node) {
        const { log: shown, published } = await peers.find(node);
        return `${shown.state} ${published?.vkey ?? ""}`;
      },
    },
    start() {
      starting = begin();
    },
    async stop() {
      clearInterval(looking);
      await starting;
      await drills.observer.stop();
      await publisher.stop();
      await peers.stop();
      await memory.record(true);
    },
    stale() {
      ownFacts.forget();
      publisher.stale();
    },
    isEcho(event) {
      if (event.action !== "cluster-member-updated") return false;
      const name = event.source.split("/").at(-1) ?? "";
      const { reading } = peers;
      // What is done to another member is on record at that node.
      if (reading?.kind !== "cluster") return false;
      return name !== reading.self || publisher.takeEcho();
    },
  };
}

type OwnMember = { state: ClusterNode["incus"]; address: string };
