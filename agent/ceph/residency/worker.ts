/** Program of the thread that proves where a cluster's data is. */
import { parentPort, workerData } from "node:worker_threads";
import { explain } from "../../log.ts";
import { prove } from "./prove.ts";
import type { ProofReply, ProofRequest } from "./thread.ts";

function read(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

function reply({ texts, holdings, exits, ground, demands }: ProofRequest): ProofReply {
  try {
    const { osdmap, crush, pgs } = texts;
    const evidence = {
      osdmap: read(osdmap),
      crush: read(crush),
      pgs: pgs === undefined ? undefined : read(pgs),
      ...{ holdings, exits },
    };
    return { verdict: prove(evidence, ground, demands) };
  } catch (error) {
    return { failed: explain(error) };
  }
}

parentPort?.postMessage(reply(workerData as ProofRequest));
