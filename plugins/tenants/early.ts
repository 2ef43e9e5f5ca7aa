/**
 * Asks the agent before anything is drawn: by the time React is up, the answers are often there.
 * Imported first, so that it runs before the other modules of the bundle.
 */
import type { Capabilities } from "../../agent/agent/contract.ts";
import { agent } from "../../agent/agent/contract.ts";
import { client } from "../lib/client.ts";
import { place } from "../lib/location.ts";
import { loadTenants, type TenantPage } from "./load.ts";
import { readView } from "./view.ts";

const here = place();

/** Undefined where the address names one tenant, whose page asks for other things. */
export const earlyTenants: Promise<TenantPage> | undefined =
  here.path.length === 0 ? loadTenants(readView(here)) : undefined;

export const earlyCapabilities: Promise<Capabilities> = client(agent).GetCapabilities();

// Whoever uses the answers shows the failure; until then it must not count as unhandled.
earlyTenants?.catch(() => undefined);
earlyCapabilities.catch(() => undefined);
