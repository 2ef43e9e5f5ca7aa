/**
 * Asks the agent before anything is drawn: by the time React is up, the answers are often there.
 * Imported first, so that it runs before the other modules of the bundle.
 */
import { agent } from "../../agent/agent/contract.ts";
import { ceph } from "../../agent/ceph/contract.ts";
import { client } from "../lib/client.ts";

export const earlyCapabilities = client(agent).GetCapabilities();
export const earlyStatus = client(ceph).Status();

// Whoever uses the answers shows the failure; until then it must not count as unhandled.
earlyCapabilities.catch(() => undefined);
earlyStatus.catch(() => undefined);
