/**
 * The agent's side is killed at random moments of making volumes on a real Ceph. After every start
 * each volume that is declared is whole, and Ceph has none that is not.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bucketOf, uidOf } from "../../agent/ceph/objects/names.ts";
import type { VolumePage, VolumeRow } from "../../agent/ceph/volumes/answers.ts";
import type { VolumeKindName } from "../../agent/ceph/volumes/kinds/names.ts";
import { IncusClient } from "../../agent/incus/client.ts";
import { run } from "../../packaging/setup/lib/run.js";
import { noCeph, noGateways } from "../lib/ceph-cluster.ts";
import { createHsmBed, type HsmBed } from "../lib/hsm-driver.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { type CephBed, makeCephBed, makeProject } from "./ceph-volumes-bed.ts";
import { openVault, type Vault, type VaultPlaces, vaultPlaces } from "./ceph-volumes-vault.ts";
import { missing } from "./incus-lib.ts";

const kills = Number(process.env.DSECOS_TEST_KILLS ?? 8);
/** Buckets take several programs each, and so longer. */
const bucketKills = Number(process.env.DSECOS_TEST_KILLS ?? 3);
const none = noCeph || missing;
const tenants = ["vol-kill-0", "vol-kill-1"];
let bed: CephBed;
let incus: IncusClient;
let program: string;
let hsm: HsmBed;
let vault: Vault;
let vaultAt: VaultPlaces;

beforeAll(async () => {
  if (none !== "") return;
  [bed, hsm] = await Promise.all([
    makeCephBed(noGateways === "" ? { gateways: 1 } : {}),
    createHsmBed(),
  ]);
  incus = new IncusClient(bed.places.incusSocket);
  for (const name of tenants) await makeProject(incus, name);
  vaultAt = vaultPlaces(hsm);
  vault = await openVault(vaultAt, incus, new RecordingAudit());
  for (const name of tenants) await vault.makeToken(name);
  program = join(bed.cluster.directory, "program.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "ceph-volumes-kill-program.ts")],
    ...{ bundle: true, platform: "node", format: "esm", outfile: program },
    banner: { js: 'import{createRequire}from"module";const require=createRequire("/");' },
  });
}, 180_000);
afterAll(async () => {
  await vault?.close();
  for (const name of tenants) await incus?.send("DELETE", `/1.0/projects/${name}`);
  incus?.close();
  await hsm?.remove();
  await bed?.end();
}, 60_000);

/** Volumes that were said to be declared or made in any life. */
const told = new Set<string>();
/** When to kill; pseudo-random, so that a failure comes again. */
let seed = 7;
function random(below: number): number {
  seed = (seed * 48271) % 2147483647;
  return seed % below;
}

/** Within which a life is killed: a volume takes about as long. */
const withinMs = { file: 700, block: 1200, object: 4000 };

/** Runs one life: checks what it finds, and kills it some milliseconds later. */
async function live(life: number, kind: VolumeKindName): Promise<void> {
  const args = [program, String(life), kind, JSON.stringify(bed.places)];
  if (kind === "block") args.push(JSON.stringify(vaultAt));
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  let isBegun = false;
  for await (const line of createInterface({ input: child.stdout })) {
    const { kind: said, what } = JSON.parse(line);
    if (said === "found") {
      isBegun = true;
      await check(what, kind);
      setTimeout(() => child.kill("SIGKILL"), random(withinMs[kind]));
      continue;
    }
    told.add(what);
  }
  const [code] = await ended;
  if (!isBegun) throw new Error(`life ${life} did not begin, and ended with ${code}`);
}

async function check(
  { rows, strays, unknown, next }: VolumePage,
  kind: VolumeKindName,
): Promise<void> {
  expect({ strays, unknown, next }).toEqual({ strays: [], unknown: "", next: "" });
  const byName = new Map(rows.map((row) => [`${row.tenant}/${row.name}`, row]));
  for (const row of rows) expect(row, row.name).toMatchObject({ state: "ready", trouble: "" });
  const declared = [...told].filter((volume) => volume.includes(`/${kind}-`));
  for (const volume of declared) expect(byName.has(volume), volume).toBe(true);
  if (kind === "object") await checkBuckets(rows);
  for (const tenant of kind === "object" ? [] : tenants) {
    const own = rows.filter((row) => row.tenant === tenant);
    if (own.length === 0) continue;
    if (kind === "block") {
      await checkDisks(tenant, own);
      continue;
    }
    const group = { vol_name: "fs", group_name: tenant };
    const there = (await bed.admin.mgr("fs subvolume ls", group)) as { name: string }[];
    const names = own.map(({ name }) => `${tenant}.${name}`);
    expect(there.map(({ name }) => name).sort()).toEqual(names.sort());
    const answer = await bed.admin.mon("auth get", { entity: `client.dsecos.${tenant}` });
    const [entry] = answer as { caps: { osd: string; mds: string } }[];
    const opened = entry?.caps.osd.split(", ").map((cap) => cap.split("namespace=fsvolumens_")[1]);
    expect(opened?.sort()).toEqual(names);
  }
}

/** Each has its bucket and its user, which opens it; and there is nothing else. */
async function checkBuckets(rows: VolumeRow[]): Promise<void> {
  const list = async (...args: string[]) => {
    const { stdout } = await run("radosgw-admin", args, { env: bed.cluster.env, seconds: 60 });
    return JSON.parse(stdout);
  };
  const buckets = rows.map(({ tenant, name }) => bucketOf(tenant, name));
  expect((await list("bucket", "list")).sort()).toEqual(buckets.sort());
  const users = rows.map(({ tenant, name }) => uidOf(tenant, name)).sort();
  const there: string[] = await list("user", "list");
  expect(there.filter((uid) => uid.includes("$")).sort()).toEqual(users);
  for (const uid of users) {
    // One that may make further buckets was cut off before it was shut.
    expect(await list("user", "info", "--uid", uid), uid).toMatchObject({
      ...{ suspended: 0, max_buckets: -1, keys: [{ user: uid }] },
    });
  }
}

/** Each has its image, its key in the token, and is opened; and there is nothing else. */
async function checkDisks(tenant: string, rows: VolumeRow[]): Promise<void> {
  const names = rows.map(({ name }) => `${tenant}.${name}`).sort();
  const pool = "dsecos.uk.hosts-2.block";
  const answer = await bed.admin.text("images", "list", { pool });
  const images: Record<string, string[]> = JSON.parse(Buffer.from(answer).toString());
  const there = Object.entries(images).filter(([namespace]) => namespace.startsWith(`${tenant}.`));
  expect(there.map(([namespace]) => namespace).sort()).toEqual(names);
  expect(there.flatMap(([, found]) => found).sort()).toEqual(rows.map(({ name }) => name).sort());
  const token = await vault.core.book.of(tenant);
  const records = vault.core.store.foundIn(token, await vault.core.records.fresh(token));
  const keys = records.map(({ record }) => record.name).sort();
  expect(keys).toEqual(rows.map(({ key }) => key).sort());
  expect(await token.driver.keys(token.label)).toHaveLength(keys.length);
  const entries = await bed.admin.mon("auth get", { entity: `client.dsecos.${tenant}` });
  const [entry] = entries as { caps: { osd: string } }[];
  const opened = [...(entry?.caps.osd ?? "").matchAll(/allow rwx .*?namespace=(\S+)/g)];
  expect(opened.map(([, namespace]) => namespace).sort()).toEqual(names);
}

test.skipIf(none !== "")(
  "what was declared is whole after a kill, and what was not leaves nothing",
  async () => {
    for (let life = 0; life <= kills; life += 1) await live(life, "file");
    expect(told.size).toBeGreaterThan(0);
  },
  kills * 60_000,
);

test.skipIf(none !== "")(
  "so are disks, their headers and their keys",
  async () => {
    told.clear();
    for (let life = 0; life <= kills; life += 1) await live(life, "block");
    expect(told.size).toBeGreaterThan(0);
  },
  kills * 60_000,
);

test.skipIf((none || noGateways) !== "")(
  "so are buckets, and the users that open them",
  async () => {
    told.clear();
    for (let life = 0; life <= bucketKills; life += 1) await live(life, "object");
    expect(told.size).toBeGreaterThan(0);
  },
  bucketKills * 60_000,
);
