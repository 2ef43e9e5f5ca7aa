/**
 * Tenants' file volumes on a real Ceph with four sites, declared in a real Incus: what is declared
 * becomes true, quotas hold, and a tenant's key reaches nothing of another's.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Ceph } from "../../agent/ceph/link/types.ts";
import type { VolumeAccess, VolumeFilter, VolumeRow } from "../../agent/ceph/volumes/answers.ts";
import { volumeFilterSchema, volumeSpecSchema } from "../../agent/ceph/volumes/answers.ts";
import { volumeKeyPrefix } from "../../agent/ceph/volumes/record.ts";
import type { Config } from "../../agent/tenants/project.ts";
import { updateProject } from "../../agent/tenants/project.ts";
import { type Cluster, noCeph } from "../lib/ceph-cluster.ts";
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
const officer = fakeCall("ceph.CreateVolume", "officer");
const mebibyte = 1024 ** 2;

let ground: CephBed;
let cluster: Cluster;
let admin: Ceph;
let maps: string;
let bed: Bed;

beforeAll(async () => {
  if (none !== "") return;
  ground = await makeCephBed();
  ({ cluster, admin } = ground);
  ({ maps } = ground.places);
  const jurisdictions: Record<string, string> = { "vol-far": "AE", "vol-lost": "BR" };
  bed = openBed(ground.places, (tenant) => jurisdictions[tenant] ?? "UK");
  for (const name of ["vol-one", "vol-two", "vol-far", "vol-lost"]) {
    await makeProject(bed.incus, name);
  }
  await ready(bed.ceph);
}, 180_000);
afterAll(async () => {
  for (const name of ["vol-one", "vol-two", "vol-far", "vol-lost"]) {
    await bed?.incus.send("DELETE", `/1.0/projects/${name}`).catch(() => undefined);
  }
  await bed?.close();
  await ground?.end();
}, 60_000);

async function create(tenant: string, spec: Record<string, unknown>): Promise<void> {
  const { handlers } = bed.volumes;
  const job = await handlers.CreateVolume(officer, tenant, v.parse(volumeSpecSchema, spec));
  await bed.jobs.done(job);
}

async function list(filter: Partial<VolumeFilter> = {}) {
  return bed.volumes.handlers.Volumes(officer, v.parse(volumeFilterSchema, filter));
}

async function rowOf(tenant: string, name: string): Promise<VolumeRow | undefined> {
  return (await list({ tenant })).rows.find((row) => row.name === name);
}

/** What the tenant's client has: its key in a file, and where its volume is. */
async function accessOf(tenant: string, name: string) {
  const access: VolumeAccess = await bed.volumes.handlers.VolumeAccess(officer, tenant, name);
  const keyring = join(maps, `${tenant}.keyring`);
  writeFileSync(keyring, access.keyring, { mode: 0o600 });
  const act = async (...args: string[]) => {
    const first = [client, cluster.paths.cephConfig, access.user, keyring];
    const { stdout } = await run("/usr/bin/python3", [...first, ...args], { timeout: 120_000 });
    return JSON.parse(stdout);
  };
  const secret = /key = (\S+)/.exec(access.keyring)?.[1] ?? "";
  return { ...access, act, secret };
}

const inFs = (tenant: string, name: string) => ({
  ...{ vol_name: "fs", group_name: tenant, sub_name: `${tenant}.${name}` },
});

interface Subvolume {
  path: string;
  pool_namespace: string;
  data_pool: string;
  bytes_quota: number;
  state: string;
}

const subvolume = (tenant: string, name: string) =>
  admin.mgr("fs subvolume info", inFs(tenant, name)) as Promise<Subvolume>;

async function capsOf(tenant: string): Promise<Record<string, string>> {
  const answer = await admin.mon("auth get", { entity: `client.dsecos.${tenant}` });
  return (answer as { caps: Record<string, string> }[])[0]?.caps ?? {};
}

async function poolOf(name: string): Promise<Record<string, unknown> | undefined> {
  const pools = (await admin.mon("osd pool ls", { detail: "detail" })) as { pool_name: string }[];
  return pools.find(({ pool_name }) => pool_name === name);
}

describe.skipIf(none !== "")("volumes", () => {
  test("what is declared is made, in a pool of its jurisdiction and class", async () => {
    await create("vol-one", { name: "docs", size: "20MiB" });
    await create("vol-two", { name: "docs", size: "40MiB" });
    expect(await rowOf("vol-one", "docs")).toMatchObject({
      ...{ state: "ready", trouble: "", caveat: "", jurisdiction: "UK", class: "hosts-3" },
      ...{ bytes: 20 * mebibyte, used: 0, pool: "dsecos.uk.hosts-3.file" },
    });
    const pool = await poolOf("dsecos.uk.hosts-3.file");
    expect(pool).toMatchObject({ size: 3, min_size: 2 });
    expect(pool?.flags_names).toContain("nodelete");
    const names = await Promise.all(
      ["vol-one", "vol-two"].map(
        async (tenant) => (await subvolume(tenant, "docs")).pool_namespace,
      ),
    );
    expect(new Set(names).size).toBe(2);
  });

  test("Ceph refuses what goes beyond a quota, and what is used is counted", async () => {
    const access = await accessOf("vol-one", "docs");
    expect(access.mount).toContain(`:${access.path} DIRECTORY -o name=dsecos.vol-one,`);
    expect(access.mount).not.toContain(access.secret);
    const filled = await access.act("fill", access.path, "200");
    expect(filled.error).toBe("EDQUOT");
    expect(filled.mebibytes).toBeLessThan(60);
    await until(async () => {
      await bed.volumes.reconciler.round();
      return ((await rowOf("vol-one", "docs"))?.used ?? 0) >= 15 * mebibyte;
    }, 60);
    const { handlers } = bed.volumes;
    await expect(handlers.ResizeVolume(officer, "vol-one", "docs", "4MiB")).rejects.toThrow(
      /has \d+ bytes in it already/,
    );
    const row = await handlers.ResizeVolume(officer, "vol-one", "docs", "100MiB");
    expect(row).toMatchObject({ bytes: 100 * mebibyte, trouble: "" });
    expect((await subvolume("vol-one", "docs")).bytes_quota).toBe(100 * mebibyte);
    const more = await access.act("fill", access.path, "60");
    expect(more).toEqual({ mebibytes: 60, error: "" });
  });

  test("a tenant's key finds no way to another tenant's data", async () => {
    const [own, other] = [await accessOf("vol-one", "docs"), await accessOf("vol-two", "docs")];
    await other.act("fill", other.path, "8");
    const { data_pool: pool, pool_namespace: namespace } = await subvolume("vol-two", "docs");
    const [object] = await other.act("objects", pool, namespace);
    expect(object).toMatch(/^[0-9a-f]+\.[0-9a-f]+$/);
    const facts = {
      ...{ fileSystem: "fs", metadata: "cephfs.fs.meta", own: { path: own.path } },
      other: {
        ...{ tenant: "vol-two", subvolume: "vol-two.docs", entity: "client.dsecos.vol-two" },
        ...{ path: other.path, pool, namespace, object },
      },
    };
    const { maps: seen, ...ways } = await own.act("attack", JSON.stringify(facts));
    expect(Object.keys(ways).length).toBeGreaterThan(20);
    const reached = Object.entries(ways).filter(([, result]) => !("refused" in (result as object)));
    expect(reached).toEqual([]);
    const errors = new Set(
      Object.values(ways as Record<string, { refused: string }>).map((each) => each.refused),
    );
    // Refused for what it may not, and not because the cluster was away.
    expect([...errors].filter((each) => !["EACCES", "EPERM", "ENOENT"].includes(each))).toEqual([]);
    // Every client has the maps: no tenant is named there.
    expect(seen).not.toContain("vol-two");
    // Nothing was overwritten, and the tenant itself may what the other may not.
    expect(await other.act("objects", pool, namespace)).toContain(object);
  });

  test("a quota or a capability that somebody changed is put right, on record", async () => {
    const before = await capsOf("vol-one");
    const caps = ["mon", "allow *", "osd", "allow *", "mds", "allow *"];
    await admin.mon("auth caps", { entity: "client.dsecos.vol-one", caps });
    await admin.mgr("fs subvolume resize", { ...inFs("vol-two", "docs"), new_size: "inf" });
    await bed.volumes.reconciler.round();
    expect(await capsOf("vol-one")).toEqual(before);
    expect((await subvolume("vol-two", "docs")).bytes_quota).toBe(40 * mebibyte);
    const actions = bed.audit.entries.map(({ action, tenant }) => `${action} ${tenant}`);
    expect(actions).toContain("ceph.CapabilitiesSet vol-one");
    expect(actions).toContain("ceph.QuotaSet vol-two");
  });

  test("what cannot be placed is refused in a sentence, stays declared and is told", async () => {
    await expect(
      create("vol-one", { name: "abroad", size: "1GiB", jurisdiction: "AE" }),
    ).rejects.toThrow("The data of vol-one stays in UK");
    await expect(create("vol-far", { name: "three", size: "1GiB" })).rejects.toThrow(
      "AE has 2 hosts with storage, and 3 copies need as many",
    );
    expect(await rowOf("vol-far", "three")).toMatchObject({ state: "declared", used: -1 });
    await expect(create("vol-lost", { name: "docs", size: "1GiB" })).rejects.toThrow(
      "No part of the cluster is known to be in BR",
    );
    await expect(create("vol-one", { name: "docs", size: "1GiB" })).rejects.toThrow(
      "vol-one has a volume docs already",
    );
    await create("vol-far", { name: "two", size: "1GiB", class: "hosts-2" });
    // The file system's metadata is in the UK alone.
    expect((await rowOf("vol-far", "two"))?.caveat).toContain("which may be outside AE");
    expect((await list({ troubled: true })).rows.map(({ name }) => name).sort()).toEqual([
      ...["docs", "three"],
    ]);
    const disk = { name: "held", kind: "block", size: "1GiB", worm: true };
    await expect(create("vol-one", disk)).rejects.toThrow("a block volume cannot be WORM");
    const rules = (await admin.mon("osd crush rule ls")) as string[];
    expect(rules.filter((name) => name.startsWith("dsecos."))).toHaveLength(2);
    // Somebody made a pool of that name whose data lies elsewhere.
    const pool = "dsecos.uk.sites-2.file";
    const elsewhere = { pool, pg_num: 1, pool_type: "replicated", rule: "eu" };
    await admin.mon("osd pool create", elsewhere);
    await expect(
      create("vol-two", { name: "elsewhere", size: "1GiB", class: "sites-2" }),
    ).rejects.toThrow(`The pool ${pool} does not have the placement rule`);
    const sure = { yes_i_really_really_mean_it: true };
    await admin.mon("osd pool delete", { pool, pool2: pool, ...sure });
    await bed.volumes.reconciler.round();
    expect(await rowOf("vol-two", "elsewhere")).toMatchObject({ state: "ready", trouble: "" });
  });

  test("bad names and sizes are refused in a sentence", () => {
    const refused = [
      [{ name: "a/b", size: "1GiB" }, "A volume's name has 2 to 40 characters"],
      [{ name: "..", size: "1GiB" }, "A volume's name has 2 to 40 characters"],
      [{ name: "a".repeat(41), size: "1GiB" }, "A volume's name has 2 to 40 characters"],
      [{ name: "Docs", size: "1GiB" }, "A volume's name has 2 to 40 characters"],
      [{ name: "docs", size: "1" }, "A size is a whole number with a unit"],
      [{ name: "docs", size: "-1GiB" }, "A size is a whole number with a unit"],
      [{ name: "docs", size: "1MiB" }, "A volume has at least 4MiB and at most 1PiB."],
      [{ name: "docs", size: "2PiB" }, "A volume has at least 4MiB and at most 1PiB."],
      [{ name: "docs", size: "1GiB", jurisdiction: "uk" }, "A region has two capital letters"],
      [{ name: "docs", size: "1GiB", kind: "tape" }, "Invalid type"],
    ] as const;
    for (const [spec, why] of refused) {
      const { issues } = v.safeParse(volumeSpecSchema, spec);
      expect(issues?.[0].message, JSON.stringify(spec)).toContain(why);
    }
  });

  test("what nobody declared is told and left alone", async () => {
    await admin.mgr("fs subvolume create", inFs("vol-two", "stray"));
    await bed.volumes.reconciler.round();
    const { strays } = await list();
    expect(strays).toHaveLength(1);
    expect(strays[0]).toContain("vol-two.stray in the group vol-two was declared by nobody");
    expect(await subvolume("vol-two", "stray")).toMatchObject({ state: "complete" });
    await admin.mgr("fs subvolume rm", inFs("vol-two", "stray"));
  });

  test("a deletion waits, can be taken back, and is not done by a clock that went ahead", async () => {
    const { handlers, reconciler, requireNone } = bed.volumes;
    const { path } = await accessOf("vol-two", "docs");
    const caps = async () => (await capsOf("vol-two")).mds;
    expect(await caps()).toContain(path);
    const row = await handlers.DeleteVolume(officer, "vol-two", "docs", 7);
    expect(row.state).toBe("deleting");
    expect(Date.parse(row.deleteAt ?? "") - bed.clock.now).toBe(7 * 86_400_000);
    expect(await caps()).not.toContain(path);
    await expect(handlers.VolumeAccess(officer, "vol-two", "docs")).rejects.toThrow("restore it");
    await expect(requireNone("vol-two")).rejects.toThrow(/still has the volume docs and 1 more/);
    await handlers.RestoreVolume(officer, "vol-two", "docs", "it is needed");
    expect(await caps()).toContain(path);
    await handlers.DeleteVolume(officer, "vol-two", "docs", 7);

    bed.clock.now += 6 * 86_400_000;
    await reconciler.round();
    expect((await subvolume("vol-two", "docs")).path).toBe(path);
    bed.clock.now += 2 * 86_400_000;
    bed.clock.believable = false;
    await reconciler.round();
    expect((await subvolume("vol-two", "docs")).path).toBe(path);
    expect((await rowOf("vol-two", "docs"))?.trouble).toContain("may have gone ahead");
    bed.clock.believable = true;
    await reconciler.round();
    expect(await rowOf("vol-two", "docs")).toBeUndefined();
    await expect(subvolume("vol-two", "docs")).rejects.toThrow(/does not exist/);
    const removed = bed.audit.entries.filter(({ action }) => action === "ceph.VolumeRemoved");
    expect(removed).toMatchObject([{ tenant: "vol-two", object: "docs", outcome: "success" }]);
  });

  test("with the last volume the tenant's key and group go", async () => {
    const { handlers, reconciler, requireNone } = bed.volumes;
    await handlers.DeleteVolume(officer, "vol-two", "elsewhere", 7);
    bed.clock.now += 8 * 86_400_000;
    await reconciler.round();
    await expect(capsOf("vol-two")).rejects.toThrow(/failed to find/);
    const groups = await admin.mgr("fs subvolumegroup ls", { vol_name: "fs" });
    expect((groups as { name: string }[]).map(({ name }) => name)).not.toContain("vol-two");
    await requireNone("vol-two");
  });

  test("a record that nobody can read is told, and its tenant cannot be deleted", async () => {
    const key = `${volumeKeyPrefix}odd`;
    const set = (text: string) =>
      updateProject(bed.incus, "vol-two", (config: Config) => ({ ...config, [key]: text }));
    await set("{}");
    bed.volumes.stale();
    await expect(bed.volumes.requireNone("vol-two")).rejects.toThrow("cannot be read");
    await bed.volumes.reconciler.round();
    expect((await list()).unknown).toContain("A volume of vol-two cannot be read");
    await set("");
  });

  test("without Ceph a volume stays declared, and is made when it is back", async () => {
    const path = join(maps, "map.json");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace('"serial":1', '"serial":2'));
    await expect(create("vol-two", { name: "later", size: "1GiB" })).rejects.toThrow(
      /its signature is not valid.* The volume stays declared/,
    );
    writeFileSync(path, text);
    await bed.volumes.reconciler.round();
    expect((await rowOf("vol-two", "later"))?.state).toBe("ready");
  });

  test("no secret is on record or in the log", async () => {
    const { secret } = await accessOf("vol-one", "docs");
    expect(secret.length).toBeGreaterThan(30);
    const kept = [JSON.stringify(bed.audit.entries), ...bed.logged];
    kept.push(JSON.stringify([...bed.jobs.records.values()]));
    expect(kept.some((text) => text.includes(secret))).toBe(false);
  });
});
