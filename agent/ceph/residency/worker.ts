/** Program of the thread that proves where a cluster's data is. */
import { parentPort, workerData } from "node:worker_threads";
import { explain } from "../../log.ts";
import { breaches } from "./gate.ts";
import { prove } from "./prove.ts";
import type { ProofReply, ProofRequest } from "./thread.ts";

function reply({ texts, exits, ground, demands, changes }: ProofRequest): ProofReply {
  const evidence = { ...texts, exits };
  try {
    if (changes !== undefined) return { breaches: breaches(evidence, ground, demands, changes) };
    return { verdict: prove(evidence, ground, demands) };
  } catch (error) {
    return { failed: explain(error) };
  }
}

parentPort?.postMessage(reply(workerData as ProofRequest));
