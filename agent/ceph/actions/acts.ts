/** What was done since the agent started: what was predicted, followed until nothing moves any more. */
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import type { AuditWriter } from "../../audit/types.ts";
import { DsecosError } from "../../bus/errors.ts";
import { explain } from "../../log.ts";
import type { Core } from "../core.ts";
import type { Act, Comparison } from "./answers.ts";
import type { Predictor } from "./predictor.ts";
import type { Predicted } from "./question.ts";

const mostActs = 50;
const second = 1000;
/** Between two looks, the last for all after it: groups are placed anew within seconds. */
const pausesMs = [0.5, 1, 1, 2, 2, 4, 8, 15, 30].map((seconds) => seconds * second);
/** Where groups are elsewhere than predicted for so long, they stay there. */
const placedMs = 60 * second;
/** Of a cluster that moves data for longer than this nobody tells what it was for. */
const movedMs = 24 * 3600 * second;

const poolsSchema = v.object({
  pool_stats: v.array(v.object({ stat_sum: v.object({ num_bytes_recovered: v.number() }) })),
});
const statusSchema = v.object({
  pgmap: v.object({
    pgs_by_state: v.array(v.object({ state_name: v.string() })),
    degraded_objects: v.optional(v.number(), 0),
    misplaced_objects: v.optional(v.number(), 0),
  }),
});

const moving = /recover|backfill|peering|activating|wait/;

export interface ActsParts extends Core {
  audit: AuditWriter;
  predictor: Predictor;
  changed: () => void;
}

export class Acts {
  readonly #parts: ActsParts;
  readonly #acts: Act[] = [];
  readonly #stopping = new AbortController();
  readonly #following = new Set<Promise<void>>();

  constructor(parts: ActsParts) {
    this.#parts = parts;
  }

  list(): Act[] {
    return [...this.#acts];
  }

  /** What Ceph has counted as copied since it was made, in bytes. @throws DsecosError */
  async copied(): Promise<number> {
    const dump = await this.#parts.link.mgr("pg dump", { dumpcontents: ["pools"] });
    const { pool_stats } = v.parse(poolsSchema, dump);
    return pool_stats.reduce((sum, { stat_sum }) => sum + stat_sum.num_bytes_recovered, 0);
  }

  /** @param copied before it was done, in bytes; undefined where nobody told */
  add(act: Act, predicted: Predicted, copied: number | undefined): void {
    this.keep(act);
    const following = this.#follow(act, predicted, copied)
      .catch((error) => {
        if (this.#stopping.signal.aborted) return;
        this.#parts.log("error", "an act could not be compared", { error: explain(error) });
      })
      .finally(() => this.#following.delete(following));
    this.#following.add(following);
  }

  /** One that is not compared. */
  keep(act: Act): void {
    this.#acts.unshift(act);
    this.#acts.splice(mostActs);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#following);
  }

  async #follow(act: Act, predicted: Predicted, copied: number | undefined): Promise<void> {
    const began = performance.now();
    const { signal } = this.#stopping;
    for (let look = 0; !isOver(act); look += 1) {
      await sleep(pausesMs[Math.min(look, pausesMs.length - 1)], undefined, { ref: false, signal });
      const age = performance.now() - began;
      let why = "";
      try {
        await this.#look(act, predicted, { age, copied });
      } catch (error) {
        if (!(error instanceof DsecosError)) throw error;
        why = error.message;
      }
      if (isOver(act) || age < movedMs) continue;
      const late = why || "Data still moves after a day, for whatever reason.";
      await this.#put(act, { ...act.comparison, state: "failed", why: late });
      return;
    }
  }

  async #look(
    act: Act,
    predicted: Predicted,
    { age, copied }: { age: number; copied: number | undefined },
  ): Promise<void> {
    const { link } = this.#parts;
    const { pgmap } = v.parse(statusSchema, await link.mon("status"));
    const { comparison } = act;
    const objects = pgmap.degraded_objects + pgmap.misplaced_objects;
    comparison.peakObjects = Math.max(comparison.peakObjects, objects);
    if (comparison.state === "waiting") {
      const compared = await this.#parts.predictor.compare(predicted);
      if (compared.different > 0 && age < placedMs) return;
      await this.#put(act, { ...comparison, ...compared, state: "compared" });
      return;
    }
    if (pgmap.pgs_by_state.some(({ state_name }) => moving.test(state_name))) return;
    const copiedKiB =
      copied === undefined ? null : Math.round(((await this.copied()) - copied) / 1024);
    await this.#put(act, { ...comparison, copiedKiB, state: "finished" });
  }

  /** On record is where groups went, and then how much was copied. */
  async #put(act: Act, comparison: Comparison): Promise<void> {
    act.comparison = { ...comparison, at: new Date().toISOString() };
    const { change, movedKiB, movedObjects, groups } = act.prediction;
    await this.#parts.audit.append({
      ...{ action: "ceph.ActCompared", outcome: "note", object: String(change.osd ?? change.pool) },
      ...{ actor: "agent", uid: process.getuid?.() ?? 0 },
      details: {
        ...{ act: act.id, by: act.by, change },
        predicted: { groups: groups.moved, movedKiB, movedObjects },
        came: act.comparison,
      },
    });
    this.#parts.changed();
  }
}

const isOver = ({ comparison }: Act) => comparison.state === "finished";

export function notCompared(): Comparison {
  return {
    ...{ state: "waiting", why: "", at: new Date().toISOString() },
    ...{ same: 0, different: 0, differing: [], movedGroups: 0, movedKiB: 0 },
    ...{ copiedKiB: null, peakObjects: 0 },
  };
}
