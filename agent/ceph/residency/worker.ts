/** Program of the thread that proves where a cluster's data is. */
import { parentPort, workerData } from "node:worker_threads";
import { explain } from "../../log.ts";
import { prove } from "./prove.ts";
import type { ProofReply, ProofRequest } from "./thread.ts";

function reply({ texts, exits, ground, demands }: ProofRequest): ProofReply {
  try {
    return { verdict: prove({ ...texts, exits }, ground, demands) };
  } catch (error) {
    return { failed: explain(error) };
  }
}

parentPort?.postMessage(reply(workerData as ProofRequest));
