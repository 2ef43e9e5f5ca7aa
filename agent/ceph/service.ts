/** Storage on Ceph: what can be asked, put together from its areas. */
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import type { ceph } from "./contract.ts";
import { type Core, type CoreParts, createCore } from "./core.ts";
import { createViews } from "./views/service.ts";

export interface CephService {
  handlers: Handlers<typeof ceph, Call>;
  core: Core;
  stop(): Promise<void>;
}

export function createCeph(parts: CoreParts): CephService {
  const core = createCore(parts);
  const status = async () => core.link.status();
  const health = () => core.facts.ask("health", undefined);
  const views = createViews(core);
  return {
    core,
    handlers: {
      Status: status,
      Health: health,
      ...views.handlers,
    },
    async stop() {
      await views.stop();
      await core.link.close();
    },
  };
}
