/** Drills of this node on record: filed once each, searched, and handed out newest first. */
import type { AuditEntry } from "../../audit/entry.ts";
import type { AuditWriter } from "../../audit/types.ts";
import { Cache } from "../../node/cache.ts";
import type { DrillFilter, DrillRecord, Drills } from "./answers.ts";
import { drillFiledAction, drillsIn, histogramOf } from "./histogram.ts";

type Filed = Drills["drills"][number];

/** Nobody else files any, so that only a restart of the log is missed for so long, in milliseconds. */
const lifetimeMs = 60_000;

const self = { actor: "agent", uid: process.getuid?.() ?? 0, pid: process.pid } as const;

export class FiledDrills {
  readonly #audit: AuditWriter;
  readonly #known: Cache<{ all: readonly Filed[]; histogram: Drills["histogram"] }>;

  /** @param history drills on record, newest first */
  constructor(audit: AuditWriter, history: () => Promise<readonly AuditEntry[]>) {
    this.#audit = audit;
    this.#known = new Cache(lifetimeMs, async () => {
      const all = drillsIn(await history());
      return { all, histogram: histogramOf(all) };
    });
  }

  async file(drill: DrillRecord): Promise<void> {
    const outcome = drill.error === "" ? ("success" as const) : ("failure" as const);
    const error = drill.error === "" ? {} : { error: drill.error };
    await this.#audit.append({
      ...{ action: drillFiledAction, outcome, ...self, object: drill.node, ...error },
      details: { drill },
    });
    this.#known.forget();
  }

  async page(
    filter: DrillFilter,
  ): Promise<Pick<Drills, "histogram" | "filed" | "total" | "next" | "drills">> {
    const { all, histogram } = await this.#known.get();
    return { histogram, filed: all.length, ...pageOf(all, filter) };
  }
}

/** @param drills newest first; the cursor is the event of the last one before, since more come at the front */
export function pageOf(
  drills: readonly Filed[],
  { text, cursor, limit }: DrillFilter,
): Pick<Drills, "total" | "next" | "drills"> {
  const wanted = text.trim().toLowerCase();
  const found = drills.filter((drill) => says(drill, wanted));
  const before = cursor === "" ? Number.POSITIVE_INFINITY : Number(cursor);
  const from = found.filter(({ sequence }) => sequence < before);
  const page = from.slice(0, limit);
  const next = from.length > limit ? String(page.at(-1)?.sequence) : "";
  return { total: found.length, next, drills: page };
}

function says({ id, kind, node, by, reason, error, nodes, missing }: Filed, wanted: string) {
  const told = [id, kind, node, by, reason, error, ...nodes.map((one) => one.node), ...missing];
  return told.some((one) => one.toLowerCase().includes(wanted));
}
