/**
 * The agent's side of a driver at work: `node hsm-work.mjs SOCKET TOKEN SEAL`. Signs, encrypts large
 * texts, makes keys and lists all there is, at the same time, and says `round` after each key made.
 */
import { randomBytes } from "node:crypto";
import { openDriver } from "../../../agent/hsm/link/link.ts";

const [socket = "", token = "", sealId = ""] = process.argv.slice(2);
const config = { deadlineSeconds: 30, pin: { credential: "hsm-pin" } };
const driver = openDriver({ name: "bench", config, socket, log: () => {} });
const newId = () => randomBytes(16).toString("hex");
const seal = { id: sealId, aad: Buffer.from("bench") };
const large = randomBytes(1024 * 1024);
const signing = newId();

async function always(work: () => Promise<unknown>): Promise<void> {
  for (;;) await work();
}

await driver.generateKey(token, signing, "P-384");
await Promise.all([
  ...Array.from({ length: 32 }, () =>
    always(() => driver.sign(token, "P-384", { id: signing }, seal.aad)),
  ),
  always(async () => driver.decrypt(token, seal, await driver.encrypt(token, seal, large))),
  always(() => driver.dataKeys(token, seal, 1000)),
  always(() => driver.tokens()),
  always(() => driver.keys(token)),
  always(() => driver.generateSealed(token, "ML-DSA-65", seal)),
  always(async () => {
    const id = newId();
    await driver.generateKey(token, id, "RSA-3072");
    await driver.destroyKey(token, id);
    process.stderr.write("round\n");
  }),
]);
