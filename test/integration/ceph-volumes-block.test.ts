/**
 * Tenants' block volumes on a real Ceph, with keys in a real token of SoftHSM and declared in a real
 * Incus: encrypted, opened by their tenant alone, and unreadable once the key is destroyed.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { volumeFilterSchema, volumeSpecSchema } from "../../agent/ceph/volumes/answers.ts";
import { VolumeBook } from "../../agent/ceph/volumes/book.ts";
import { IncusClient } from "../../agent/incus/client.ts";
import { noCeph } from "../lib/ceph-cluster.ts";
import { createHsmBed, type HsmBed } from "../lib/hsm-driver.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import {
  type Bed,
  type CephBed,
  makeCephBed,
  makeProject,
  openBed,
  ready,
} from "./ceph-volumes-bed.ts";
import { openVault, type Vault, vaultPlaces } from "./ceph-volumes-vault.ts";
import { fakeCall } from "./incus-fakes.ts";
import { missing, until } from "./incus-lib.ts";

const none = noCeph || missing;
const program = join(import.meta.dirname, "../lib/ceph-tenant-disk.py");
const officer = fakeCall("ceph.EraseVolume", "officer");
const tenants = ["blk-one", "blk-two", "blk-bare"];
const mebibyte = 1024 ** 2;
const dayMs = 86_400_000;
/** And a minute. */
const hourMs = 3_660_000;
const pool = "dsecos.uk.hosts-2.block";

let ground: CephBed;
let hsm: HsmBed;
let incus: IncusClient;
let vault: Vault;
let bed: Bed;

beforeAll(async () => {
  if (none !== "") return;
  [ground, hsm] = await Promise.all([makeCephBed(), createHsmBed()]);
  incus = new IncusClient(ground.places.incusSocket);
  const audit = new RecordingAudit();
  for (const name of tenants) await makeProject(incus, name);
  vault = await openVault(vaultPlaces(hsm), incus, audit);
  for (const name of ["blk-one", "blk-two"]) await vault.makeToken(name);
  bed = openBed(ground.places, () => "UK", vault.keys, audit);
  await ready(bed.ceph);
}, 180_000);
afterAll(async () => {
  await bed?.close();
  await vault?.close();
  for (const name of tenants) {
    await incus?.send("DELETE", `/1.0/projects/${name}`).catch(() => undefined);
  }
  incus?.close();
  await hsm?.remove();
  await ground?.end();
}, 60_000);

async function create(tenant: string, name: string, size = "8MiB"): Promise<void> {
  const spec = v.parse(volumeSpecSchema, { name, kind: "block", size, class: "hosts-2" });
  await bed.jobs.done(await bed.volumes.handlers.CreateVolume(officer, tenant, spec));
}

async function rowOf(tenant: string, name: string) {
  const filter = v.parse(volumeFilterSchema, { tenant });
  const { rows } = await bed.volumes.handlers.Volumes(officer, filter);
  return rows.find((row) => row.name === name);
}

const recordOf = async (tenant: string, name: string) =>
  (await new VolumeBook(incus).of(tenant)).get(name);
const passphraseOf = (tenant: string, name: string) =>
  bed.volumes.handlers.VolumePassphrase(officer, tenant, name, "the machine starts");

async function run(command: string, args: readonly string[], input = ""): Promise<string> {
  const running = promisify(execFile)(command, args, { timeout: 60_000, maxBuffer: 64 * mebibyte });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

/** Asks as the cluster's administrator. */
function rbd(...args: string[]): Promise<string> {
  const keyring = join(ground.cluster.directory, "keyring");
  const admin = ["-c", ground.places.paths.cephConfig, "--id", "admin", "--keyring", keyring];
  return run("rbd", [...args, ...admin]);
}

/** What the tenant's client has. */
async function clientOf(tenant: string, name: string) {
  const access = await bed.volumes.handlers.VolumeAccess(officer, tenant, name);
  const keyring = join(ground.places.maps, `${tenant}.keyring`);
  writeFileSync(keyring, access.keyring, { mode: 0o600 });
  const first = [program, ground.places.paths.cephConfig, access.user, keyring];
  const act = async (args: string[], passphrase = "") =>
    JSON.parse(await run("/usr/bin/python3", [...first, ...args], `${passphrase}\n`));
  return { ...access, keyringFile: keyring, act };
}

async function capsOf(tenant: string): Promise<Record<string, string> | undefined> {
  const entity = `client.dsecos.${tenant}`;
  const entries = (await ground.admin.mon("auth ls")) as {
    auth_dump: { entity: string; caps: Record<string, string> }[];
  };
  return entries.auth_dump.find((one) => one.entity === entity)?.caps;
}

describe.skipIf(none !== "")("block volumes", () => {
  test("what is declared is made, encrypted, and opened with its passphrase alone", async () => {
    await create("blk-one", "db");
    await create("blk-two", "db");
    expect(await rowOf("blk-one", "db")).toMatchObject({
      ...{ kind: "block", state: "ready", trouble: "", bytes: 8 * mebibyte, used: -1, pool },
    });
    const { key } = (await recordOf("blk-one", "db")) ?? {};
    expect(key?.name).toMatch(/^volume-db-[0-9a-f]{8}$/);
    const client = await clientOf("blk-one", "db");
    expect(client.path).toBe(`${pool}/blk-one.db/db`);
    const passphrase = await passphraseOf("blk-one", "db");
    expect(Buffer.from(passphrase, "base64")).toHaveLength(32);
    const secret = "what the ministry wrote";
    const wrote = await client.act(["write", client.path, secret], passphrase);
    expect(wrote).toEqual({ size: 8 * mebibyte });
    const read = await client.act(["read", client.path, String(secret.length)], passphrase);
    expect(Buffer.from(read.data, "base64").toString()).toBe(secret);
    // In the image nobody reads it, and cryptsetup opens its header with what was given.
    const raw = await client.act(["raw", client.path, String(24 * mebibyte)]);
    const image = join(ground.places.maps, "image");
    writeFileSync(image, Buffer.from(raw.data, "base64"));
    expect(readFileSync(image).includes(secret)).toBe(false);
    const open = ["open", "--test-passphrase", "--disable-locks", "--type", "luks2", image];
    await run("cryptsetup", open, `${passphrase}\n`);
    const others = await passphraseOf("blk-two", "db");
    await expect(run("cryptsetup", open, `${others}\n`)).rejects.toThrow(/No key available/);
  });

  test("what was written is counted, and objects that belong to no disk are told", async () => {
    const { reconciler } = bed.volumes;
    const hidden = join(ground.places.maps, "hidden");
    writeFileSync(hidden, "past RBD");
    const keyring = join(ground.cluster.directory, "keyring");
    const rados = (...args: string[]) =>
      run("rados", [
        ...["-c", ground.places.paths.cephConfig, "--id", "admin", "--keyring", keyring],
        ...["-p", pool, "-N", "blk-one.db", ...args],
      ]);
    await rados("put", "hidden", hidden);
    const loose = () => reconciler.strays.filter((one) => one.includes("belongs to no disk"));
    // A disk is counted once an hour.
    bed.clock.now += hourMs;
    await until(async () => {
      await reconciler.round();
      return (await rowOf("blk-one", "db"))?.used === 4 * mebibyte && loose().length > 0;
    }, 60);
    const at = new Date(bed.clock.now).toISOString();
    expect(await rowOf("blk-one", "db")).toMatchObject({ countedAt: at, trouble: "" });
    // Nothing was written behind the header of this one.
    expect(await rowOf("blk-two", "db")).toMatchObject({ used: 0, countedAt: at });
    expect(loose()).toEqual([
      expect.stringContaining(`The object hidden in the namespace blk-one.db of ${pool}`),
    ]);
    await rados("rm", "hidden");
    bed.clock.now += hourMs;
    await until(async () => {
      await reconciler.round();
      return loose().length === 0;
    }, 60);
  });

  test("the command that is answered names the image as rbd finds it", async () => {
    const { mount, path, user, keyringFile } = await clientOf("blk-one", "db");
    const [, mons] = / -m (\S+) -o ms_mode=secure && cryptsetup open /.exec(mount) ?? [];
    expect(mount).toContain(`rbd device map ${path} --id ${user} --keyring KEYRING -m `);
    const where = ["--id", user, "--keyring", keyringFile, "-m", mons ?? "", "-c", "/dev/null"];
    const info = JSON.parse(await run("rbd", ["info", path, ...where, "--format", "json"]));
    expect(info).toMatchObject({ name: "db", size: 24 * mebibyte, features: ["layering"] });
  });

  test("a tenant's key finds no way to another tenant's disk", async () => {
    const [own, other] = [await clientOf("blk-one", "db"), await clientOf("blk-two", "db")];
    const passphrase = await passphraseOf("blk-two", "db");
    await other.act(["write", other.path, "theirs"], passphrase);
    const info = JSON.parse(
      await run("rbd", [
        ...["info", other.path, "-c", ground.places.paths.cephConfig, "--format", "json"],
        ...["--id", other.user, "--keyring", other.keyringFile],
      ]),
    );
    const facts = {
      ...{ pool, namespace: "blk-two.db", image: "db", id: info.id },
      ...{ entity: "client.dsecos.blk-two", own: { namespace: "blk-one.db" } },
    };
    const ways: Record<string, { refused?: string }> = await own.act([
      "attack",
      JSON.stringify(facts),
    ]);
    expect(Object.keys(ways).length).toBeGreaterThan(30);
    expect(Object.entries(ways).filter(([, { refused }]) => refused === undefined)).toEqual([]);
    const errors = new Set(Object.values(ways).map(({ refused }) => refused));
    // Refused for what it may not, and not because the cluster was away.
    expect([...errors].filter((each) => !/^(EACCES|EPERM|ENOENT)$/.test(each ?? ""))).toEqual([]);
    const read = await other.act(["read", other.path, "6"], passphrase);
    expect(Buffer.from(read.data, "base64").toString()).toBe("theirs");
  });

  test("a disk grows, never shrinks, and is closed where its client let it grow", async () => {
    const { handlers, reconciler } = bed.volumes;
    const smaller = handlers.ResizeVolume(officer, "blk-one", "db", "4MiB");
    await expect(smaller).rejects.toThrow("cannot be made smaller");
    const row = await handlers.ResizeVolume(officer, "blk-one", "db", "12MiB");
    expect(row).toMatchObject({ bytes: 12 * mebibyte, trouble: "" });
    const client = await clientOf("blk-one", "db");
    const passphrase = await passphraseOf("blk-one", "db");
    const { size, data } = await client.act(["read", client.path, "4"], passphrase);
    expect({ size, data }).toEqual({ size: 12 * mebibyte, data: "AAAAAA==" });
    await client.act(["grow", client.path, String(36 * mebibyte)]);
    await rbd("create", `${pool}/blk-one.db/more`, "--size", "1M");
    await reconciler.round();
    expect((await rowOf("blk-one", "db"))?.trouble).toContain("its client let it grow");
    expect(await capsOf("blk-one")).toBeUndefined();
    expect(reconciler.strays).toEqual([
      expect.stringContaining(`${pool}/blk-one.db/more was declared by nobody`),
    ]);
    expect(await handlers.ResizeVolume(officer, "blk-one", "db", "20MiB")).toMatchObject({
      trouble: "",
    });
    expect((await capsOf("blk-one"))?.osd).toContain("namespace=blk-one.db");
  });

  test("without a token nothing is encrypted: it stays declared, with what to do", async () => {
    await expect(create("blk-bare", "db")).rejects.toThrow(/token.* The volume stays declared/);
    expect(await rowOf("blk-bare", "db")).toMatchObject({ state: "declared" });
    await vault.makeToken("blk-bare");
    await bed.volumes.reconciler.round();
    expect(await rowOf("blk-bare", "db")).toMatchObject({ state: "ready", trouble: "" });
  });

  test("what bears a volume's name and was not made for it is left as it is", async () => {
    const spec = `${pool}/blk-two.odd/odd`;
    await rbd("namespace", "create", `${pool}/blk-two.odd`);
    const content = join(ground.places.maps, "content");
    writeFileSync(content, Buffer.alloc(mebibyte, "somebody's"));
    await rbd("import", content, spec);
    await expect(create("blk-two", "odd")).rejects.toThrow("its passphrase does not open it");
    await rbd("export", spec, `${content}.after`);
    expect(readFileSync(`${content}.after`).equals(readFileSync(content))).toBe(true);
    await rbd("rm", spec);
    await bed.volumes.reconciler.round();
    expect(await rowOf("blk-two", "odd")).toMatchObject({ state: "ready", trouble: "" });
    // Once it was whole it is never made anew: its loss is told.
    await rbd("rm", spec);
    await bed.volumes.reconciler.round();
    expect((await rowOf("blk-two", "odd"))?.trouble).toContain("is gone and is not made anew");
  });

  test("while it is to be deleted no key opens it, and then its key is to go as well", async () => {
    const { handlers, reconciler } = bed.volumes;
    const client = await clientOf("blk-two", "db");
    const key = (await rowOf("blk-two", "db"))?.key ?? "";
    await handlers.DeleteVolume(officer, "blk-two", "db", 7);
    await expect(client.act(["raw", client.path, "6"])).rejects.toThrow();
    await expect(passphraseOf("blk-two", "db")).rejects.toThrow("restore it first");
    await handlers.RestoreVolume(officer, "blk-two", "db", "it is needed");
    // With its last volume the tenant's key was taken away, and this one is another.
    const again = await clientOf("blk-two", "db");
    expect((await again.act(["raw", again.path, "4"])).data).toBe("TFVLUw==");
    await handlers.DeleteVolume(officer, "blk-two", "db", 7);
    bed.clock.now += 8 * dayMs;
    await until(async () => {
      await reconciler.round();
      return (await rowOf("blk-two", "db")) === undefined;
    }, 60);
    const of = { tenant: "blk-two", key, volume: "db" };
    expect(await vault.keys.look(of)).toMatchObject({ state: "deactivated" });
    const namespaces = JSON.parse(await rbd("namespace", "ls", pool, "--format", "json"));
    expect(namespaces).not.toContainEqual({ name: "blk-two.db" });
  });

  test("an erased volume is unreadable for whoever kept its image and its wrapped key", async () => {
    const { handlers, reconciler } = bed.volumes;
    const kept = (await recordOf("blk-one", "db"))?.key;
    const of = { tenant: "blk-one", key: kept?.name ?? "", volume: "db" };
    const passphrase = await passphraseOf("blk-one", "db");
    expect(await vault.keys.open(of, kept?.wrapped ?? "")).toBe(passphrase);
    const call = { ...officer, approvers: ["second"] };
    const row = await handlers.EraseVolume(call, "blk-one", "db", 7, "the contract ended");
    expect(row).toMatchObject({ state: "deleting", trouble: "", erase: { approvers: ["second"] } });
    expect((await vault.keys.look(of))?.destroyAt).toBe(row.deleteAt);
    await handlers.RestoreVolume(officer, "blk-one", "db", "it goes on");
    expect(await vault.keys.look(of)).toMatchObject({ state: "active", destroyAt: undefined });
    await handlers.EraseVolume(call, "blk-one", "db", 7, "the contract ended");
    bed.clock.now += 8 * dayMs;
    await until(async () => {
      await reconciler.round();
      return (await rowOf("blk-one", "db")) === undefined;
    }, 60);
    const { rows } = await handlers.Erasures(officer, "blk-one", "");
    expect(rows).toMatchObject([
      {
        ...{ tenant: "blk-one", volume: "db", image: `${pool}/blk-one.db/db` },
        ...{ requestedBy: "officer", approvedBy: ["second"], reason: "the contract ended" },
        key: { name: kept?.name, versions: [{ version: 1, destroyedAt: expect.any(String) }] },
        given: expect.any(Number),
      },
    ]);
    expect(rows[0]?.key.versions[0]?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    await expect(vault.keys.open(of, kept?.wrapped ?? "")).rejects.toThrow("is destroyed");
    const token = await vault.core.book.of("blk-one");
    expect((await token.driver.keys(token.label)).map(({ algorithm }) => algorithm)).toEqual([]);
  });

  test("a file volume has neither a passphrase nor a key to destroy", async () => {
    const spec = v.parse(volumeSpecSchema, { name: "docs", size: "8MiB", class: "hosts-2" });
    await bed.jobs.done(await bed.volumes.handlers.CreateVolume(officer, "blk-one", spec));
    await expect(passphraseOf("blk-one", "docs")).rejects.toThrow("has no key of its own");
    const erase = bed.volumes.handlers.EraseVolume(officer, "blk-one", "docs", 7, "why not");
    await expect(erase).rejects.toThrow("has no key of its own");
    await create("blk-one", "both");
    const caps = await capsOf("blk-one");
    expect(caps?.osd).toContain("namespace=blk-one.both");
    expect(caps?.osd).toContain("namespace=fsvolumens_blk-one.docs");
  });

  test("no secret is on record or in the log, and every use of a key has its receipt", async () => {
    const passphrase = await passphraseOf("blk-one", "both");
    const kept = [JSON.stringify(bed.audit.entries), ...bed.logged];
    kept.push(JSON.stringify([...bed.jobs.records.values()]));
    expect(kept.some((text) => text.includes(passphrase))).toBe(false);
    const receipts = bed.audit.entries.filter(({ details }) => details?.receipt !== undefined);
    const actions = new Set(receipts.map(({ action, outcome }) => `${action} ${outcome}`));
    expect([...actions].sort()).toEqual(["hsm.DataKeys note", "hsm.DecryptDataKey note"]);
  });
});
