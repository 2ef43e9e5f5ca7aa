/** Storage on Ceph: what can be asked, put together from its areas. */
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import type { Answers } from "./area.ts";
import { createCapacity } from "./capacity/service.ts";
import type { ceph } from "./contract.ts";
import { type Core, type CoreParts, createCore } from "./core.ts";
import { createEncryption } from "./encryption/service.ts";
import type { topologyMembers } from "./topology/members.ts";

export interface CephService {
  handlers: Handlers<typeof ceph, Call>;
  core: Core;
  stop(): Promise<void>;
}

export function createCeph(parts: CoreParts): CephService {
  const core = createCore(parts);
  const status = async () => core.link.status();
  const health = () => core.facts.ask("health", undefined);
  const topology: Answers<typeof topologyMembers> = {
    Topology: (_call, filter) => core.facts.ask("topology", filter),
  };
  const capacity = createCapacity(core);
  return {
    core,
    handlers: {
      Status: status,
      Health: health,
      ...topology,
      ...capacity.handlers,
      ...createEncryption(core),
    },
    async stop() {
      capacity.stop();
      await core.facts.close();
      await core.link.close();
    },
  };
}
