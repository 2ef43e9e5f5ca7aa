/** Room in the cluster, and samples of how full it is for as long as the agent runs. */
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import { explain } from "../../log.ts";
import type { Answers } from "../area.ts";
import type { Core } from "../core.ts";
import { Samples } from "./growth.ts";
import type { capacityMembers } from "./members.ts";

export interface CapacityService {
  handlers: Answers<typeof capacityMembers>;
  stop(): void;
}

const sampleMs = 600_000;
/** Thirty days. */
const mostSamples = 4320;

const usedSchema = v.object({ stats: v.object({ total_used_raw_bytes: v.number() }) });

export function createCapacity({ link, facts, log }: Core): CapacityService {
  const samples = new Samples(mostSamples);

  async function sample(): Promise<void> {
    if (link.status().state !== "ready") return;
    try {
      const used = v.parse(usedSchema, await link.mon("df")).stats.total_used_raw_bytes;
      samples.add({ at: Date.now(), usedKiB: Math.floor(used / 1024) });
    } catch (error) {
      // The link itself says when the cluster is away; a gap in the samples does no harm.
      if (error instanceof DsecosError) return;
      log("warning", "how full Ceph is could not be noted", { error: explain(error) });
    }
  }

  const sampling = setInterval(() => void sample(), sampleMs).unref();
  return {
    handlers: {
      async Capacity(_call, filter) {
        if (samples.all().length === 0) await sample();
        return await facts.document("capacity", { filter, samples: samples.all() });
      },
    },
    stop: () => clearInterval(sampling),
  };
}
