/** Predictions from facts that are read for them anew, and what Ceph itself says to it. */
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import type { Core } from "../core.ts";
import type { JurisdictionMap } from "../residency/map/document.ts";
import type { Asked, Change } from "./answers.ts";
import type { Compared } from "./compare.ts";
import type { Predicted } from "./question.ts";
import type { Jurisdictions } from "./residency.ts";

/** Of more groups than these what is in each is not asked for: it would be tens of megabytes. */
const mostMeasured = 5000;

const pgStatSchema = v.object({
  num_pgs: v.optional(v.number()),
  pg_summary: v.optional(v.object({ num_pgs: v.number() })),
});

export interface PredictorParts extends Core {
  /** The signed map that holds. @throws DsecosError where there is none */
  map: () => Promise<JurisdictionMap>;
}

export class Predictor {
  readonly #parts: PredictorParts;

  constructor(parts: PredictorParts) {
    this.#parts = parts;
  }

  /** @throws DsecosError */
  async predict(change: Change): Promise<Predicted> {
    const { apart } = this.#parts;
    const ask = { change, jurisdictions: await this.#jurisdictions() };
    const question = (await this.#isLarge()) ? "predictLarge" : "predict";
    const [predicted, asked] = await Promise.all([
      apart.ask(question, ask),
      change.what === "out" ? this.#ask(change.osd ?? 0) : [],
    ]);
    return { ...predicted, prediction: { ...predicted.prediction, asked } };
  }

  /** @throws DsecosError */
  compare({ before, after }: Predicted): Promise<Compared> {
    return this.#parts.apart.ask("compare", { before, after });
  }

  async #jurisdictions(): Promise<Jurisdictions> {
    try {
      return { map: await this.#parts.map() };
    } catch (error) {
      if (error instanceof DsecosError) return { none: error.message };
      throw error;
    }
  }

  async #isLarge(): Promise<boolean> {
    try {
      const stat = v.parse(pgStatSchema, await this.#parts.link.mgr("pg stat"));
      return (stat.pg_summary?.num_pgs ?? stat.num_pgs ?? mostMeasured + 1) > mostMeasured;
    } catch (error) {
      // The question itself says what is missing then.
      if (error instanceof DsecosError) return true;
      throw error;
    }
  }

  #ask(osd: number): Promise<Asked[]> {
    return Promise.all([
      this.#askOne("okToStop", "osd ok-to-stop", osd),
      this.#askOne("safeToDestroy", "osd safe-to-destroy", osd),
    ]);
  }

  async #askOne(question: Asked["question"], prefix: string, osd: number): Promise<Asked> {
    try {
      const said = await this.#parts.link.mgr(prefix, { ids: [String(osd)] });
      return { question, ...saidOf(said, osd) };
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      const yes = error.code === "Conflict" ? false : null;
      return { question, yes, says: error.message.slice(0, 500) };
    }
  }
}

const groupNames = v.optional(v.array(v.string()), []);
const safetySchema = v.object({
  ok_to_stop: v.optional(v.boolean()),
  ok_become_degraded: groupNames,
  ok_become_more_degraded: groupNames,
  bad_become_inactive: groupNames,
  safe_to_destroy: v.optional(v.array(v.number())),
  missing_stats: v.optional(v.array(v.number()), []),
});

/** Some versions refuse the command in the place of saying no. */
function saidOf(said: unknown, osd: number): Omit<Asked, "question"> {
  const result = v.safeParse(safetySchema, said);
  if (!result.success) return { yes: null, says: "It is answered in another form than is known." };
  const { ok_to_stop, safe_to_destroy, missing_stats, ...groups } = result.output;
  const counts = [
    ["would have a copy too few", groups.ok_become_degraded],
    ["would have one copy fewer yet", groups.ok_become_more_degraded],
    ["could not be read or written", groups.bad_become_inactive],
  ] as const;
  const says = counts.flatMap(([words, of]) => (of.length > 0 ? `${of.length} ${words}` : []));
  const yes = ok_to_stop ?? safe_to_destroy?.includes(osd) ?? null;
  if (!missing_stats.includes(osd)) return { yes, says: says.join(", ") };
  return { yes: null, says: `The manager knows nothing of osd.${osd}.` };
}
