/**
 * WORM file volumes on a real Ceph: their snapshots are taken and kept by themselves, nobody removes
 * one through CephFS or the console, and what is removed or declared past the agent is on record.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { build } from "esbuild";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { volumeFilterSchema, volumeSpecSchema } from "../../agent/ceph/volumes/answers.ts";
import { parseVolume, volumeKeyPrefix } from "../../agent/ceph/volumes/record.ts";
import { snapshotOf, timeOf } from "../../agent/ceph/volumes/snapshots/names.ts";
import { updateProject } from "../../agent/tenants/project.ts";
import { noCeph } from "../lib/ceph-cluster.ts";
import {
  type Bed,
  type CephBed,
  makeCephBed,
  makeProject,
  openBed,
  ready,
} from "./ceph-volumes-bed.ts";
import { fakeCall } from "./incus-fakes.ts";
import { missing, until } from "./incus-lib.ts";

const none = noCeph || missing;
const run = promisify(execFile);
const client = join(import.meta.dirname, "../lib/ceph-tenant.py");
const operator = fakeCall("ceph.TakeSnapshot", "operator");
const tenant = "worm-files";
const days = 2;
const hourMs = 3_600_000;
const inFs = { vol_name: "fs", group_name: tenant, sub_name: `${tenant}.papers` };
let ground: CephBed;
let bed: Bed;

beforeAll(async () => {
  if (none !== "") return;
  ground = await makeCephBed();
  bed = openBed(ground.places, () => "UK");
  // What is asked for then comes behind what is taken by the schedule.
  bed.clock.now = Math.floor(bed.clock.now / 60_000) * 60_000 + 30_000;
  await makeProject(bed.incus, tenant);
  await ready(bed.ceph);
}, 180_000);
afterAll(async () => {
  await bed?.incus.send("DELETE", `/1.0/projects/${tenant}`).catch(() => undefined);
  await bed?.close();
  await ground?.end();
}, 60_000);

async function create(spec: Record<string, unknown>): Promise<void> {
  const parsed = v.parse(volumeSpecSchema, { size: "20MiB", class: "hosts-2", ...spec });
  await bed.jobs.done(await bed.volumes.handlers.CreateVolume(operator, tenant, parsed));
}

async function rowOf(name: string) {
  const filter = v.parse(volumeFilterSchema, { tenant });
  const { rows } = await bed.volumes.handlers.Volumes(operator, filter);
  return rows.find((row) => row.name === name);
}

/** What the tenant's client does. */
async function act(...args: string[]) {
  const access = await bed.volumes.handlers.VolumeAccess(operator, tenant, "papers");
  const keyring = join(ground.places.maps, "papers.keyring");
  writeFileSync(keyring, access.keyring, { mode: 0o600 });
  const first = [client, ground.cluster.paths.cephConfig, access.user, keyring];
  const all = [...first, ...args.map((arg) => (arg === "PATH" ? access.path : arg))];
  return JSON.parse((await run("/usr/bin/python3", all, { timeout: 120_000 })).stdout);
}

async function inCeph(): Promise<string[]> {
  const answer = await ground.admin.mgr("fs subvolume snapshot ls", inFs);
  return (answer as { name: string }[]).map(({ name }) => name).sort();
}

const removeAsAdmin = (snap_name: string) =>
  ground.admin.mgr("fs subvolume snapshot rm", { ...inFs, snap_name });

/** As Incus has it, which is what every node goes by. */
async function record() {
  const project = await bed.incus.get(`/1.0/projects/${tenant}`);
  const { config } = project as { config: Record<string, string> };
  const found = parseVolume(config[`${volumeKeyPrefix}papers`] ?? "");
  if (found === undefined) throw new Error("there is no such record");
  return found;
}

const tamper = (change: object) =>
  updateProject(bed.incus, tenant, (config) => {
    const key = `${volumeKeyPrefix}papers`;
    return { ...config, [key]: JSON.stringify({ ...JSON.parse(config[key] ?? ""), ...change }) };
  });

const round = () => bed.volumes.reconciler.round();
const alarms = (action: string) =>
  bed.audit.entries.filter((one) => one.outcome === "failure" && one.action === action);
const calendar = async () => {
  const answer = await bed.volumes.retention.handlers.Retention(operator, { tenant, volume: "" });
  return answer.files[0];
};

describe.skipIf(none !== "")("WORM file volumes", () => {
  test("say how long snapshots are kept, and are refused where that is too long", async () => {
    await expect(create({ name: "papers", worm: true })).rejects.toThrow(
      "Say how many days a WORM volume holds",
    );
    await expect(create({ name: "papers", worm: true, retention: 561 })).rejects.toThrow(
      "kept 560 days at most",
    );
    await expect(create({ name: "disk", kind: "block", worm: true })).rejects.toThrow(
      "a block volume cannot be WORM",
    );
    await create({ name: "papers", worm: true, retention: days });
    expect(await rowOf("papers")).toMatchObject({ state: "ready", worm: true, retention: days });
    // Nothing is in it, so that nothing is to be held.
    expect(await inCeph()).toEqual([]);
  });

  test("have a snapshot each hour as soon as something is in them", async () => {
    await act("put", "PATH", "ledger", "first");
    await until(async () => {
      await round();
      return (await inCeph()).length > 0;
    }, 60);
    const [first = ""] = await inCeph();
    const at = Date.parse(timeOf(Math.floor(bed.clock.now / 60_000) * 60));
    expect(first).toBe(snapshotOf(at / 1000, days).name);
    expect((await record()).snapshots).toEqual({ taken: [at / 1000], lost: 0 });
    await round();
    expect(await inCeph()).toEqual([first]);
    await act("put", "PATH", "ledger", "second");
    bed.clock.now += hourMs;
    await round();
    expect(await inCeph()).toHaveLength(2);
    expect(Object.values(await act("get", "PATH", "ledger"))).toEqual([
      "first",
      "second",
      "second",
    ]);
    const noted = bed.audit.entries.filter(({ action }) => action === "ceph.SnapshotTaken");
    expect(noted.map(({ details }) => details?.snapshot).sort()).toEqual(await inCeph());
  });

  test("have one when an operator asks, with until when it is kept", async () => {
    const { handlers } = bed.volumes;
    await act("put", "PATH", "ledger", "third");
    const taken = await handlers.TakeSnapshot(operator, tenant, "papers");
    expect(Date.parse(taken.until) - Date.parse(taken.at)).toBe(days * 24 * hourMs);
    const { rows, ...about } = await handlers.Snapshots(operator, tenant, "papers");
    expect(about).toMatchObject({ every: 1, retention: days, lost: 0 });
    expect(rows).toHaveLength(3);
    expect(rows[0]).toEqual(taken);
    expect(rows.map(({ asked }) => asked)).toEqual([true, false, false]);
    await expect(handlers.TakeSnapshot(operator, tenant, "papers")).rejects.toThrow(
      "this very second",
    );
    expect(await calendar()).toMatchObject({
      ...{ state: "known", snapshots: 3, lost: 0, every: 1, last: taken.until },
    });
    await create({ name: "plain" });
    await expect(handlers.TakeSnapshot(operator, tenant, "plain")).rejects.toThrow(
      "only file volumes that are WORM have",
    );
  });

  test("nobody with the tenant's key ends what they hold through CephFS", async () => {
    const [snapshot = ""] = await inCeph();
    const { pool_namespace: namespace, data_pool: pool } = (await ground.admin.mgr(
      "fs subvolume info",
      inFs,
    )) as { pool_namespace: string; data_pool: string };
    const { path } = await bed.volumes.handlers.VolumeAccess(operator, tenant, "papers");
    const facts = { path, file: "ledger", fileSystem: "fs", tenant, subvolume: inFs.sub_name };
    const said = await act("release", JSON.stringify({ ...facts, snapshot, pool, namespace }));
    const ways = Object.entries(said as Record<string, { refused?: string }>);
    expect(ways.length).toBeGreaterThan(18);
    expect(ways.filter(([, { refused }]) => refused === undefined)).toEqual([]);
    // Refused for what it may not, and not because the cluster was away.
    expect(ways.filter(([, { refused = "" }]) => /TIMEDOUT|SHUTDOWN/.test(refused))).toEqual([]);
    const before = Object.values(await act("get", "PATH", "ledger"));
    expect(before).toEqual(["first", "second", "third", "third"]);
    // What the page says of it: below CephFS its key writes, and snapshots of it show that.
    await act("beneath", pool, namespace);
    const after = Object.values(await act("get", "PATH", "ledger")) as string[];
    expect(after.slice(0, 2)).toEqual(["first", "second"]);
    expect(after[2]).toBe("CHANG");
  });

  test("the console deletes none with snapshots, or with anything in it", async () => {
    const { handlers } = bed.volumes;
    const deleting = () => handlers.DeleteVolume(operator, tenant, "papers", 7);
    await expect(deleting()).rejects.toThrow(/has \d+ bytes in it, which snapshots hold/);
    await expect(ground.admin.mgr("fs subvolume rm", inFs)).rejects.toThrow("has snapshots");
    expect(await rowOf("papers")).toMatchObject({ state: "ready" });
  });

  test("what is declared past the agent is put back, and shortens nothing", async () => {
    for (const change of [{ worm: false }, { retention: 1 }]) {
      const before = alarms("ceph.WormChanged").length;
      await tamper(change);
      await expect(
        bed.volumes.handlers.DeleteVolume(operator, tenant, "papers", 7),
      ).rejects.toThrow(/[Ss]napshots/);
      await round();
      expect(await record()).toMatchObject({ worm: true, retention: days });
      expect(alarms("ceph.WormChanged")).toHaveLength(before + 1);
    }
    expect(await inCeph()).toHaveLength(3);
  });

  test("a snapshot that an administrator removed is on record, once", async () => {
    const [first = "", ...rest] = await inCeph();
    await removeAsAdmin(first);
    await round();
    await round();
    const [alarm, ...more] = alarms("ceph.WormLost");
    expect(alarm).toMatchObject({ tenant, object: "papers" });
    expect(alarm?.error).toContain(
      "Snapshots of papers of worm-files were to be kept and are gone (1)",
    );
    expect(more).toEqual([]);
    expect((await record()).snapshots).toMatchObject({ lost: 1 });
    expect(await calendar()).toMatchObject({ lost: 1, snapshots: rest.length });
  });

  test("the watch sees that by itself", async () => {
    const [first = ""] = await inCeph();
    const before = alarms("ceph.WormLost").length;
    await removeAsAdmin(first);
    bed.volumes.reconciler.start();
    await until(async () => alarms("ceph.WormLost").length > before, 60);
    await bed.volumes.reconciler.stop();
  });

  test("whatever was cut off is found: nothing is lost, and nothing is an alarm", async () => {
    const program = join(ground.cluster.directory, "worm-program.mjs");
    await build({
      entryPoints: [join(import.meta.dirname, "ceph-worm-files-kill-program.ts")],
      ...{ bundle: true, platform: "node", format: "esm", outfile: program },
      banner: { js: 'import{createRequire}from"module";const require=createRequire("/");' },
    });
    const before = alarms("ceph.WormLost").length;
    const start = Math.max(...((await record()).snapshots?.taken ?? [])) * 1000 + 2 * hourMs;
    for (const [life, wait] of [40, 170, 330].entries()) {
      // More than a day later each, so that some are over, too.
      const now = start + life * 30 * hourMs;
      const args = [program, JSON.stringify(ground.places), String(now)];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      const ended = once(child, "exit");
      const said: string[] = [];
      for await (const line of createInterface({ input: child.stdout })) {
        said.push(line);
        if (said.length === 2) setTimeout(() => child.kill("SIGKILL"), wait);
      }
      await ended;
      expect(said.length).toBeGreaterThan(1);
      expect(said.filter((line) => line !== "round")).toEqual([]);
      bed.clock.now = now + said.length * hourMs;
      await round();
      const taken = (await record()).snapshots?.taken ?? [];
      expect(taken.map((at) => snapshotOf(at, days).name).sort()).toEqual(await inCeph());
    }
    expect(alarms("ceph.WormLost")).toHaveLength(before);
  }, 120_000);

  test("are thinned when their time is over, though not by a clock that went ahead", async () => {
    const before = await inCeph();
    const later = bed.clock.now + (days + 1) * 24 * hourMs;
    bed.clock.now = later;
    bed.clock.believable = false;
    await round();
    expect(await inCeph()).toEqual(expect.arrayContaining(before));
    bed.clock.believable = true;
    await round();
    const left = await inCeph();
    expect(left.filter((name) => before.includes(name))).toEqual([]);
    expect(left).toHaveLength(1);
    const removed = bed.audit.entries.filter(({ action }) => action === "ceph.SnapshotsRemoved");
    expect(removed.flatMap(({ details }) => details?.snapshots)).toEqual(
      expect.arrayContaining(before),
    );
  });

  test("once emptied can be deleted when the last snapshot's time is over", async () => {
    const { handlers } = bed.volumes;
    await act("put", "PATH", "ledger", "");
    await until(async () => {
      await round();
      return (await rowOf("papers"))?.used === 0;
    }, 60);
    await expect(handlers.DeleteVolume(operator, tenant, "papers", 7)).rejects.toThrow(
      /Snapshots of papers of worm-files are still kept \(1\), the last until \d{4}-/,
    );
    bed.clock.now += (days + 1) * 24 * hourMs;
    await handlers.DeleteVolume(operator, tenant, "papers", 7);
    bed.clock.now += 8 * 24 * hourMs;
    await round();
    expect(await rowOf("papers")).toBeUndefined();
  });

  test("one that an administrator removed is on record, and is not made anew", async () => {
    await create({ name: "papers", worm: true, retention: days });
    await bed.volumes.handlers.TakeSnapshot(operator, tenant, "papers");
    const before = alarms("ceph.WormLost").length;
    await ground.admin.mgr("fs subvolume rm", { ...inFs, retain_snapshots: true });
    await round();
    await round();
    expect(alarms("ceph.WormLost")).toHaveLength(before + 1);
    expect((await rowOf("papers"))?.trouble).toContain("it is not made anew");
    for (const name of await inCeph()) await removeAsAdmin(name);
    await round();
    await expect(ground.admin.mgr("fs subvolume info", inFs)).rejects.toThrow("does not exist");
    // Nothing of it is left to be held, so it can be given up.
    await bed.volumes.handlers.DeleteVolume(operator, tenant, "papers", 7);
  });
});
