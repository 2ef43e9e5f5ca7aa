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
import type { VolumePage } from "../../agent/ceph/volumes/answers.ts";
import { IncusClient } from "../../agent/incus/client.ts";
import { noCeph } from "../lib/ceph-cluster.ts";
import { type CephBed, makeCephBed, makeProject } from "./ceph-volumes-bed.ts";
import { missing } from "./incus-lib.ts";

const kills = Number(process.env.DSECOS_TEST_KILLS ?? 10);
const none = noCeph || missing;
const tenants = ["vol-kill-0", "vol-kill-1"];
let bed: CephBed;
let incus: IncusClient;
let program: string;

beforeAll(async () => {
  if (none !== "") return;
  bed = await makeCephBed();
  incus = new IncusClient(bed.places.incusSocket);
  for (const name of tenants) await makeProject(incus, name);
  program = join(bed.cluster.directory, "program.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "ceph-volumes-kill-program.ts")],
    ...{ bundle: true, platform: "node", format: "esm", outfile: program },
    banner: { js: 'import{createRequire}from"module";const require=createRequire("/");' },
  });
}, 180_000);
afterAll(async () => {
  for (const name of tenants) await incus?.send("DELETE", `/1.0/projects/${name}`);
  incus?.close();
  await bed?.end();
}, 60_000);

/** What was said in all lives, by volume. */
const told = new Map<string, Set<string>>();
/** When to kill; pseudo-random, so that a failure comes again. */
let seed = 7;
function random(below: number): number {
  seed = (seed * 48271) % 2147483647;
  return seed % below;
}

/** Runs one life: checks what it finds, and kills it some milliseconds later. */
async function live(life: number): Promise<void> {
  const child = spawn(process.execPath, [program, String(life), JSON.stringify(bed.places)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  let isBegun = false;
  for await (const line of createInterface({ input: child.stdout })) {
    const { kind, what } = JSON.parse(line);
    if (kind === "found") {
      isBegun = true;
      await check(what);
      setTimeout(() => child.kill("SIGKILL"), random(700));
      continue;
    }
    told.set(what, (told.get(what) ?? new Set()).add(kind));
  }
  const [code] = await ended;
  if (!isBegun) throw new Error(`life ${life} did not begin, and ended with ${code}`);
}

async function check({ rows, strays, unknown, next }: VolumePage): Promise<void> {
  expect({ strays, unknown, next }).toEqual({ strays: [], unknown: "", next: "" });
  const byName = new Map(rows.map((row) => [`${row.tenant}/${row.name}`, row]));
  for (const row of rows) expect(row, row.name).toMatchObject({ state: "ready", trouble: "" });
  for (const volume of told.keys()) expect(byName.has(volume), volume).toBe(true);
  for (const tenant of tenants) {
    const own = rows.filter((row) => row.tenant === tenant);
    if (own.length === 0) continue;
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

test.skipIf(none !== "")(
  "what was declared is whole after a kill, and what was not leaves nothing",
  async () => {
    for (let life = 0; life <= kills; life += 1) await live(life);
    expect(told.size).toBeGreaterThan(0);
  },
  kills * 60_000,
);
