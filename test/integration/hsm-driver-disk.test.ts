/** A driver whose disk is full: what it says was written is there after it ended, and nothing is lost. */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { createHsmBed, type HsmBed, newId } from "../lib/hsm-driver.ts";
import { compileFaults, type Faults } from "../lib/hsm-faults/faults.ts";

const message = Buffer.from("a letter of the agency");
const small = Buffer.from("a small record");
const large = Buffer.alloc(8000, "a large record ");
const page = 4096;

let faults: Faults;
let bed: HsmBed;
const id = newId();
beforeAll(async () => {
  faults = await compileFaults();
});
afterAll(() => faults?.remove());
beforeEach(async () => {
  bed = await createHsmBed({
    config: { module: faults.module },
    environment: faults.environment,
    diskSize: "2m",
  });
  await bed.driver.createToken("acme");
  await bed.driver.generateKey("acme", id, "P-384");
  await bed.driver.writeRecord("acme", "key/a", small);
});
afterEach(() => bed?.remove());

const ballast = () => join(bed.disk, "ballast");

/** Fills the disk but for so many pages. */
function fill(free: number): void {
  const file = openSync(ballast(), "a");
  try {
    for (;;) writeSync(file, Buffer.alloc(page));
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOSPC" });
  } finally {
    closeSync(file);
  }
  truncateSync(ballast(), statSync(ballast()).size - free * page);
}

const full = { kind: "diskFull" };
const sign = () => bed.driver.sign("acme", "P-384", { id }, message);
const kept = async () => ({
  keys: (await bed.driver.keys("acme")).map((key) => key.id),
  records: (await bed.driver.records("acme")).map(({ label, value }) => `${label} ${value.length}`),
});

it.each([0, 1, 2, 3])(
  "loses nothing, and writes nothing by halves, with %i pages free",
  async (pages) => {
    const before = await kept();
    const [token] = readdirSync(bed.tokens);
    const files = readdirSync(join(bed.tokens, token ?? "")).sort();
    fill(pages);
    for (const ask of [
      () => bed.driver.generateKey("acme", newId(), "RSA-3072"),
      () => bed.driver.generateAgreementKey("acme", newId()),
      () => bed.driver.writeRecord("acme", "key/b", large),
      () => bed.driver.writeRecord("acme", "key/a", large),
      () => bed.driver.createToken("other"),
      () => bed.driver.resetPin("acme"),
    ]) {
      await expect(ask()).rejects.toMatchObject(full);
    }
    expect(readdirSync(join(bed.tokens, token ?? "")).sort()).toEqual(files);
    // What is there is there for the next process too.
    await bed.restart();
    rmSync(ballast());
    expect(await kept()).toEqual(before);
    await bed.driver.writeRecord("acme", "key/a", large);
    await bed.driver.createToken("other");
  },
);

it("frees room, and is used where that is counted already", async () => {
  await sign();
  const other = newId();
  await bed.driver.generateKey("acme", other, "AES-256");
  fill(0);
  await sign();
  expect((await bed.driver.counters()).acme?.[id]).toEqual({ sign: 2 });
  await bed.driver.destroyKey("acme", other);
  await bed.driver.deleteRecord("acme", "key/a");
  expect(await kept()).toEqual({ keys: [id], records: [] });
});

it("uses no key of which a use could not be counted, and goes on when there is room", async () => {
  // Each kind of use of each key takes a place; the disk is full in the midst of one.
  const file = join(bed.disk, "state", "uses");
  const ids = Array.from({ length: 2 * Math.ceil(page / 192) }, newId);
  for (const one of ids) await bed.driver.generateKey("acme", one, "AES-256");
  await sign();
  fill(0);
  const seal = (one: string) => ({ id: one, aad: message });
  const outcomes = await Promise.allSettled(
    ids.map((one) => bed.driver.encrypt("acme", seal(one), message)),
  );
  const failed = outcomes.filter(({ status }) => status === "rejected");
  expect(failed.length).toBeGreaterThan(0);
  for (const outcome of failed) expect(outcome).toMatchObject({ reason: full });
  expect(statSync(file).size % 192).not.toBe(0);
  await bed.restart();
  rmSync(ballast());
  const counted = async () => Object.keys((await bed.driver.counters()).acme ?? {}).sort();
  const used = ids.filter((_id, at) => outcomes[at]?.status === "fulfilled");
  expect(used.length).toBeGreaterThan(0);
  expect(await counted()).toEqual([id, ...used].sort());
  for (const one of ids) await bed.driver.encrypt("acme", seal(one), message);
  expect(await counted()).toEqual([id, ...ids].sort());
});

it("tries no PIN that it could not remember as refused", async () => {
  const logins = () => faults.calls().filter((call) => call === "C_Login 0x1").length;
  const credential = join(bed.directory, "credentials", "hsm-pin");
  const right = readFileSync(credential);
  writeFileSync(credential, randomBytes(32));
  // What the process before had made room with.
  rmSync(join(bed.disk, "state", "refused-pins.json.next"));
  fill(0);
  faults.calls();
  for (let i = 0; i < 3; i++) {
    await bed.restart();
    await expect(bed.driver.keys("acme")).rejects.toMatchObject(full);
  }
  expect(logins()).toBe(0);
  truncateSync(ballast(), statSync(ballast()).size - page);
  for (let i = 0; i < 3; i++) {
    await expect(bed.driver.keys("acme")).rejects.toMatchObject({ kind: "pinWrong" });
    await bed.restart();
  }
  expect(logins()).toBe(1);
  writeFileSync(credential, right);
  await bed.restart();
  await bed.driver.retryPin("acme");
  expect((await kept()).keys).toEqual([id]);
});
