/** Tenants, instances and images against a real Incus with real containers. */
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { IncusClient } from "../../agent/incus/client.ts";
import type { IncusInstance } from "../../agent/instances/source.ts";
import { features, restrictionsFor } from "../../agent/tenants/restrictions.ts";
import {
  type Bench,
  call,
  missing,
  small,
  startBench,
  startChild,
  tenantSpec,
  until,
} from "./incus-lib.ts";

if (missing !== "") console.log(`tenants on Incus: skipped: ${missing}`);

let bench: Bench;

const all = {
  search: "",
  state: [],
  classification: [],
  jurisdiction: [],
  troubled: false,
  sort: "name" as const,
  descending: false,
  cursor: "",
  limit: 1000,
};

const create = (name: string, quota?: { cpu: string; ram: string; storage: string }) =>
  bench.cloud.tenants.handlers.Create(
    call("tenants.Create"),
    name,
    tenantSpec(`${name.replaceAll("-", "_")}_t`, quota),
  );

async function make(tenant: string, name: string, spec = small) {
  const { instances } = bench.cloud;
  const id = await instances.handlers.Create(call("instances.Create"), tenant, name, spec);
  return bench.jobs.done(id);
}

async function row(name: string) {
  const { rows } = await bench.cloud.tenants.handlers.List(call("tenants.List"), {
    ...all,
    search: name,
  });
  return rows.find((tenant) => tenant.name === name);
}

async function statuses(tenant: string): Promise<Record<string, string>> {
  const found = await bench.cloud.instances.handlers.List(call("instances.List"), tenant);
  return Object.fromEntries(found.map(({ name, status }) => [name, status]));
}

async function remove(name: string) {
  const { handlers } = bench.cloud.tenants;
  await bench.jobs.done(await handlers.Delete(call("tenants.Delete"), name, true, 0));
}

describe.skipIf(missing !== "")("cloud", () => {
  beforeAll(async () => {
    bench = await startBench();
  }, 240_000);
  afterAll(() => bench?.end(), 120_000);

  test("a file becomes an image once, under a free alias", async () => {
    const { images } = bench.cloud;
    const before = await images.handlers.List(call("images.List"));
    expect(before.files.map(({ name }) => name)).toContain(bench.imageFile);
    const job = () => images.handlers.Import(call("images.Import"), bench.imageFile, "debian-13");
    await bench.jobs.done(await job());
    const after = await images.handlers.List(call("images.List"));
    expect(after.images[0]).toMatchObject({ aliases: ["debian-13"], type: "container" });
    await expect(job()).rejects.toMatchObject({ code: "Conflict" });
    const absent = images.handlers.Import(call("images.Import"), "absent.tar", "other");
    await expect(absent).rejects.toMatchObject({ code: "NotFound" });
  });

  test("the table of restrictions is that of the daemon", async () => {
    const metadata = await bench.api.request("GET", "/1.0/metadata/configuration");
    const keys = metadata.configs.project.restricted.keys.flatMap(Object.keys).sort();
    const table = restrictionsFor(undefined).map(({ key }) => key);
    expect([...table].sort()).toEqual(keys);
  });

  test("a tenant is one project that holds everything", async () => {
    const tenant = await create("mod-defense");
    expect(tenant).toMatchObject({ state: "active", createdBy: "alice", notYetTrue: [] });
    const { config } = await bench.api.request("GET", "/1.0/projects/mod-defense");
    for (const { key, value } of [...restrictionsFor(undefined), ...features]) {
      expect(config[key] ?? "", key).toBe(value);
    }
    expect(config["limits.memory"]).toBe("4GiB");
    await expect(create("mod-defense")).rejects.toMatchObject({ code: "Conflict" });
    const taken = bench.cloud.tenants.handlers.Create(
      call("tenants.Create"),
      "mod-other",
      tenantSpec("mod_defense_t"),
    );
    await expect(taken).rejects.toThrow("The tenant mod-defense has the domain mod_defense_t");
  });

  test("a container of the tenant really runs, isolated and limited", async () => {
    await make("mod-defense", "web");
    const path = "/1.0/instances/web?project=mod-defense";
    const web: IncusInstance = await bench.api.request("GET", path);
    expect(web.status).toBe("Running");
    expect(web.config["security.idmap.isolated"]).toBe("true");
    await until(async () => {
      const log = await bench.cloud.instances.handlers.Log(call("x"), "mod-defense", "web");
      return log.includes("systemd");
    });
    const [seen] = await bench.cloud.instances.handlers.List(call("x"), "mod-defense");
    expect(seen).toMatchObject({ name: "web", status: "running", image: "debian-13" });
    expect(seen?.live.processes).toBeGreaterThan(0);
    const detail = await bench.cloud.tenants.handlers.Show(call("x"), "mod-defense");
    expect(detail.storage).toMatchObject({ pool: "default", enforced: true });
    expect(detail.tenant.promised).toEqual({ cpu: 1, ramKib: 131072, storageKib: 524288 });
    await until(async () => (await row("mod-defense"))?.instances.running === 1);
  });

  test("a disk holds no more than its size", async () => {
    const client = new IncusClient(bench.socketPath);
    const parts = Array.from({ length: 700 }, () => Buffer.alloc(1024 * 1024, 7));
    const write = client.send("POST", "/1.0/instances/web/files", Readable.from(parts), {
      project: "mod-defense",
      query: { path: "/root/fill" },
      timeoutMs: 60_000,
      headers: { "X-Incus-type": "file" },
    });
    await expect(write).rejects.toMatchObject({ code: "QuotaExceeded" });
    await client.send("DELETE", "/1.0/instances/web/files", undefined, {
      project: "mod-defense",
      query: { path: "/root/fill" },
    });
    client.close();
  });

  test("a virtual machine is refused with the reason where none can run", async () => {
    const machine = make("mod-defense", "vm", { ...small, type: "virtual-machine" });
    // Where QEMU works, the image is the wrong one for it.
    await expect(machine).rejects.toThrow(/QEMU|not for a virtual-machine/);
  });

  test("snapshots are taken, listed, restored, scheduled and deleted", async () => {
    const { handlers } = bench.cloud.instances;
    const { done } = bench.jobs;
    const run = (id: string) => done.call(bench.jobs, id);
    await run(await handlers.Snapshot(call("x"), "mod-defense", ["web"], "one"));
    const listed = await handlers.ListSnapshots(call("x"), "mod-defense", "web");
    expect(listed.map(({ name }) => name)).toEqual(["one"]);
    await run(await handlers.RestoreSnapshot(call("x"), "mod-defense", "web", "one"));
    const schedule = { schedule: "@daily", expiry: "7d" };
    await run(await handlers.ScheduleSnapshots(call("x"), "mod-defense", ["web"], schedule));
    const [web] = await handlers.List(call("x"), "mod-defense");
    expect(web).toMatchObject({ snapshots: 1, snapshotSchedule: "@daily", status: "running" });
    await run(await handlers.DeleteSnapshot(call("x"), "mod-defense", "web", "one"));
    const again = handlers.DeleteSnapshot(call("x"), "mod-defense", "web", "one");
    await expect(again).rejects.toMatchObject({ code: "NotFound" });
  });

  test("instances stop, start, restart and grow within the quota", async () => {
    const { handlers } = bench.cloud.instances;
    const run = async (id: Promise<string>) => bench.jobs.done(await id);
    await run(handlers.Restart(call("x"), "mod-defense", ["web"]));
    await run(handlers.Stop(call("x"), "mod-defense", ["web"], true));
    expect(await statuses("mod-defense")).toEqual({ web: "stopped" });
    await run(handlers.Resize(call("x"), "mod-defense", ["web"], { cpu: 2, storage: "1GiB" }));
    expect((await row("mod-defense"))?.promised).toMatchObject({ cpu: 2, storageKib: 1048576 });
    const tooMuch = run(handlers.Resize(call("x"), "mod-defense", ["web"], { cpu: 9 }));
    await expect(tooMuch).rejects.toMatchObject({ code: "QuotaExceeded" });
    const less = run(handlers.Resize(call("x"), "mod-defense", ["web"], { storage: "100MiB" }));
    await expect(less).rejects.toMatchObject({ code: "InvalidArgument" });
    await run(handlers.Start(call("x"), "mod-defense", ["web"]));
    const absent = handlers.Start(call("x"), "mod-defense", ["web", "nobody"]);
    await expect(absent).rejects.toMatchObject({ code: "NotFound" });
  });

  test("a quota does not fall below what is promised", async () => {
    const { handlers } = bench.cloud.tenants;
    const lower = handlers.Change(call("x"), "mod-defense", { quota: { cpu: "1" } });
    await expect(lower).rejects.toMatchObject({ code: "QuotaExceeded" });
    const changed = await handlers.Change(call("x"), "mod-defense", {
      displayName: "Defence",
      quota: { cpu: "4" },
    });
    expect(changed).toMatchObject({ displayName: "Defence", quota: { cpu: "4", ram: "4GiB" } });
    const { config } = await bench.api.request("GET", "/1.0/projects/mod-defense");
    expect(config["limits.cpu"]).toBe("4");
  });

  test("what is changed behind our back is put right and put on record", async () => {
    const path = "/1.0/projects/mod-defense";
    const { config, description } = await bench.api.request("GET", path);
    const { "limits.cpu": _cpu, ...rest } = config;
    const body = { description, config: { ...rest, restricted: "false" } };
    await bench.api.request("PUT", path, { body });
    await until(async () => {
      const now = (await bench.api.request("GET", path)).config;
      return now.restricted === "true" && now["limits.cpu"] === "4";
    });
    await until(() => bench.audit.of("tenants.Repaired", "mod-defense").length > 0);
    const [note] = bench.audit.of("tenants.Repaired", "mod-defense");
    expect(note?.details).toEqual({
      changed: [
        { key: "restricted", was: "false", is: "true" },
        { key: "limits.cpu", was: "", is: "4" },
      ],
    });
    await until(async () => (await row("mod-defense"))?.notYetTrue.length === 0);
  });

  test("a suspended tenant stays frozen, whoever starts something", async () => {
    const { handlers } = bench.cloud.tenants;
    await bench.jobs.done(await handlers.Suspend(call("x"), "mod-defense"));
    expect(await statuses("mod-defense")).toEqual({ web: "frozen" });
    expect(bench.audit.of("tenants.Frozen", "mod-defense")).toEqual([]);
    expect(await row("mod-defense")).toMatchObject({
      state: "suspended",
      instances: { running: 0 },
    });
    const start = bench.cloud.instances.handlers.Start(call("x"), "mod-defense", ["web"]);
    await expect(start).rejects.toMatchObject({ code: "Conflict" });
    await expect(make("mod-defense", "more")).rejects.toMatchObject({ code: "Conflict" });
    const path = "/1.0/instances/web/state?project=mod-defense";
    await bench.api.request("PUT", path, { body: { action: "unfreeze", timeout: 10 } });
    await until(() => bench.audit.of("tenants.Frozen", "mod-defense").length > 0);
    expect(await statuses("mod-defense")).toEqual({ web: "frozen" });
    await bench.jobs.done(await handlers.Resume(call("x"), "mod-defense"));
    expect(await statuses("mod-defense")).toEqual({ web: "running" });
  });

  test("a deletion can be undone within its grace, and is carried out after it", async () => {
    const { handlers } = bench.cloud.tenants;
    const refused = handlers.Delete(call("x"), "mod-defense", false, 0);
    await expect(refused).rejects.toMatchObject({ code: "Conflict" });
    const before = await bench.cloud.tenants.fingerprints.Delete(call("x"), "mod-defense");
    await bench.jobs.done(await handlers.Delete(call("x"), "mod-defense", true, 3600));
    expect(await statuses("mod-defense")).toEqual({ web: "frozen" });
    const after = await bench.cloud.tenants.fingerprints.Delete(call("x"), "mod-defense");
    expect(after).not.toBe(before);
    await handlers.Restore(call("x"), "mod-defense");
    await until(async () => (await statuses("mod-defense")).web === "running");
    await bench.jobs.done(await handlers.Delete(call("x"), "mod-defense", true, 1));
    const another = bench.another("first");
    await until(async () => (await another.cloud.tenants.outcome("mod-defense")) === "gone", 90);
    await another.cloud.stop();
    await until(async () => (await row("mod-defense")) === undefined);
  }, 120_000);

  test("1,000 parallel creations never exceed a quota of three", async () => {
    await create("mod-crowd", { cpu: "3", ram: "4GiB", storage: "8GiB" });
    const names = Array.from({ length: 1000 }, (_, i) => `c-${i}`);
    const results = await Promise.allSettled(
      names.map((name) => make("mod-crowd", name, { ...small, start: false })),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    const codes = results.flatMap((r) => (r.status === "rejected" ? [r.reason.code] : []));
    expect(new Set(codes)).toEqual(new Set(["QuotaExceeded"]));
    expect(Object.keys(await statuses("mod-crowd"))).toHaveLength(3);
    expect((await row("mod-crowd"))?.promised.cpu).toBe(3);
    await remove("mod-crowd");
  }, 180_000);

  test("a bulk job goes on under its id after its agent was killed", async () => {
    await create("mod-bulk", { cpu: "20", ram: "4GiB", storage: "32GiB" });
    const child = await startChild(bench.socketPath, "second", "mod-bulk", 12);
    await until(async () => Object.keys(await statuses("mod-bulk")).length >= 2);
    child.kill("SIGKILL");
    const config = async () => (await bench.api.request("GET", "/1.0/projects/mod-bulk")).config;
    const keys = Object.keys(await config()).filter((key) => key.startsWith("user.dsecos.job."));
    expect(keys).toHaveLength(1);
    const id = keys[0]?.slice("user.dsecos.job.".length) ?? "";
    const second = bench.another("second");
    await until(() => second.jobs.get(id)?.state === "succeeded", 60);
    expect(second.jobs.get(id)).toMatchObject({
      kind: "instances.Create",
      actor: "alice",
      done: 12,
    });
    expect(Object.keys(await statuses("mod-bulk"))).toHaveLength(12);
    expect(Object.keys(await config())).not.toContain(keys[0]);
    await second.cloud.stop();
    await remove("mod-bulk");
  }, 180_000);

  test("without Incus every call answers at once, and all is well when it is back", async () => {
    await create("mod-calm");
    await bench.incus.stop();
    const began = Date.now();
    const away = bench.cloud.instances.handlers.List(call("x"), "mod-calm");
    await expect(away).rejects.toMatchObject({ code: "Unavailable" });
    await expect(create("mod-never")).rejects.toMatchObject({ code: "Unavailable" });
    expect(Date.now() - began).toBeLessThan(5000);
    expect((await row("mod-calm"))?.state).toBe("active");
    await until(() => bench.cloud.tenants.health().state === "stopped");
    expect(bench.cloud.tenants.health().remedy).toContain("systemctl start incus");
    await bench.incus.start();
    await until(() => bench.cloud.tenants.health().state === "running", 60);
    await until(async () => {
      await bench.cloud.tenants.handlers.Show(call("x"), "mod-calm");
      return true;
    });
    await remove("mod-calm");
  }, 240_000);
});
