/** The newest proof of where data is: made every minute, and when the cluster says that it changed. */
import type { AuditWriter } from "../../audit/types.ts";
import { DsecosError, sentenceFor } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import { neverProved, type Residency } from "./answers.ts";
import type { Change } from "./changes.ts";
import type { ExitParts } from "./exits/read.ts";
import { gather, gatherMaps } from "./gather.ts";
import { demandsOf, type JurisdictionMap } from "./map/document.ts";
import { breachesApart, proveApart, residencyProgram } from "./thread.ts";
import type { Verdict } from "./verdict.ts";

export const residencyAction = "ceph.Residency";
const everyMs = 60_000;
/** Of each pool on record; the log takes 16 KiB of details. */
const mostPools = 20;
const mostFindings = 3;

export interface ResidencyParts extends ExitParts {
  audit: AuditWriter;
  log: Log;
  /** The signed map that holds. @throws NotFound where there is none, Conflict where it is not believed */
  map: () => Promise<JurisdictionMap>;
  /** Told when the verdict changed. */
  changed: () => void;
  /** The thread's program; beside the agent's unless told. */
  program?: URL;
}

export class ResidencyWatch {
  readonly #parts: ResidencyParts;
  #last: Residency = neverProved;
  #recorded = "";
  #running: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #stopping = new AbortController();

  constructor(parts: ResidencyParts) {
    this.#parts = parts;
  }

  get last(): Residency {
    return this.#last;
  }

  start(): void {
    this.#timer = setInterval(() => this.trigger(), everyMs).unref();
    this.trigger();
  }

  /** Proves now, or once more behind the proof that runs. */
  trigger(): void {
    this.prove().catch((error) => {
      this.#parts.log("error", "residency could not be proved", { error: explain(error) });
    });
  }

  /** Resolves when a proof has ended that began after this was called. */
  async prove(): Promise<void> {
    if (this.#running !== undefined) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#work().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /**
   * What speaks against changes that are about to be made, by the cluster as it is now.
   *
   * @param changes all of them, in their order
   * @returns sentences; empty where data of all pools would still stay where it must, or nobody signed
   *   a map of where that is
   * @throws DsecosError where it cannot be judged, so that the change must not be made
   */
  async breaches(changes: readonly Change[]): Promise<string[]> {
    const { link, program = residencyProgram() } = this.#parts;
    let map: JurisdictionMap;
    try {
      map = await this.#parts.map();
    } catch (error) {
      if (error instanceof DsecosError && error.code === "NotFound") return [];
      throw error;
    }
    const request = { ...(await gatherMaps(link)), ground: map, demands: demandsOf(map), changes };
    return breachesApart(request, program, this.#stopping.signal);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#running?.catch(() => {});
  }

  async #work(): Promise<void> {
    do {
      this.#again = false;
      const { state, reason } = this.#parts.link.status();
      if (state === "ready") await this.#put(await this.#proved());
      // Nothing is proven any more; where there never was a cluster, nothing is said.
      else if (this.#last.state !== "never") await this.#put(failed(reason));
    } while (this.#again && !this.#stopping.signal.aborted);
  }

  async #proved(): Promise<Residency> {
    const { program = residencyProgram() } = this.#parts;
    const at = new Date().toISOString();
    try {
      const map = await this.#parts.map();
      const request = { ...(await gather(this.#parts, map)), ground: map, demands: demandsOf(map) };
      const verdict = await proveApart(request, program, this.#stopping.signal);
      return { state: "proved", at, error: "", map: map.serial, verdict };
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      return failed(sentenceFor(error));
    }
  }

  /** On record is what changed: verdicts of pools and why, not every epoch. */
  async #put(residency: Residency): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#last = residency;
    const summary = JSON.stringify([residency.error, residency.map, outcomes(residency.verdict)]);
    if (summary === this.#recorded) return;
    const { verdict, state, error } = residency;
    await this.#parts.audit.append({
      action: residencyAction,
      outcome: verdict?.verdict === "proven" ? "success" : "failure",
      ...{ actor: "agent", uid: process.getuid?.() ?? 0 },
      details: { state, map: residency.map, ...(verdict === null ? {} : recordOf(verdict)) },
      ...(verdict?.verdict === "proven" ? {} : { error: error || sentenceOf(verdict) }),
    });
    this.#recorded = summary;
    this.#parts.changed();
  }
}

function failed(error: string): Residency {
  return { ...neverProved, state: "failed", at: new Date().toISOString(), error };
}

function outcomes(verdict: Verdict | null): unknown {
  return verdict?.pools.map(({ pool, verdict: outcome, totals }) => {
    return [pool, outcome, Object.keys(totals)];
  });
}

function sentenceOf(verdict: Verdict | null): string {
  if (verdict === null) return "";
  const { violated, unknown } = verdict.counts;
  return `${violated} pools violate where they may be, ${unknown} are not proven`;
}

/** The worst first, as many as the log takes. */
function recordOf({ verdict, cluster, epoch, inputs, counts, pools }: Verdict) {
  const rank = { violated: 0, unknown: 1, proven: 2 };
  const worst = [...pools].sort((a, b) => rank[a.verdict] - rank[b.verdict]).slice(0, mostPools);
  return {
    ...{ verdict, cluster, epoch, inputs, counts },
    pools: worst.map(({ pool, verdict: outcome, total, findings }) => ({
      ...{ pool, verdict: outcome, total },
      findings: findings.slice(0, mostFindings).map(({ sentence }) => sentence.slice(0, 200)),
    })),
  };
}
