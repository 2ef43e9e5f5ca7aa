/** Who is calling, and what that person may do. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Call, Caller } from "../bus/call.ts";
import { actionId, type Handlers, type Interface, roles } from "../bus/contract.ts";
import type { Polkit } from "../bus/polkit.ts";
import { explain, type Log } from "../log.ts";
import type { agent } from "./contract.ts";

const run = promisify(execFile);

export interface AgentOptions {
  contracts: readonly Interface[];
  polkit: Polkit;
  node: string;
  version: string;
  log: Log;
}

export function createAgent(options: AgentOptions): { handlers: Handlers<typeof agent, Call> } {
  const { contracts, polkit, node, version } = options;
  return {
    handlers: {
      async GetCapabilities({ caller }) {
        const keys = new Map<string, string>();
        for (const contract of contracts) {
          for (const action of Object.keys(contract.actions)) {
            keys.set(`${contract.subsystem}.${action}`, actionId(contract, action));
          }
        }
        const asked = [...keys].map(async ([key, id]) => {
          return [key, await polkit.allows(caller, id, { node })] as const;
        });
        const actions = Object.fromEntries(await Promise.all(asked));
        const held = await rolesOf(caller, options.log);
        return { user: caller.user, uid: caller.uid, roles: held, node, version, actions };
      },
    },
  };
}

/** Only for the page to say it; permission is polkit's. */
async function rolesOf(caller: Caller, log: Log): Promise<string[]> {
  try {
    const options = { timeout: 5000, maxBuffer: 65536 };
    const { stdout } = await run("id", ["-nG", "--", caller.user], options);
    const groups = new Set(stdout.trim().split(/\s+/));
    return roles.filter((role) => groups.has(`dsecos-${role}`));
  } catch (error) {
    log("warning", "the groups of a caller are not known", { error: explain(error) });
    return [];
  }
}
