/** Tenants' volumes over a real Ceph and a real Incus, with no agent that would make them, too. */

import { generateKeyPairSync, hash, sign } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { canonical } from "../../agent/audit/canonical.ts";
import { acting } from "../../agent/ceph/capabilities.ts";
import { ClusterFacts } from "../../agent/ceph/facts/facts.ts";
import { openCeph } from "../../agent/ceph/link/link.ts";
import { type GatewayTool, openTool } from "../../agent/ceph/link/tool.ts";
import type { Ceph } from "../../agent/ceph/link/types.ts";
import { readMap } from "../../agent/ceph/volumes/map.ts";
import { crushTreeQuestion } from "../../agent/ceph/volumes/question.ts";
import { createVolumes } from "../../agent/ceph/volumes/service.ts";
import type { VolumeKeys } from "../../agent/hsm/volumes/types.ts";
import { IncusClient } from "../../agent/incus/client.ts";
import { type Cluster, withCeph } from "../lib/ceph-cluster.ts";
import { noVault } from "../lib/no-vault.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { FakeJobs, fakeBoundless } from "./incus-fakes.ts";

export interface Paths {
  cephConfig: string;
  cephUser: string;
  cephKeyring: string;
}

export interface Places {
  paths: Paths;
  /** Program of the agent's helper. */
  program: string;
  /** Directory with the signed map. */
  maps: string;
  incusSocket: string;
}

const program = join(import.meta.dirname, "../../agent/ceph/link/helper.py");

/** A directory with a map of jurisdictions that is signed by a key beside it. */
function writeMap(
  cluster: string,
  buckets: { id: number; name: string; jurisdiction: string }[],
): string {
  const directory = mkdtempSync("/var/tmp/dsecos-map-");
  mkdirSync(join(directory, "keys"));
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  writeFileSync(
    join(directory, "keys", "officer.pem"),
    publicKey.export({ type: "spki", format: "pem" }),
  );
  const map = {
    ...{ format: "dsecos-ceph-jurisdictions-1", cluster, serial: 1 },
    ...{ at: "2026-01-31T12:00:00.000Z", buckets, peers: [], pools: [] },
  };
  const key = hash("sha256", publicKey.export({ type: "spki", format: "der" }), "hex");
  const signature = sign(null, Buffer.from(canonical(map)), privateKey).toString("base64");
  const signed = { map, signatures: [{ algorithm: "Ed25519", key, signature }] };
  writeFileSync(join(directory, "map.json"), canonical(signed));
  return directory;
}

interface Node {
  id: number;
  name: string;
  type: string;
}

export interface CephBed {
  cluster: Cluster;
  /** Asks as the cluster's administrator. */
  admin: Ceph;
  places: Places;
  end(): Promise<void>;
}

/** A cluster whose volumes the agent may make, and the signed map of its regions. */
export async function makeCephBed(size: { gateways?: number } = {}): Promise<CephBed> {
  const cluster = await withCeph(size);
  const { paths, directory } = cluster;
  const keyring = join(directory, "keyring");
  const options = { config: paths.cephConfig, keyring, program, log: () => {} };
  const admin = openCeph({ ...options, user: "client.admin" });
  await ready(admin);
  const caps = Object.entries(acting).flat();
  await admin.mon("auth caps", { entity: paths.cephUser, caps });
  const { nodes } = (await admin.mon("osd tree")) as { nodes: Node[] };
  const regions = nodes.filter(({ type }) => type === "region");
  const maps = writeMap(
    admin.status().fsid,
    regions.map(({ id, name }) => ({ id, name, jurisdiction: name.toUpperCase() })),
  );
  const incusSocket = process.env.DSECOS_TEST_INCUS ?? "";
  return {
    ...{ cluster, admin, places: { paths, program, maps, incusSocket } },
    async end() {
      await admin.close();
      await cluster.remove();
      remove(maps);
    },
  };
}

export interface Bed {
  tool: GatewayTool;
  ceph: Ceph;
  incus: IncusClient;
  jobs: FakeJobs;
  audit: RecordingAudit;
  volumes: ReturnType<typeof createVolumes>;
  /** All that was logged. */
  logged: string[];
  /** Stands for the clock. */
  clock: { now: number; believable: boolean };
  close(): Promise<void>;
}

/** @param jurisdictions of the tenants, by name */
export function openBed(
  { paths, program, maps, incusSocket }: Places,
  jurisdictions: (tenant: string) => string,
  vault: VolumeKeys = noVault,
  audit = new RecordingAudit(),
): Bed {
  const logged: string[] = [];
  const log = (...said: unknown[]) => void logged.push(JSON.stringify(said));
  const { cephConfig: config, cephUser: user, cephKeyring: keyring } = paths;
  const ceph = openCeph({ config, user, keyring, program, log });
  const incus = new IncusClient(incusSocket);
  const jobs = new FakeJobs();
  const clock = { now: Date.now(), believable: true };
  const tool = openTool({ config, user, keyring, link: ceph });
  const volumes = createVolumes({
    ...{ ceph, incus, jobs, audit, log, vault },
    crush: () => crushTree(ceph),
    gateway: { endpoint: "", tool },
    map: () =>
      readMap({ file: join(maps, "map.json"), keys: join(maps, "keys") }, ceph.status().fsid),
    breaches: async () => [],
    tenant: async (name) => ({ jurisdiction: jurisdictions(name) }),
    quota: fakeBoundless,
    copies: () => undefined,
    history: async ({ action, tenant }) => {
      if (action === undefined) return { rows: clock.believable ? [{}] : [] } as never;
      const rows = audit.entries.filter((one) => one.action === action && one.tenant === tenant);
      return { rows: rows.toReversed(), next: "", size: audit.entries.length };
    },
    changed: () => {},
    now: () => clock.now,
  });
  return {
    ...{ tool, ceph, incus, jobs, audit, volumes, logged, clock },
    async close() {
      await volumes.stop();
      await ceph.close();
      incus.close();
    },
  };
}

/** As the agent's thread makes it of the cluster's answer. */
async function crushTree(ceph: Ceph) {
  const facts = new ClusterFacts();
  const dump = await ceph.text("mon", "osd crush dump");
  facts.put("crush", new Date().toISOString(), dump);
  return crushTreeQuestion.answer(facts);
}

/** Waits until the link is ready, or says why it is not. */
export async function ready(ceph: Ceph): Promise<void> {
  if (ceph.status().state === "ready") return;
  await new Promise<void>((resolve) => {
    ceph.onChanged(() => {
      if (ceph.status().state === "ready") resolve();
    });
  });
}

export const makeProject = (incus: IncusClient, name: string) =>
  incus.send("POST", "/1.0/projects", { name, config: {} });

function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}
