/** What an operator does with OSDs, rules and flags. */

import * as v from "valibot";
import type { AuditWriter } from "../../audit/types.ts";
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { Answers } from "../area.ts";
import type { Core } from "../core.ts";
import { Acts, notCompared } from "./acts.ts";
import { type Act, type Change, type OsdChange, ownPools } from "./answers.ts";
import { FlagKeeper } from "./flags.ts";
import type { actionMembers } from "./members.ts";
import { Predictor, type PredictorParts } from "./predictor.ts";
import type { Predicted } from "./question.ts";

export interface ActionsParts extends Core, Pick<PredictorParts, "map"> {
  audit: AuditWriter;
  /** Told what changed: flags or acts. */
  changed: (what: string) => void;
  now?: () => number;
}

export function createActions(parts: ActionsParts) {
  const { link, audit, changed, now = Date.now } = parts;
  const predictor = new Predictor(parts);
  const acts = new Acts({ ...parts, predictor, changed: () => changed("acts") });
  const flags = new FlagKeeper({ ...parts, audit, now, changed: () => changed("flags") });

  /** Does what was predicted, and begins to compare. */
  async function act(
    call: Call,
    { predicted, reason }: { predicted: Predicted; reason: string },
    work: () => Promise<unknown>,
  ): Promise<Act> {
    const { prediction } = predicted;
    const { epoch, state, groups, movedKiB, movedObjects, undo, dangers } = prediction;
    call.note({
      predicted: { epoch, state, groups, movedKiB, movedObjects, dangers: dangers.slice(0, 5) },
      undo: undo.command,
    });
    const copied = await copiedBefore();
    await work();
    const made: Act = {
      ...{ id: call.id, at: new Date(now()).toISOString(), by: call.caller.user, reason },
      ...{ prediction, comparison: notCompared() },
    };
    if (state === "known") acts.add(made, predicted, copied);
    else {
      const why = "Nothing was predicted that could be compared.";
      acts.keep({ ...made, comparison: { ...made.comparison, state: "failed", why } });
    }
    changed("acts");
    return made;
  }

  async function copiedBefore(): Promise<number | undefined> {
    try {
      return await acts.copied();
    } catch (error) {
      if (error instanceof DsecosError) return undefined;
      throw error;
    }
  }

  async function setOsd(call: Call, wanted: OsdChange, isAnyway: boolean): Promise<Act> {
    const { reason, ...change } = wanted;
    const { in: isIn } = await infoOf(link, change.osd);
    if (change.what !== "reweight" && isIn === (change.what === "in" ? 1 : 0)) {
      throw new DsecosError("Conflict", `osd.${change.osd} is ${change.what} already.`);
    }
    const predicted = await predictor.predict(change);
    requireHarmless(predicted, isAnyway ? "full" : "any");
    return act(call, { predicted, reason }, () => command(link, change));
  }

  async function setPoolRule(call: Call, pool: string, rule: string, reason: string) {
    if (pool.startsWith(ownPools)) {
      const what = `${pool} holds tenants' volumes, which lie where they were declared to; its rule stays.`;
      throw new DsecosError("Conflict", what);
    }
    const predicted = await predictor.predict({ what: "rule", pool, rule });
    requireHarmless(predicted, "full");
    return act(call, { predicted, reason }, () =>
      link.mon("osd pool set", { pool, var: "crush_rule", val: rule }),
    );
  }

  const told = async () => ({ acts: acts.list() });
  const set = () => flags.list();
  const handlers: Answers<typeof actionMembers> = {
    PredictChange: async (_call, change) => (await predictor.predict(change)).prediction,
    SetOsd: (call, change) => setOsd(call, change, false),
    SetOsdAnyway: (call, change) => setOsd(call, change, true),
    SetPoolRule: setPoolRule,
    Acts: told,
    Flags: set,
    SetFlag: (call, flag, minutes, reason) => flags.set(call, flag, minutes, reason),
    EndFlag: (_call, flag) => flags.end(flag),
  };

  return {
    handlers,
    fingerprints: {
      /** An approval holds for the OSD, and for the pool, as it was. */
      SetOsdAnyway: async (_call: Call, { osd }: OsdChange) =>
        JSON.stringify(await infoOf(link, osd)),
      SetPoolRule: async (_call: Call, pool: string) =>
        JSON.stringify(await link.mon("osd pool get", { pool, var: "crush_rule" })),
    },
    flags,
    predict: (change: Change) => predictor.predict(change),
    compare: (predicted: Predicted) => predictor.compare(predicted),
    start: () => flags.start(),
    async stop() {
      await flags.stop();
      await acts.stop();
    },
  };
}

/** @param against whatever is dangerous, or only what nobody may do */
function requireHarmless({ prediction }: Predicted, against: "any" | "full"): void {
  const { dangers, passes, residency } = prediction;
  if (residency.verdict === "breaks") {
    const what = `It is not done, since data would leave where it must stay: ${residency.reasons[0]}`;
    throw new DsecosError("Conflict", what);
  }
  const [full] = passes.full;
  if (full !== undefined) {
    const what = `It is not done, since osd.${full} would be full and writing would stop; make room first.`;
    throw new DsecosError("Conflict", what);
  }
  const [danger] = dangers;
  if (against === "full" || danger === undefined) return;
  const what = `${danger} SetOsdAnyway does it nevertheless, with a second person.`;
  throw new DsecosError("Conflict", what);
}

function command(link: Core["link"], { what, osd, weight }: Change): Promise<unknown> {
  if (what === "reweight") return link.mon("osd reweight", { id: osd, weight });
  return link.mon(`osd ${what}`, { ids: [String(osd)] });
}

const infoSchema = v.object({ up: v.number(), in: v.number(), weight: v.number() });

/** @throws DsecosError NotFound */
async function infoOf(link: Core["link"], osd: number) {
  return v.parse(infoSchema, await link.mon("osd info", { id: osd }));
}
