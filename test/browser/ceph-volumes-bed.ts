/** A cluster that the stack's agent may make volumes in, with a signed map of its regions. */

import { copyFileSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acting } from "../../agent/ceph/capabilities.ts";
import type { JurisdictionMap } from "../../agent/ceph/residency/map/document.ts";
import { volumeKeyPrefix, writeVolume } from "../../agent/ceph/volumes/record.ts";
import { IncusClient } from "../../agent/incus/client.ts";
import { updateProject } from "../../agent/tenants/project.ts";
import { type Cluster, withCeph } from "../lib/ceph-cluster.ts";
import { mapSigner, signMap } from "../lib/ceph-map.ts";

const state = () => process.env.DSECOS_TEST_STATE ?? "";

export interface VolumesBed {
  cluster: Cluster;
  /** Changes the map, signs it again and lets the agent take it up. */
  remap(change: (map: JurisdictionMap) => JurisdictionMap): void;
  /** Lets the agent connect anew, after which it looks at everything. */
  reconnect(): void;
  /** Writes volumes down as declared, as another node would. */
  declare(tenant: string, names: readonly string[], jurisdiction: string): Promise<void>;
  /** Takes what is declared of a tenant away, so that it can be removed at once. */
  forget(tenant: string): Promise<void>;
  end(): Promise<void>;
}

/** @param pools where pools must be, by name; there is a gateway of S3, too */
export async function makeVolumesBed(pools: Record<string, string[]>): Promise<VolumesBed> {
  const cluster = await withCeph({ gateways: 1 });
  const signer = mapSigner("Ed25519");
  const [maps, seen] = [join(state(), "ceph-map"), join(state(), "ceph")];
  const config = join(seen, "ceph.conf");
  const incus = new IncusClient(process.env.DSECOS_TEST_INCUS ?? "");
  const write = (map: JurisdictionMap) =>
    writeFileSync(join(maps, "map.json"), signMap(map, signer));
  const reconnect = () => utimesSync(config, new Date(), new Date());
  let map = await mapOf(cluster, pools);
  await cluster.ceph(["auth", "caps", "client.dsecos", ...Object.entries(acting).flat()]);
  mkdirSync(join(maps, "keys"), { recursive: true });
  writeFileSync(join(maps, "keys/officer.pem"), signer.pem);
  write(map);
  mkdirSync(seen, { recursive: true });
  copyFileSync(cluster.paths.cephKeyring, join(seen, "client.dsecos.keyring"));
  copyFileSync(cluster.paths.cephConfig, config);
  return {
    ...{ cluster, reconnect },
    remap(change) {
      map = { ...change(map), serial: map.serial + 1 };
      write(map);
      reconnect();
    },
    async declare(tenant, names, jurisdiction) {
      const record = writeVolume({
        ...{ kind: "file", bytes: String(1024 ** 3), jurisdiction, class: "hosts-3", worm: false },
        ...{ createdAt: new Date().toISOString(), createdBy: "another node", state: "active" },
      });
      const keys = Object.fromEntries(names.map((name) => [`${volumeKeyPrefix}${name}`, record]));
      await updateProject(incus, tenant, (before) => ({ ...before, ...keys }));
    },
    async forget(tenant) {
      await updateProject(incus, tenant, (before) => {
        const keys = Object.keys(before).filter((key) => key.startsWith(volumeKeyPrefix));
        return { ...before, ...Object.fromEntries(keys.map((key) => [key, ""])) };
      });
    },
    async end() {
      for (const directory of [seen, maps]) rmSync(directory, { recursive: true, force: true });
      incus.close();
      await cluster.remove();
    },
  };
}

async function mapOf(
  cluster: Cluster,
  demands: Record<string, string[]>,
): Promise<JurisdictionMap> {
  const dump = JSON.parse(await cluster.ceph(["osd", "crush", "dump", "-f", "json"]));
  const { pools, fsid } = JSON.parse(await cluster.ceph(["osd", "dump", "-f", "json"]));
  type Bucket = { id: number; name: string; type_name: string };
  const regions = (dump.buckets as Bucket[]).filter(
    ({ type_name, name }) => type_name === "region" && !name.includes("~"),
  );
  return {
    ...{ format: "dsecos-ceph-jurisdictions-1", cluster: fsid, serial: 1, peers: [] },
    at: new Date().toISOString(),
    buckets: regions.map(({ id, name }) => ({ id, name, jurisdiction: name.toUpperCase() })),
    pools: (pools as { pool: number; pool_name: string }[]).flatMap(({ pool: id, pool_name }) => {
      const allowed = demands[pool_name];
      return allowed === undefined ? [] : [{ id, name: pool_name, allowed }];
    }),
  };
}
