/**
 * ML-DSA-65 in the token, through the driver's own process. No token here has it, so a stand-in lists
 * the mechanism: SoftHSM, with ML-DSA by OpenSSL 3.5 behind the numbers of PKCS#11 3.2.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Driver } from "../../agent/hsm/driver/types.ts";
import { createHsmBed, type HsmBed, newId } from "../lib/hsm-driver.ts";
import { compileMlDsaModule, type MlDsaModule } from "../lib/hsm-ml-dsa/module.ts";

const token = "tenant-a";
const message = Buffer.from("what is signed");

let standIn: MlDsaModule;
let bed: HsmBed;
let driver: Driver;

beforeAll(async () => {
  standIn = await compileMlDsaModule();
  const { module, environment } = standIn;
  bed = await createHsmBed({ config: { module }, environment });
  driver = bed.driver;
  await driver.createToken(token);
});
afterAll(async () => {
  await bed?.remove();
  standIn?.remove();
});

it("is told by the token", async () => {
  const [found] = (await driver.tokens()).filter(({ label }) => label === token);
  expect(found?.mechanisms).toEqual(expect.arrayContaining(["0x1c", "0x1d"]));
});

it("makes a key that cannot leave, and signs with it what we and OpenSSL verify", async () => {
  const id = newId();
  const key = await driver.generateKey(token, id, "ML-DSA-65");
  expect(key).toMatchObject({
    ...{ id, algorithm: "ML-DSA-65", sensitive: true, alwaysSensitive: true },
    ...{ extractable: false, neverExtractable: true, local: true },
  });
  const signature = await driver.sign(token, "ML-DSA-65", { id }, message);
  const parts = { spki: key.spki };
  expect(await driver.verify("ML-DSA-65", parts, message, signature)).toBe(true);
  expect(await driver.verify("ML-DSA-65", parts, Buffer.from("x"), signature)).toBe(false);

  const { openssl } = standIn;
  const files = ["-sigfile", openssl.file("sig", signature), "-in", openssl.file("msg", message)];
  const publicKey = ["-pubin", "-inkey", openssl.file("pub", key.spki)];
  await openssl.run(["pkeyutl", "-verify", ...publicKey, "-rawin", ...files]);
  expect((await driver.counters())[token]?.[id]).toEqual({ sign: 1 });
});

it("lists the key, and destroys both its halves", async () => {
  const id = newId();
  await driver.generateKey(token, id, "ML-DSA-65");
  const listed = (await driver.keys(token)).filter((key) => key.id === id);
  expect(listed).toMatchObject([{ algorithm: "ML-DSA-65", sensitive: true }]);
  await driver.destroyKey(token, id);
  expect((await driver.keys(token)).filter((key) => key.id === id)).toEqual([]);
  await expect(driver.sign(token, "ML-DSA-65", { id }, message)).rejects.toMatchObject({
    kind: "keyMissing",
  });
  // Nothing of it is in the way of a new one.
  await expect(driver.generateKey(token, id, "ML-DSA-65")).resolves.toMatchObject({ id });
});

it("uses a key for nothing but what it is for", async () => {
  const id = newId();
  await driver.generateKey(token, id, "ML-DSA-65");
  const other = newId();
  await driver.generateKey(token, other, "P-384");
  await expect(driver.sign(token, "P-384", { id }, message)).rejects.toMatchObject({
    kind: "refused",
  });
  await expect(driver.sign(token, "ML-DSA-65", { id: other }, message)).rejects.toMatchObject({
    kind: "refused",
  });
});
