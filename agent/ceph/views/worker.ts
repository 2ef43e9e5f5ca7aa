/**
 * Program of the thread that holds what was read of the cluster: with thousands of OSDs that is
 * megabytes of JSON, which would hold the agent's loop. It keeps them, and answers pages.
 */
import { parentPort } from "node:worker_threads";
import { DsecosError } from "../../bus/errors.ts";
import { Holder } from "./holder.ts";
import type { Reply, Request } from "./thread.ts";

const holder = new Holder();

function reply({ id, put, kind, ask }: Request): Reply {
  try {
    for (const one of put) holder.put(one);
    return { id, answer: holder.answer(kind, ask) };
  } catch (error) {
    if (!(error instanceof DsecosError)) throw error;
    return { id, code: error.code, message: error.message };
  }
}

parentPort?.on("message", (request: Request) => parentPort?.postMessage(reply(request)));
