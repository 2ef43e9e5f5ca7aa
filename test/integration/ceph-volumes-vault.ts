/** Keys of volumes in real tokens of SoftHSM, declared in a real Incus, with the tenants' real rules. */
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { AuditWriter } from "../../agent/audit/types.ts";
import { type Core, createCore } from "../../agent/hsm/core.ts";
import { Guard } from "../../agent/hsm/jurisdiction/guard.ts";
import { createMayLive } from "../../agent/hsm/jurisdiction/live.ts";
import { openDriver } from "../../agent/hsm/link/link.ts";
import { labelOf } from "../../agent/hsm/tokens/label.ts";
import { Meter } from "../../agent/hsm/use/meter.ts";
import { createVolumeKeys } from "../../agent/hsm/volumes/keys.ts";
import type { VolumeKeys } from "../../agent/hsm/volumes/types.ts";
import type { IncusClient } from "../../agent/incus/client.ts";
import type { HsmBed } from "../lib/hsm-driver.ts";

/** Where the driver is. */
export interface VaultPlaces {
  /** Directory with the driver's file alone. */
  files: string;
  socket: string;
}

export interface Vault {
  keys: VolumeKeys;
  core: Core;
  makeToken(tenant: string): Promise<void>;
  close(): Promise<void>;
}

export function vaultPlaces({ directory, configFile, socket }: HsmBed): VaultPlaces {
  const files = join(directory, "drivers");
  mkdirSync(files, { recursive: true });
  copyFileSync(configFile, join(files, "test.json"));
  return { files, socket };
}

export async function openVault(
  { files, socket }: VaultPlaces,
  incus: IncusClient,
  audit: AuditWriter,
): Promise<Vault> {
  const log = () => {};
  const core = createCore({
    ...{ log, directory: files, sockets: files, client: incus },
    ...{ node: "node1", region: "UK", changed: () => {} },
    open: ({ name, config }) => openDriver({ name, config, socket, log }),
  });
  await core.drivers.load();
  const guard = new Guard({ incus, region: "UK", jurisdiction: async () => "UK" });
  const keys = createVolumeKeys({
    ...{ store: core.store, book: core.book, maker: core.maker, records: core.records },
    ...{ audit, meter: new Meter({ audit, keys: core.store, log }), jurisdiction: guard },
    mayLive: createMayLive({ guard, audit }),
    changed: () => {},
  });
  return {
    ...{ keys, core },
    async makeToken(tenant) {
      const [opened] = core.drivers.all();
      if (opened === undefined) throw new Error("no driver");
      await core.book.make(tenant, labelOf(tenant), opened, "test");
    },
    close: () => core.drivers.close(),
  };
}
