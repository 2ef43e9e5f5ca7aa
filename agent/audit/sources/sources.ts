/** All sources of the log beside the agent's own acts. */
import type { IncusEvent } from "../../incus/events.ts";
import type { Log } from "../../log.ts";
import type { AuditEntry } from "../contract.ts";
import type { AuditWriter } from "../types.ts";
import type { KernelEvent } from "./auditd/assemble.ts";
import { Auditd } from "./auditd/source.ts";
import { IncusSource } from "./incus.ts";
import { Journal } from "./journal/source.ts";
import { Outlet, type Rate } from "./outlet.ts";
import type { Source, SourceName, SourceStatus } from "./types.ts";

export interface SourcesOptions {
  audit: AuditWriter;
  log: Log;
  incusSocket: string;
  /** Socket that auditd's plugin opens. */
  auditdSocket: string;
  /** auditd's own log. */
  auditdLog: string;
  /** Told of every event of auditd once; it throws nothing. */
  heard?: (event: KernelEvent) => void;
  /** Whether an event of Incus only tells of what an agent publishes. */
  isEcho?: (event: IncusEvent) => boolean;
}

/** @returns the newest entry of a source that has that member in its details. */
export type FindPlace = (source: SourceName, member: string) => Promise<AuditEntry | undefined>;

export interface Sources {
  /**
   * Each source goes on where the log ends.
   * @param recent newest entries of the log
   * @param find looks further back, for a source that is in none of the recent ones
   */
  start(recent: readonly AuditEntry[], find: FindPlace): Promise<void>;
  stop(): Promise<void>;
  status(): SourceStatus[];
}

/**
 * Per event the log needs about 100 bytes and 10 µs. auditd may tell of an attack in one burst, so
 * 50,000 events fit at once; all three together stay under 3 GB a day and 1 % of a core in the long
 * run, whatever anybody does to make them talk.
 */
const rates: Record<SourceName, Rate> = {
  auditd: { burst: 50_000, perSecond: 200 },
  journal: { burst: 5_000, perSecond: 50 },
  incus: { burst: 10_000, perSecond: 50 },
};

export function createSources(options: SourcesOptions): Sources {
  const { audit, log, incusSocket, auditdSocket, auditdLog, heard, isEcho } = options;
  const outlet = (source: SourceName) => new Outlet({ source, audit, log, rate: rates[source] });
  const outlets = { auditd: outlet("auditd"), journal: outlet("journal"), incus: outlet("incus") };
  let sources: Source[] = [];
  let stopped = false;
  return {
    async start(newest, find) {
      const recent = [...newest, ...(await placesIn(newest, find))];
      if (stopped) return;
      sources = [
        new Auditd({
          outlet: outlets.auditd,
          log,
          socketPath: auditdSocket,
          logFile: auditdLog,
          recent,
          heard,
        }),
        new Journal({ outlet: outlets.journal, log, recent }),
        new IncusSource({
          ...{ outlet: outlets.incus, log },
          socketPath: incusSocket,
          ...(isEcho === undefined ? {} : { isEcho }),
        }),
      ];
      for (const source of sources) source.start();
    },
    async stop() {
      stopped = true;
      for (const each of Object.values(outlets)) each.release();
      await Promise.all(sources.map((source) => source.stop()));
      await Promise.all(Object.values(outlets).map((each) => each.stop()));
    },
    status: () => sources.map((source) => source.status()),
  };
}

/** The member of an entry's details that tells where its source is, as it does every ten minutes. */
const places = [
  ["auditd", "done"],
  ["journal", "cursor"],
] as const;

/** @returns an entry of each source that has a place to go on from and is in no recent entry */
async function placesIn(recent: readonly AuditEntry[], find: FindPlace): Promise<AuditEntry[]> {
  const found = places.map(async ([source, member]) => {
    const known = recent.some((entry) => entry.source === source && entry.details?.[member]);
    return known ? undefined : await find(source, member);
  });
  return (await Promise.all(found)).filter((entry) => entry !== undefined);
}
