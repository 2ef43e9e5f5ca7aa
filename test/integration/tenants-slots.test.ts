/**
 * Slots and storage pools of tenants against a real Incus with real containers. Only the policy is
 * not there: a plain function says which slots it would have.
 */
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { IncusEvents } from "../../agent/incus/events.ts";
import type { LoadedSlots } from "../../agent/selinux/policy/slots.ts";
import { run } from "../../packaging/setup/lib/run.js";
import { startGate } from "./incus-gate.ts";
import {
  type Bench,
  call,
  missing,
  small,
  startBench,
  startProgram,
  tenantSpec,
  until,
} from "./incus-lib.ts";

if (missing !== "") console.log(`slots of tenants: skipped: ${missing}`);

let bench: Bench;
const children: ChildProcess[] = [];
let loaded: LoadedSlots = [1, 2, 3];
const injectedSlots = () => loaded;

type Cloud = Bench["cloud"];

const create = (name: string, storage = "1GiB", cloud: Cloud = bench.cloud) =>
  cloud.tenants.handlers.Create(
    call("tenants.Create"),
    name,
    tenantSpec(`${name.replaceAll("-", "_")}_t`, { cpu: "8", ram: "4GiB", storage }),
  );

const show = (name: string, cloud: Cloud = bench.cloud) =>
  cloud.tenants.handlers.Show(call("tenants.Show"), name);

async function make(tenant: string, name: string, spec = small) {
  const { handlers } = bench.cloud.instances;
  return bench.jobs.done(await handlers.Create(call("instances.Create"), tenant, name, spec));
}

async function remove(name: string) {
  const { handlers } = bench.cloud.tenants;
  await bench.jobs.done(await handlers.Delete(call("tenants.Delete"), name, true, 0));
}

const config = async (name: string): Promise<Record<string, string>> =>
  (await bench.api.request("GET", `/1.0/projects/${name}`)).config;

const numberOf = async (name: string) => (await config(name))["user.dsecos.selinux.number"];

async function pools(): Promise<string[]> {
  const urls: string[] = await bench.api.request("GET", "/1.0/storage-pools");
  return urls.map((url) => url.split("/").at(-1) ?? "").sort();
}

const noBtrfs = (sentences: readonly string[]) =>
  sentences.filter((sentence) => !sentence.includes("btrfs no label"));

/** Waits until nothing is left to be done for the tenant. */
const settled = (name: string, cloud: Cloud = bench.cloud) =>
  until(async () => noBtrfs((await show(name, cloud)).tenant.notYetTrue).length === 0);

function change(slots: LoadedSlots) {
  loaded = slots;
  bench.cloud.tenants.slotsChanged();
}

describe.skipIf(missing !== "")("slots", () => {
  beforeAll(async () => {
    bench = await startBench(injectedSlots);
    const { images } = bench.cloud;
    const job = images.handlers.Import(call("images.Import"), bench.imageFile, "debian-13");
    await bench.jobs.done(await job);
  }, 240_000);
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await bench?.end();
  }, 120_000);

  test("a new tenant has a number in its project, a pool of it, and a profile on that", async () => {
    const row = await create("one");
    expect(row.slot).toEqual({ number: 1, pool: "tenant0001" });
    expect(await numberOf("one")).toBe("1");
    await settled("one");
    expect(await pools()).toEqual(["default", "tenant0001"]);
    const pool = await bench.api.request("GET", "/1.0/storage-pools/tenant0001");
    expect(pool).toMatchObject({ driver: "btrfs", config: { size: "1GiB" } });
    const profile = await bench.api.request("GET", "/1.0/profiles/default?project=one");
    expect(profile.devices.root).toEqual({ type: "disk", path: "/", pool: "tenant0001" });
    expect([...bench.cloud.tenants.slotHolders()]).toEqual([[1, "one"]]);
    // That it got its number with its project is no change to put on record.
    expect(bench.audit.of("tenants.Numbered")).toEqual([]);
    expect((await show("one")).storage.pool).toBe("tenant0001");
  });

  test("its instances run there, and nothing of it can be put into the pool of others", async () => {
    await make("one", "web");
    const web = await bench.api.request("GET", "/1.0/instances/web?project=one");
    expect(web.status).toBe("Running");
    expect(web.devices.root.pool).toBe("tenant0001");
    const volumes = "/1.0/storage-pools/default/volumes/custom?project=one";
    const elsewhere = bench.api.request("POST", volumes, {
      body: { name: "data", config: { size: "1MiB" } },
    });
    await expect(elsewhere).rejects.toThrow("limits.disk.pool.default");
  });

  test("an instance that is asked for at once waits for the pool", async () => {
    await create("two");
    await make("two", "web", { ...small, start: false });
    const web = await bench.api.request("GET", "/1.0/instances/web?project=two");
    expect(web.devices.root.pool).toBe("tenant0002");
    await remove("two");
  });

  test("a pool grows with the quota and says that it does not shrink", async () => {
    const { handlers } = bench.cloud.tenants;
    const size = async () =>
      (await bench.api.request("GET", "/1.0/storage-pools/tenant0001")).config.size;
    const quota = (storage: string) =>
      handlers.Change(call("tenants.Change"), "one", { quota: { storage } });
    await quota("2GiB");
    await until(async () => (await size()) === "2GiB");
    const row = await quota("1GiB");
    expect(row.notYetTrue.join()).toContain("stays at 2GiB");
    expect(await size()).toBe("2GiB");
    expect((await config("one"))["limits.disk"]).toBe("1GiB");
    await quota("2GiB");
  });

  test("the pool goes last, and its slot is nobody's until then", async () => {
    await create("three");
    await settled("three");
    const seen: string[] = [];
    const ready = new Promise<void>((resolve) => {
      events = new IncusEvents(bench.socketPath, {
        event: ({ action }) => void seen.push(action),
        ...{ back: resolve, lost: () => undefined },
      });
    });
    events?.start();
    await ready;
    // A pool without a tenant, as a removal leaves it for a while: its slot is in quarantine.
    const body = { name: "tenant0003", driver: "dir" };
    await bench.api.request("POST", "/1.0/storage-pools", { body });
    await remove("three");
    await until(() => seen.includes("storage-pool-deleted"));
    events?.stop();
    expect(seen.indexOf("project-deleted")).toBeLessThan(seen.indexOf("storage-pool-deleted"));
    expect(seen).toContain("project-deleted");
    expect((await create("four")).slot?.number).toBe(2);
    const full = await create("five");
    expect(full.slot).toBeUndefined();
    await bench.api.request("DELETE", "/1.0/storage-pools/tenant0003");
    await remove("five");
    expect((await create("six")).slot?.number).toBe(3);
    await remove("six");
    await remove("four");
  }, 120_000);
  let events: IncusEvents | undefined;

  test("without a spare slot there are tenants, but no instances, until there is one", async () => {
    await create("four");
    await create("five");
    expect((await create("last")).slot).toBeUndefined();
    const told = async () => (await show("last")).tenant.notYetTrue.join();
    await until(async () => (await told()).includes("dsecos selinux build"));
    await expect(make("last", "web")).rejects.toMatchObject({ code: "Conflict" });
    await expect(make("last", "web")).rejects.toThrow("no spare slot");
    change([1, 2, 3, 4]);
    await settled("last");
    expect(await numberOf("last")).toBe("4");
    const [note] = bench.audit.of("tenants.Numbered", "last");
    expect(note?.details).toEqual({ was: null, is: 4, pool: "tenant0004" });
    await make("last", "web", { ...small, start: false });
    for (const name of ["last", "four", "five"]) await remove(name);
    expect(await pools()).toEqual(["default", "tenant0001"]);
  }, 120_000);

  test("while the policy is not read, nothing is made in a place without labels", async () => {
    change("unknown");
    expect((await create("early")).slot).toBeUndefined();
    await expect(make("early", "web")).rejects.toMatchObject({ code: "Unavailable" });
    // A tenant that has its pool goes on.
    await make("one", "more", { ...small, start: false });
    change([1, 2, 3]);
    await settled("early");
    expect(await numberOf("early")).toBe("2");
    await remove("early");
  });

  test("what a tenant has from before lies where nothing starts, and moves by hand", async () => {
    change("none");
    await create("before", "2GiB");
    await make("before", "web", { ...small, start: false });
    change([1, 2, 3]);
    const told = async () => noBtrfs((await show("before")).tenant.notYetTrue);
    const command = "incus move web --storage tenant0002 --project before";
    await until(async () => {
      const sentences = await told();
      return sentences.length === 1 && sentences.join().includes(command);
    });
    expect((await config("before"))["limits.disk.pool.default"]).toBeUndefined();
    await make("before", "new", { ...small, start: false });
    await run("incus", command.split(" ").slice(1), { env: bench.environment, seconds: 120 });
    await settled("before");
    await until(async () => (await config("before"))["limits.disk.pool.default"] === "0");
    await remove("before");
  }, 240_000);

  test("twenty creations at once, on two nodes, have twenty numbers", async () => {
    change(Array.from({ length: 30 }, (_, i) => i + 1));
    const second = bench.another("second", injectedSlots);
    const names = Array.from({ length: 20 }, (_, i) => `crowd-${i}`);
    const clouds = names.map((_, i) => (i % 2 === 0 ? bench.cloud : second.cloud));
    await Promise.all(names.map((name, i) => create(name, "256MiB", clouds[i])));
    for (const [i, name] of names.entries()) await settled(name, clouds[i]);
    const numbers = await Promise.all(names.map(numberOf));
    expect(new Set(numbers).size).toBe(20);
    const owners = await Promise.all(
      numbers.map(async (number = "") => {
        const pool = `tenant${number.padStart(4, "0")}`;
        const answer = await bench.api.request("GET", `/1.0/storage-pools/${pool}`);
        return answer.config["user.dsecos.tenant"].split(" ")[0];
      }),
    );
    expect(owners).toEqual(names);
    await second.cloud.stop();
    for (const name of names) await remove(name);
    expect(await pools()).toEqual(["default", "tenant0001"]);
    change([1, 2, 3]);
  }, 240_000);

  test("a number that is changed behind our back is that of its pool again", async () => {
    const path = "/1.0/projects/one";
    const { description, config: before } = await bench.api.request("GET", path);
    const body = { description, config: { ...before, "user.dsecos.selinux.number": "2" } };
    await bench.api.request("PUT", path, { body });
    await until(async () => (await numberOf("one")) === "1");
    expect(bench.audit.of("tenants.Numbered", "one").at(-1)?.details).toMatchObject({
      ...{ was: 2, is: 1 },
    });
    await settled("one");
  });

  test("a tenant whose agent was killed before it made the pool gets it from the next", async () => {
    await bench.cloud.stop();
    await killed("create", "orphan", "POST /1.0/storage-pools");
    expect(await numberOf("orphan")).toBe("2");
    expect(await pools()).toEqual(["default", "tenant0001"]);
    const next = bench.another("first", injectedSlots);
    await until(async () => (await pools()).includes("tenant0002"));
    await settled("orphan", next.cloud);
    await next.cloud.stop();
  });

  test("a pool whose agent was killed before it removed it goes, and its slot is free", async () => {
    await killed("delete", "orphan", "DELETE /1.0/storage-pools/");
    expect(await pools()).toEqual(["default", "tenant0001", "tenant0002"]);
    const next = bench.another("first", injectedSlots);
    await until(async () => !(await pools()).includes("tenant0002"));
    await until(() => next.audit.of("tenants.Vacated").length === 1);
    expect((await create("again", "1GiB", next.cloud)).slot?.number).toBe(2);
    await next.cloud.stop();
  });
});

/** An agent that is killed when it is about to ask Incus for something. */
async function killed(act: string, tenant: string, request: string): Promise<void> {
  const socketPath = join(bench.socketPath, `../../gate-${act}`);
  const gate = await startGate(bench.socketPath, socketPath, request, () => child.kill("SIGKILL"));
  const child = await startProgram("incus-slots-child.ts", [socketPath, act, tenant]);
  children.push(child);
  await gate.asked;
  gate.close();
}
