/** A module that gives few sessions: calls wait for one, and fail only when none comes. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { createHsmBed, type HsmBed, newId } from "../lib/hsm-driver.ts";
import { compileFaults, type Faults } from "../lib/hsm-faults/faults.ts";

const message = Buffer.from("a letter of the agency");
const slowMicroseconds = 5000;

let faults: Faults;
let bed: HsmBed;
const id = newId();
beforeAll(async () => {
  faults = await compileFaults();
  bed = await createHsmBed({
    config: { module: faults.module, concurrency: 8 },
    environment: faults.environment,
  });
  for (const token of ["acme", "other"]) {
    await bed.driver.createToken(token);
    await bed.driver.generateKey(token, id, "P-384");
  }
});
afterAll(async () => {
  await bed?.remove();
  faults?.remove();
});
let restarts = 0;
beforeEach(async () => {
  // It begins with no session.
  await bed.restart();
  restarts = bed.driver.status().restarts;
});
afterEach(() => {
  faults.clear();
  expect(bed.driver.status().restarts).toBe(restarts);
});

const sign = (token = "acme") => bed.driver.sign(token, "P-384", { id }, message);
const times = (count: number, work: () => Promise<unknown>) =>
  Promise.all(Array.from({ length: count }, work));

it("lets calls of one token wait for each other", async () => {
  faults.set("sessions 2", `delay ${slowMicroseconds}`);
  expect(await times(40, () => sign())).toHaveLength(40);
});

it("lets calls of several tokens take turns when there is one session for all of them", async () => {
  faults.set("sessions 1", `delay ${slowMicroseconds}`);
  await Promise.all([times(10, () => sign("acme")), times(10, () => sign("other"))]);
});

it("makes and resets tokens with the session that nobody has", async () => {
  await sign("acme");
  faults.set("sessions 1");
  await bed.driver.createToken("third");
  await bed.driver.resetPin("third");
  expect(await bed.driver.keys("third")).toEqual([]);
});

it("says so when none comes, and goes on when there is one again", async () => {
  faults.set("sessions 0");
  await expect(sign()).rejects.toMatchObject({ kind: "busy", ckr: "CKR_SESSION_COUNT" });
  faults.clear();
  expect(await sign()).toBeDefined();
});
