/**
 * Volumes in the tenant's quota of storage, declared in a real Incus through two nodes that do not know
 * of each other. There is no Ceph: declaring needs none, and the quota holds before anything is made.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openCeph } from "../../agent/ceph/link/link.ts";
import { openTool } from "../../agent/ceph/link/tool.ts";
import { createVolumes } from "../../agent/ceph/volumes/service.ts";
import { IncusClient } from "../../agent/incus/client.ts";
import { type Cloud, createCloud } from "../../agent/incus/cloud.ts";
import { updateProject } from "../../agent/tenants/project.ts";
import { noVault } from "../lib/no-vault.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { FakeJobs, fakeCall } from "./incus-fakes.ts";
import { missing, tenantSpec, until } from "./incus-lib.ts";

const tenant = "vol-quota";
const gib = 1024 ** 2;
const limit = { cpu: "2", ram: "1GiB", storage: "10GiB" };
const operator = fakeCall("ceph.CreateVolume");

function openNode(node: string) {
  const socketPath = process.env.DSECOS_TEST_INCUS ?? "";
  const jobs = new FakeJobs();
  const audit = new RecordingAudit();
  const log = () => undefined;
  const shared = { socketPath, storagePool: "default", jobs, audit, log, node };
  const cloud = createCloud(shared);
  const incus = new IncusClient(socketPath);
  const nowhere = { config: "/nonexistent/ceph.conf", keyring: "/nonexistent/keyring" };
  const ceph = openCeph({ ...nowhere, user: "client.nobody", log });
  const tool = openTool({ ...nowhere, user: "client.nobody", link: ceph });
  const volumes = createVolumes({
    ...{ ceph, incus, jobs, audit, log, quota: cloud.tenants.storage, vault: noVault },
    gateway: { endpoint: "", tool },
    crush: () => Promise.reject(new Error("nobody asks for it without a cluster")),
    map: () => Promise.reject(new Error("nobody asks for it without a cluster")),
    breaches: async () => [],
    copies: () => undefined,
    tenant: (name) => cloud.tenants.record(name),
    history: async () => ({ rows: [] }) as never,
    changed: () => {},
  });
  cloud.start();
  const create = (name: string, size: string) => {
    const spec = { name, kind: "file", size, class: "hosts-3", worm: false } as const;
    return volumes.handlers.CreateVolume(operator, tenant, spec);
  };
  const resize = (name: string, size: string) =>
    volumes.handlers.ResizeVolume(operator, tenant, name, size);
  const promised = async () => {
    const found = await cloud.tenants.handlers.Show(fakeCall("tenants.Show"), tenant);
    return found.tenant.promised.storageKib;
  };
  const change = (storage: string) =>
    cloud.tenants.handlers.Change(fakeCall("tenants.Change"), tenant, { quota: { storage } });
  const stop = async () => {
    await volumes.stop();
    await ceph.close();
    await cloud.stop();
    incus.close();
  };
  return { cloud, incus, create, resize, promised, change, stop };
}

/** Takes the volumes away as no person can, who has to wait for seven days. */
const withdraw = (incus: IncusClient, name = "") =>
  updateProject(incus, tenant, (config) => {
    const kept = Object.entries(config).filter(
      ([key]) => !key.startsWith(`user.dsecos.volume.${name}`),
    );
    return Object.fromEntries(kept);
  });

describe.skipIf(missing !== "")("quota of storage", () => {
  let one: ReturnType<typeof openNode>;
  let two: ReturnType<typeof openNode>;
  const created = (cloud: Cloud) =>
    cloud.tenants.handlers.Create(
      fakeCall("tenants.Create"),
      tenant,
      tenantSpec("vol_quota_t", limit),
    );

  beforeAll(async () => {
    one = openNode("one");
    two = openNode("two");
    await created(one.cloud);
    await until(() => two.cloud.states()?.has(tenant) === true, 60);
  }, 120_000);
  afterAll(async () => {
    await withdraw(one.incus);
    await one.incus.send("DELETE", `/1.0/projects/${tenant}`);
    await one.stop();
    await two.stop();
  }, 60_000);

  test("counts what is declared, and refuses more with what is left", async () => {
    await one.create("docs", "6GiB");
    expect(await one.promised()).toBe(6 * gib);
    await until(() => two.promised().then((kib) => kib === 6 * gib), 60);
    const refused = {
      code: "QuotaExceeded",
      message:
        "vol-quota may have 10 GiB of storage, 6 GiB is promised and 5 GiB was asked for: 4 GiB is left; ask for less or raise the quota.",
    };
    await expect(one.create("more", "5GiB")).rejects.toMatchObject(refused);
    await expect(two.create("more", "5GiB")).rejects.toMatchObject(refused);
    await one.create("more", "2GiB");
    await one.create("rest", "2GiB");
    await expect(one.create("least", "4MiB")).rejects.toMatchObject({ code: "QuotaExceeded" });
  });

  test("counts what a volume gains, however often its tenant is read meanwhile", async () => {
    await withdraw(one.incus, "rest");
    await until(() => one.promised().then((kib) => kib === 8 * gib), 60);
    await expect(one.resize("more", "5GiB")).rejects.toMatchObject({ code: "QuotaExceeded" });
    await one.resize("more", "3GiB");
    expect(await one.promised()).toBe(9 * gib);
    await until(() => two.promised().then((kib) => kib === 9 * gib), 60);
    expect(await one.promised()).toBe(9 * gib);
  });

  test("a quota does not fall below what volumes are promised", async () => {
    await expect(one.change("8GiB")).rejects.toMatchObject({
      code: "QuotaExceeded",
      message:
        "The quota of vol-quota cannot be that low: 9 GiB of storage is promised to its instances and volumes; resize or delete some first.",
    });
    await one.change("9GiB");
    await expect(one.create("third", "1GiB")).rejects.toMatchObject({ code: "QuotaExceeded" });
    await one.change("10GiB");
  });

  test("what many ask for at once, through two nodes, stays within the quota", async () => {
    await withdraw(one.incus);
    await until(() => one.promised().then((kib) => kib === 0), 60);
    await until(() => two.promised().then((kib) => kib === 0), 60);
    const asked = Array.from({ length: 6 }, (_unused, at) => [
      one.create(`race-one-${at}`, "3GiB"),
      two.create(`race-two-${at}`, "3GiB"),
    ]);
    const answers = await Promise.allSettled(asked.flat());
    const codes = answers.flatMap((one) => (one.status === "rejected" ? one.reason.code : []));
    expect(new Set(codes)).toEqual(new Set(["QuotaExceeded"]));
    expect(codes).toHaveLength(9);
    await until(() => two.promised().then((kib) => kib === 9 * gib), 60);
  });
});
