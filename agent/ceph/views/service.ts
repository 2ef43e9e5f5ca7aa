/** Topology, capacity and encryption: what the thread answers, and samples of how full it is. */
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import type { Answers } from "../area.ts";
import { Samples } from "../capacity/growth.ts";
import type { capacityMembers } from "../capacity/members.ts";
import type { encryptionMembers } from "../encryption/members.ts";
import type { Ceph } from "../link/types.ts";
import type { topologyMembers } from "../topology/members.ts";
import { Views } from "./views.ts";

export interface ViewsService {
  handlers: Answers<typeof topologyMembers & typeof capacityMembers & typeof encryptionMembers>;
  stop(): Promise<void>;
}

const sampleMs = 600_000;
/** Thirty days. */
const mostSamples = 4320;

const usedSchema = v.object({ stats: v.object({ total_used_raw_bytes: v.number() }) });

export function createViews({ link, log }: { link: Ceph; log: Log }): ViewsService {
  const views = new Views(link);
  const samples = new Samples(mostSamples);
  link.onChanged(() => views.stale());

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
      Topology: (_call, filter) => views.ask("topology", filter),
      async Capacity(_call, filter) {
        if (samples.all().length === 0) await sample();
        return await views.ask("capacity", { filter, samples: samples.all() });
      },
      async Encryption(_call, filter) {
        await views.askSettings();
        return await views.ask("encryption", filter);
      },
    },
    async stop() {
      clearInterval(sampling);
      await views.close();
    },
  };
}
