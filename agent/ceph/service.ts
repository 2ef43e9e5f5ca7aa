/** Storage on Ceph: what can be asked, put together from its areas. */
import type { Kept } from "../audit/trace/kept.ts";
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import type { Fingerprint } from "../bus/dispatch.ts";
import { createActions } from "./actions/service.ts";
import type { Answers } from "./area.ts";
import { createCapacity } from "./capacity/service.ts";
import type { ceph } from "./contract.ts";
import { type Core, type CoreParts, createCore } from "./core.ts";
import { DaemonWatch } from "./daemons/watch.ts";
import { createDevices } from "./devices/service.ts";
import { createEncryption } from "./encryption/service.ts";
import { DaemonSettings } from "./encryption/settings.ts";
import { createKeyrings } from "./keyrings/service.ts";
import { createPools } from "./pools/service.ts";
import { createProgress } from "./progress/service.ts";
import { createMaps, type MapParts } from "./residency/map/service.ts";
import { type ResidencyParts, ResidencyWatch } from "./residency/watch.ts";
import { createSettings } from "./settings/service.ts";
import type { topologyMembers } from "./topology/members.ts";
import { createVolumes, type VolumesParts } from "./volumes/service.ts";

export interface CephParts
  extends CoreParts,
    Omit<VolumesParts, "ceph" | "crush" | "changed" | "map" | "breaches"> {
  map: ResidencyParts["map"];
  /** Where the map is, and whose signature is believed. */
  mapPlaces: MapParts["places"];
}

export interface CephService {
  handlers: Handlers<typeof ceph, Call>;
  fingerprints: Record<string, Fingerprint>;
  core: Core;
  start(): void;
  /** Something changed in Incus. */
  tenantsChanged(): void;
  /** Volumes of a tenant that are made, and the newest proof of where pools are. */
  kept(tenant: string): Promise<Omit<Kept, "tokens">>;
  /** @throws Conflict while a tenant has volumes */
  requireNoVolumes(tenant: string): Promise<void>;
  stop(): Promise<void>;
}

export function createCeph(parts: CephParts): CephService {
  const core = createCore(parts);
  const running = new DaemonSettings(core.link);
  const daemons = new DaemonWatch({ ...core, changed: () => parts.changed("cluster") });
  const status = async () => daemons.report();
  const health = () => core.facts.ask("health", undefined);
  const topology: Answers<typeof topologyMembers> = {
    Topology: (_call, filter) => core.facts.document("topology", filter),
  };
  const capacity = createCapacity(core);
  const residency = new ResidencyWatch({
    ...parts,
    gateways: parts.gateway.tool,
    changed: () => parts.changed("residency"),
  });
  parts.link.onChanged(() => residency.trigger());
  const proved = async () => residency.last;
  const maps = createMaps({
    places: parts.mapPlaces,
    cluster: () => parts.link.status().fsid,
    changed: () => residency.trigger(),
  });
  const actions = createActions({ ...core, ...parts });
  const volumes = createVolumes({
    ...parts,
    ceph: core.link,
    crush: () => core.facts.askAnew("crushTree", undefined),
    breaches: (changes) => residency.breaches(changes),
    changed: (tenant) => parts.changed(`volumes ${tenant}`),
  });
  return {
    core,
    handlers: {
      Status: status,
      Health: health,
      ...topology,
      ...capacity.handlers,
      ...createEncryption(core, running),
      Residency: proved,
      ...maps.handlers,
      ...createPools(core, { map: parts.map, residency: () => residency.last }),
      ...createKeyrings(core),
      ...createSettings(core, running),
      ...createDevices(core),
      ...createProgress(core),
      ...actions.handlers,
      ...volumes.handlers,
      ...volumes.retention.handlers,
    },
    fingerprints: { ...actions.fingerprints, ...maps.fingerprints, ...volumes.fingerprints },
    start() {
      actions.start();
      volumes.start();
      residency.start();
    },
    tenantsChanged: () => volumes.stale(),
    kept: async (tenant) => ({
      volumes: await volumes.placesOf(tenant),
      residency: residency.last,
    }),
    requireNoVolumes: (tenant) => volumes.requireNone(tenant),
    async stop() {
      capacity.stop();
      await core.apart.close();
      await actions.stop();
      daemons.stop();
      await residency.stop();
      await volumes.stop();
      await core.facts.close();
      await core.link.close();
    },
  };
}
