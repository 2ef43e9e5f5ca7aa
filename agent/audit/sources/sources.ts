/** All sources of the log beside the agent's own acts. */
import type { Log } from "../../log.ts";
import type { AuditEntry } from "../contract.ts";
import type { AuditWriter } from "../types.ts";
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
}

export interface Sources {
  /**
   * Each source goes on where the log ends.
   * @param recent newest entries of the log
   * @param older entries of the log, newest first, for a source that is in none of the recent ones
   */
  start(recent: readonly AuditEntry[], older: Iterable<AuditEntry>): void;
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
  const { audit, log, incusSocket, auditdSocket, auditdLog } = options;
  const outlet = (source: SourceName) => new Outlet({ source, audit, log, rate: rates[source] });
  const outlets = { auditd: outlet("auditd"), journal: outlet("journal"), incus: outlet("incus") };
  let sources: Source[] = [];
  return {
    start(newest, older) {
      const recent = [...newest, ...placesIn(newest, older)];
      sources = [
        new Auditd({
          outlet: outlets.auditd,
          log,
          socketPath: auditdSocket,
          logFile: auditdLog,
          recent,
        }),
        new Journal({ outlet: outlets.journal, log, recent }),
        new IncusSource({ outlet: outlets.incus, log, socketPath: incusSocket }),
      ];
      for (const source of sources) source.start();
    },
    async stop() {
      for (const each of Object.values(outlets)) each.release();
      await Promise.all(sources.map((source) => source.stop()));
      await Promise.all(Object.values(outlets).map((each) => each.stop()));
    },
    status: () => sources.map((source) => source.status()),
  };
}

/**
 * How far is looked back. Each source tells every ten minutes where it is, and in ten minutes no
 * more than this comes from all of them at their rates.
 */
const mostBack = 300_000;

/** @returns an entry of each source that has a place to go on from and is in no recent entry */
function placesIn(recent: readonly AuditEntry[], older: Iterable<AuditEntry>): AuditEntry[] {
  const wanted = new Map([
    ["auditd", "done"],
    ["journal", "cursor"],
  ]);
  const found: AuditEntry[] = [];
  const take = (entry: AuditEntry) => {
    const member = wanted.get(entry.source);
    if (member === undefined || !entry.details?.[member]) return false;
    wanted.delete(entry.source);
    return true;
  };
  for (const entry of recent) take(entry);
  let count = 0;
  for (const entry of older) {
    count += 1;
    if (wanted.size === 0 || count > mostBack) break;
    if (take(entry)) found.push(entry);
  }
  return found;
}
