import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { DriverError } from "../../agent/hsm/driver/types.ts";
import { levelOfDriver } from "../../agent/hsm/errors.ts";
import { createHsmBed, eventually, type HsmBed, newId, until } from "../lib/hsm-driver.ts";
import { compileFaults, type Faults } from "../lib/hsm-faults/faults.ts";

const message = Buffer.from("a letter of the agency");

let faults: Faults;
beforeAll(async () => {
  faults = await compileFaults();
});
afterAll(() => faults?.remove());
afterEach(() => faults.clear());

/** A driver whose module is the fault injector around SoftHSM. */
const faulty = (config: Record<string, unknown> = {}, more = {}) =>
  createHsmBed({
    config: { module: faults.module, ...config },
    environment: faults.environment,
    ...more,
  });

describe("a module that dies", () => {
  let bed: HsmBed;
  const id = newId();
  beforeAll(async () => {
    bed = await faulty();
    await bed.driver.createToken("acme");
    await bed.driver.generateKey("acme", id, "P-384");
  });
  afterAll(() => bed?.remove());
  const sign = () => bed.driver.sign("acme", "P-384", { id }, message);

  it.each(["once crash", "once exit"])(
    "is begun anew (%s), and callers notice nothing",
    async (how) => {
      const { restarts } = bed.driver.status();
      faults.set(how);
      const signatures = await Promise.all(Array.from({ length: 20 }, sign));
      expect(signatures).toHaveLength(20);
      expect(bed.driver.status()).toMatchObject({ state: "ready", restarts: restarts + 1 });
    },
  );

  it("fails those that it kills twice, waits longer each time, and comes back", async () => {
    faults.set("crash");
    await expect(sign()).rejects.toMatchObject({ kind: "unavailable" });
    faults.clear();
    await until(bed.driver, () => bed.driver.status().state === "ready");
    expect((await eventually(sign)).length).toBeGreaterThan(90);
  });
});

it("that is let go meanwhile says so, and nobody takes it for a fault", async () => {
  const bed = await faulty();
  try {
    const { driver } = bed;
    const id = newId();
    await driver.createToken("acme");
    faults.set("hang-making");
    const made = driver.generateKey("acme", id, "P-384");
    const failed = expect(made).rejects.toSatisfy(
      (error) => (error as DriverError).kind === "closed" && levelOfDriver(error) === "debug",
    );
    while (!faults.calls().some((call) => call.startsWith("C_GenerateKeyPair"))) await delay(10);
    await driver.close();
    await failed;
  } finally {
    await bed.remove();
  }
});

it("is not asked a second time to make a key when it dies meanwhile", async () => {
  const bed = await faulty();
  try {
    const { driver } = bed;
    const id = newId();
    await driver.createToken("acme");
    await driver.generateKey("acme", id, "P-384");
    faults.calls();
    faults.set("hang-making");
    const made = driver.generateKey("acme", newId(), "P-384");
    const failed = expect(made).rejects.toMatchObject({ kind: "unavailable" });
    while (!faults.calls().some((call) => call.startsWith("C_GenerateKeyPair"))) await delay(10);
    faults.set("once crash");
    await driver.sign("acme", "P-384", { id }, message);
    await failed;
    expect(await driver.keys("acme")).toHaveLength(1);
    expect(faults.calls().filter((call) => call.startsWith("C_GenerateKeyPair"))).toEqual([]);
  } finally {
    await bed.remove();
  }
});

describe.each([
  ["on the thread of all", 1],
  ["on a thread of its own", 4],
])("a module that hangs %s", (_where, concurrency) => {
  it("is killed when its time is over; another driver does not notice", async () => {
    const [bed, other] = await Promise.all([
      faulty({ deadlineSeconds: 1, concurrency }),
      createHsmBed(),
    ]);
    try {
      const id = newId();
      for (const { driver } of [bed, other]) {
        await driver.createToken("acme");
        await driver.generateKey("acme", id, "P-384");
      }
      faults.set("once hang");
      const hung = bed.driver.sign("acme", "P-384", { id }, message);
      const failed = expect(hung).rejects.toMatchObject({ kind: "timeout" });
      expect(await other.driver.sign("acme", "P-384", { id }, message)).toBeDefined();
      await failed;
      expect(other.driver.status().restarts).toBe(0);
      const signed = await eventually(() => bed.driver.sign("acme", "P-384", { id }, message));
      expect(signed.length).toBeGreaterThan(90);
      expect(bed.driver.status().restarts).toBe(1);
    } finally {
      await Promise.all([bed.remove(), other.remove()]);
    }
  });
});

it("counts nothing that did not happen, and keeps the count when the process dies in a call", async () => {
  const bed = await faulty();
  try {
    const { driver } = bed;
    const id = newId();
    await driver.createToken("acme");
    await driver.generateKey("acme", id, "P-384");
    await driver.sign("acme", "P-384", { id }, message);
    faults.set("once crash");
    await driver.sign("acme", "P-384", { id }, message);
    expect((await driver.counters()).acme?.[id]).toEqual({ sign: 2 });
    expect(existsSync(join(bed.directory, "state", "uses"))).toBe(true);
  } finally {
    await bed.remove();
  }
});
