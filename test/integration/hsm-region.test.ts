/** Going round the check of the region: the real driver, asked by somebody who has its socket. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { aadOf, type Binding } from "../../agent/hsm/use/aad.ts";
import { createHsmBed, type HsmBed, newId } from "../lib/hsm-driver.ts";

const token = "defense";
const id = newId();
const plaintext = Buffer.from("for the United Kingdom alone");
const binding: Binding = {
  ...{ tenant: "defense", key: "documents", version: 1, algorithm: "AES-256", region: "UK" },
  ...{ use: "data", context: "file 1" },
};
let bed: HsmBed;
let blob: Uint8Array;

beforeAll(async () => {
  bed = await createHsmBed();
  await bed.driver.createToken(token);
  await bed.driver.generateKey(token, id, "AES-256");
  blob = await bed.driver.encrypt(token, { id, aad: aadOf(binding) }, plaintext);
});
afterAll(() => bed?.remove());

test("with what it was bound to, it opens", async () => {
  const opened = await bed.driver.decrypt(token, { id, aad: aadOf(binding) }, blob);
  expect(Buffer.from(opened)).toEqual(plaintext);
});

test.each<[string, Partial<Binding>]>([
  ["region", { region: "AE" }],
  ["tenant", { tenant: "health" }],
  ["key", { key: "letters" }],
  ["version", { version: 2 }],
  ["algorithm", { algorithm: "P-384" }],
  ["use", { use: "dataKey" }],
  ["context", { context: "file 2" }],
])("with another %s the driver gives nothing", async (_what, more) => {
  const aad = aadOf({ ...binding, ...more });
  const opened = bed.driver.decrypt(token, { id, aad }, blob);
  await expect(opened).rejects.toMatchObject({ kind: "authentication" });
});
