/** What is wrong, and the clock of the subsystem: comparing every hour, schedules every minute. */
import type { AuditEntry } from "../../audit/contract.ts";
import type { AuditWriter } from "../../audit/types.ts";
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { JobProgress, Jobs } from "../../jobs/types.ts";
import { explain, type Log } from "../../log.ts";
import type { Core } from "../core.ts";
import { DriverError } from "../driver/types.ts";
import { explainDriver, levelOf, levelOfDriver } from "../errors.ts";
import type { FoundKey, Token } from "../parts.ts";
import type { CertificateSummary } from "../pki/summary.ts";
import type { AskRecord } from "../statement/record.ts";
import type { TokenRow } from "../tokens/answers.ts";
import { Alarms, alarmAction, type Finding } from "./alarms.ts";
import { certificateAlarmKinds, type HsmStatus } from "./answers.ts";
import { isBelievable } from "./clock.ts";
import { Reconciler } from "./reconcile.ts";
import { Schedules } from "./schedule.ts";

const hourMs = 3_600_000;
const minuteMs = 60_000;
/**
 * After a failed comparison, and after one that a person asked for found a token still gone: a driver
 * looks for such a one every 30 s at most. In milliseconds.
 */
const retryMs = 35_000;
/** Where something that broke off waits to be taken back, in milliseconds. */
const brokenMs = 80_000;
/** While a token is gone: each look begins its module anew. */
const absentMs = 300_000;
const mostAlarms = 200;
const noPin = new DriverError("noPin", "its process found none");
const remembered = 500;

export interface WatchParts {
  core: Core;
  audit: AuditWriter;
  jobs: Jobs;
  log: Log;
  node: string;
  rotate: (found: FoundKey, user: string, why: string) => Promise<unknown>;
  tokenRows: () => Promise<TokenRow[]>;
  /** Entries of the audit log. */
  record: AskRecord;
  /** Newest entries of the audit log of an action, newest first. */
  history: (action: string, limit: number) => Promise<AuditEntry[]>;
  changed: (what: string) => void;
  certificates: {
    /** Compares directories with the audit log. @returns sentences about what could not be */
    look(found: FoundOf): Promise<string[]>;
    /** How many there are, and sentences about those that end; undefined before the first look. */
    summary(): CertificateSummary | undefined;
  };
}

type FoundOf = (token: string, findings: readonly Finding[]) => Promise<void>;

export type Watch = ReturnType<typeof createWatch>;

export function createWatch(parts: WatchParts) {
  const { core, audit, jobs, log, node } = parts;
  const alarms = new Alarms({ audit, log, changed: () => parts.changed("tokens") });
  const reconciler = new Reconciler({ core, alarms, node, log });
  const schedules = new Schedules({
    ...{ core, audit, alarms, rotate: parts.rotate },
    believable: (now) => isBelievable(parts.record, now),
  });
  const stopping = new AbortController();
  let compared: HsmStatus["compared"] = { state: "never", at: "", error: "" };
  let comparing: Promise<void> | undefined;
  let restored: Promise<void> | undefined;
  let hourly: NodeJS.Timeout | undefined;
  let minutely: NodeJS.Timeout | undefined;
  let ticking: Promise<void> | undefined;

  /** Those who ask meanwhile get the one under way. */
  function compare(progress?: JobProgress): Promise<void> {
    comparing ??= run(progress).finally(() => {
      comparing = undefined;
    });
    return comparing;
  }

  async function run(progress?: JobProgress): Promise<void> {
    const before = compared;
    compared = { state: "running", at: before.at, error: "" };
    const failures: string[] = [];
    try {
      restored ??= restore();
      await restored;
      await reconciler.all(
        progress?.signal ?? stopping.signal,
        (token, error) => {
          if (error !== undefined) failures.push(error);
          progress?.finished(token, error);
        },
        progress?.total,
      );
      const found: FoundOf = (token, findings) =>
        alarms.found(token, findings, certificateAlarmKinds);
      failures.push(...(await parts.certificates.look(found)));
      const [error = ""] = failures;
      compared = { state: "done", at: new Date().toISOString(), error };
    } catch (error) {
      restored = undefined;
      const message = error instanceof DsecosError ? error.message : "An internal error happened.";
      compared = { state: "failed", at: before.at, error: message };
      throw error;
    } finally {
      parts.changed("tokens");
    }
  }

  async function restore(): Promise<void> {
    alarms.restore((await parts.history(alarmAction, remembered)).toReversed());
    reconciler.restore();
  }

  function later(ms: number): void {
    clearTimeout(hourly);
    if (stopping.signal.aborted) return;
    hourly = setTimeout(begin, ms);
    hourly.unref();
  }

  const isAway = () => alarms.all().some(({ kind }) => kind === "tokenAbsent");

  function begin(): void {
    compare().then(
      // What could not be asked is asked again soon: its driver may just be starting.
      () => {
        if (compared.error !== "") later(retryMs);
        else if (reconciler.waits) later(brokenMs);
        else later(isAway() ? absentMs : hourMs);
      },
      (error) => {
        log(levelOf(error), "records and tokens were not compared", { error: explain(error) });
        later(retryMs);
      },
    );
  }

  function tick(): void {
    ticking ??= schedules
      .tick()
      .then(lookForTokens)
      .catch((error) => {
        log("warning", "what was due of keys was not done", { error: explain(error) });
      })
      .finally(() => {
        ticking = undefined;
      });
  }

  /** A token that went or came is not left for the next hour. */
  async function lookForTokens(): Promise<void> {
    if (comparing !== undefined) return;
    const gone = new Set(
      alarms.all().flatMap(({ kind, token }) => (kind === "tokenAbsent" ? token : [])),
    );
    const rows = await parts.tokenRows();
    const isNews = rows.some(({ id, state }) =>
      state === "absent" ? !gone.has(id) : state === "ready" && gone.has(id),
    );
    if (isNews) begin();
  }

  async function status(): Promise<HsmStatus> {
    const [rows, { keys, missing }] = await Promise.all([parts.tokenRows(), core.everything()]);
    const drivers = core.drivers.all().map(({ driver }) => driver.status().state);
    const bad = core.drivers.files.filter(({ problem }) => problem !== undefined);
    const states: Partial<Record<TokenRow["state"], number>> = {};
    for (const { state } of rows) states[state] = (states[state] ?? 0) + 1;
    const all = alarms.all();
    const problems = new Set<string>();
    for (const { file, problem } of bad) problems.add(`${file}: ${problem}`);
    for (const { driver } of core.drivers.all()) {
      const { state, reason, pinSource } = driver.status();
      if (state !== "ready") problems.add(`Driver ${driver.name}: ${reason || "it starts."}`);
      else if (pinSource === "none")
        problems.add(explainDriver(noPin, { driver: driver.name }).message);
    }
    for (const { what } of all) problems.add(what);
    for (const { id, state, troubles } of rows) {
      if (state === "pinWrong" || state === "pinLocked") problems.add(`${id}: ${troubles[0]}`);
    }
    for (const sentence of missing) problems.add(sentence);
    const certificates = parts.certificates.summary();
    for (const sentence of certificates?.problems ?? []) problems.add(sentence);
    return {
      at: new Date().toISOString(),
      drivers: {
        total: drivers.length + bad.length,
        ready: drivers.filter((state) => state === "ready").length,
      },
      tokens: {
        total: rows.length,
        states,
        software: rows.filter(({ assurance }) => assurance.kind === "software").length,
      },
      keys: {
        total: keys.filter(({ record }) => record.state !== "destroyed").length,
        frozen: keys.filter(({ frozen }) => frozen !== "").length,
        waiting: keys.filter(({ record }) => record.destroyAt !== undefined).length,
      },
      ...(certificates && { certificates: certificates.counts }),
      compared,
      alarms: all.slice(0, mostAlarms),
      alarmCount: all.length,
      problems: [...problems].slice(0, mostAlarms),
    };
  }

  async function reconcile({ caller, member }: Call): Promise<string> {
    const request = { kind: member, title: "Compare keys with their tokens", actor: caller.user };
    return jobs.start({ ...request, uid: caller.uid }, async (progress) => {
      // One that began before may have read before what is asked about now.
      await comparing?.catch(() => undefined);
      await compare(progress);
      if (isAway()) later(retryMs);
    });
  }

  return {
    alarms,
    status,
    handlers: { Status: status, Reconcile: reconcile },
    /** Looks a token through soon, since it is there or usable again. */
    settled(token: Token): void {
      reconciler.token(token).catch((error) => {
        log(levelOfDriver(error), "a token was not looked through", {
          ...{ token: token.id, error: explain(error) },
        });
      });
    },
    start(): void {
      begin();
      minutely = setInterval(tick, minuteMs);
      minutely.unref();
    },
    async stop(): Promise<void> {
      stopping.abort();
      clearTimeout(hourly);
      clearInterval(minutely);
      await comparing?.catch(() => undefined);
      await ticking;
    },
  };
}
