/** Asks the monitors how the cluster is, and tells the state that the link is in by it. */
import { type Answer, type Helper, HelperError } from "./process.ts";
import { judgeReleases, type Releases, versionIn } from "./releases.ts";
import type { CephState } from "./types.ts";
import { isDenial, isTimeout, type Places, reasons } from "./words.ts";

/** How long monitors have to answer before they are said to have no quorum. */
export const probeMs = 2500;
/** To count versions is work for a monitor, and the more so the more daemons there are. */
const countMs = { calm: 30_000, mixed: 3000 };

export interface Found {
  state: Extract<CephState, "ready" | "old" | "refused" | "failed" | "noQuorum">;
  reason: string;
  /** Of the monitor that answered; empty where none did. */
  version: string;
  /** What the monitors say of the cluster's health, as it came. */
  health: string;
}

type Asked = Pick<Helper, "ask">;

export class Probe {
  readonly #places: Places;
  #releases: Releases = { old: false, reason: "" };
  /** That they were counted with. */
  #monitor = "";
  #countAt = 0;

  constructor(places: Places) {
    this.#places = places;
  }

  /**
   * Asks for health, and for something small that monitors answer with a quorum only: one that was
   * left alone goes on telling the health of before.
   *
   * @returns undefined where the helper ended meanwhile
   */
  async look(helper: Asked): Promise<Found | undefined> {
    let answers: [Answer, Answer, Answer];
    const ask = (prefix: string) => helper.ask("mon", { prefix, format: "json" }, probeMs);
    try {
      answers = await Promise.all([ask("health"), ask("osd stat"), ask("version")]);
    } catch (error) {
      if (!(error instanceof HelperError)) throw error;
      return error.kind === "late" ? found("noQuorum", reasons.noQuorum) : undefined;
    }
    const [health, , told] = answers;
    if (answers.some(({ ret }) => isTimeout(ret))) return found("noQuorum", reasons.noQuorum);
    if (isDenial(health.ret)) return found("refused", reasons.mayNotRead(this.#places));
    const version = told.ret === 0 ? versionIn(told.payload.toString("utf8")) : "";
    const { old, reason } = await this.#count(helper, version);
    if (old) return { state: "old", reason, version, health: "" };
    if (health.ret !== 0) return found("failed", reasons.badConfig(this.#places, health.words));
    return { state: "ready", reason, version, health: health.payload.toString("latin1") };
  }

  async #count(helper: Asked, monitor: string): Promise<Releases> {
    if (monitor === this.#monitor && performance.now() < this.#countAt) return this.#releases;
    let versions: unknown;
    try {
      const command = { prefix: "versions", format: "json" };
      const { ret, payload } = await helper.ask("mon", command, probeMs);
      if (ret === 0) versions = JSON.parse(payload.toString("utf8"));
    } catch (error) {
      // By the monitor's own then, until they can be counted.
      if (!(error instanceof HelperError) && !(error instanceof SyntaxError)) throw error;
    }
    this.#releases = judgeReleases(monitor, versions);
    this.#monitor = monitor;
    const isCalm = versions !== undefined && this.#releases.reason === "";
    this.#countAt = performance.now() + (isCalm ? countMs.calm : countMs.mixed);
    return this.#releases;
  }
}

function found(state: Found["state"], reason: string): Found {
  return { state, reason, version: "", health: "" };
}
