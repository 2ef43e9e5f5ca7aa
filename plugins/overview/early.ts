/**
 * Asks the agent before anything is drawn: by the time React is up, the answers are often there.
 * Imported first, so that it runs before the other modules of the bundle.
 */
import { agent } from "../../agent/agent/contract.ts";
import { cluster } from "../../agent/cluster/contract.ts";
import { node } from "../../agent/node/contract.ts";
import { client } from "../lib/client.ts";

export const earlyCapabilities = client(agent).GetCapabilities();

/** Each serves the first question, and no part that is shown anew later. */
function once<T>(asked: Promise<T>): () => Promise<T> | undefined {
  // Whoever uses the answer shows the failure; until then it must not count as unhandled.
  asked.catch(() => undefined);
  let left: Promise<T> | undefined = asked;
  return () => {
    const first = left;
    left = undefined;
    return first;
  };
}

export const takeNode = once(client(node).Show());
export const takeCluster = once(client(cluster).Status());
earlyCapabilities.catch(() => undefined);
