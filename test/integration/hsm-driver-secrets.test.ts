import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPins } from "../../agent/hsm/driver/host/secret.ts";
import { CKA, CKF, CKO, CKU } from "../../agent/hsm/driver/pkcs11/numbers.ts";
import { createHsmBed, type HsmBed, newId } from "../lib/hsm-driver.ts";
import { compileFaults } from "../lib/hsm-faults/faults.ts";

/** The addon as it is, since the driver itself has no call for what is tried here. */
type Addon = Record<string, (...parameters: unknown[]) => never> & { load(path: string): void };

const CKM_AES_KEY_WRAP_PAD = 0x210a;
const secretPin = { credential: "hsm-pin", form: "derived" } as const;

describe("a key of a token, for somebody who has the PIN", () => {
  let bed: HsmBed;
  let addon: Addon;
  let session: Buffer;
  const [own, secret] = [newId(), newId()];
  const configured = process.env.SOFTHSM2_CONF;

  beforeAll(async () => {
    bed = await createHsmBed();
    await bed.driver.createToken("acme");
    await bed.driver.generateKey("acme", own, "P-384");
    await bed.driver.generateKey("acme", secret, "AES-256");
    const { PKCS11 } = createRequire(bed.program)("./pkcs11.node") as { PKCS11: new () => Addon };
    process.env.SOFTHSM2_CONF = bed.config.environment.SOFTHSM2_CONF;
    addon = new PKCS11();
    addon.load(bed.config.module);
    addon.C_Initialize?.({ flags: CKF.OS_LOCKING_OK });
    const slots = addon.C_GetSlotList?.(true) as unknown as Buffer[];
    session = addon.C_OpenSession?.(slots[0], CKF.SERIAL_SESSION | CKF.RW_SESSION) as never;
    const pins = readPins(secretPin, join(bed.directory, "credentials"));
    addon.C_Login?.(session, CKU.USER, pins.user("acme"));
  });
  afterAll(async () => {
    addon?.C_Finalize?.();
    if (configured === undefined) delete process.env.SOFTHSM2_CONF;
    else process.env.SOFTHSM2_CONF = configured;
    await bed?.remove();
  });

  function object(id: string, kind: number): Buffer {
    addon.C_FindObjectsInit?.(session, [
      { type: CKA.ID, value: Buffer.from(id, "hex") },
      { type: CKA.CLASS, value: kind },
    ]);
    const found = addon.C_FindObjects?.(session, 2) as unknown as Buffer[];
    addon.C_FindObjectsFinal?.(session);
    expect(found).toHaveLength(1);
    return found[0] as Buffer;
  }

  it.each([
    ["P-384", own, CKO.PRIVATE_KEY],
    ["AES-256", secret, CKO.SECRET_KEY],
  ])("%s is not told, not wrapped, and not made weaker", (_name, id, kind) => {
    const key = object(id, kind);
    const read = () => addon.C_GetAttributeValue?.(session, key, [{ type: CKA.VALUE }]);
    expect(read).toThrow(/CKR_ATTRIBUTE_SENSITIVE/);
    const wrapping = object(secret, CKO.SECRET_KEY);
    const mechanism = { mechanism: CKM_AES_KEY_WRAP_PAD };
    const wrap = () => addon.C_WrapKey?.(session, mechanism, wrapping, key, Buffer.alloc(1000));
    expect(wrap).toThrow(/CKR_KEY_(UNEXTRACTABLE|FUNCTION_NOT_PERMITTED)/);
    for (const weaker of [
      { type: CKA.SENSITIVE, value: false },
      { type: CKA.EXTRACTABLE, value: true },
      { type: CKA.PRIVATE, value: false },
      { type: CKA.WRAP, value: true },
    ]) {
      expect(() => addon.C_SetAttributeValue?.(session, key, [weaker])).toThrow(/CKR_/);
      expect(() => addon.C_CopyObject?.(session, key, [weaker])).toThrow(/CKR_/);
    }
  });
});

it("keeps PINs and their secret out of arguments, environment and journal, whatever fails", async () => {
  const faults = await compileFaults();
  const bed = await createHsmBed({
    config: { module: faults.module },
    environment: faults.environment,
  });
  try {
    const { driver } = bed;
    const credentials = join(bed.directory, "credentials");
    const credential = readFileSync(join(credentials, "hsm-pin"));
    const pins = readPins(secretPin, credentials);
    const secrets = [
      ...["acme", "other"].flatMap((token) => [pins.user(token), pins.officer(token)]),
      ...(["hex", "base64", "base64url", "latin1"] as const).map((form) =>
        credential.toString(form),
      ),
    ];
    const id = newId();
    await driver.createToken("acme");
    await driver.generateKey("acme", id, "P-384");
    faults.set("once crash");
    await driver.sign("acme", "P-384", { id }, Buffer.from("a letter"));
    const keeper = bed.keeper.pid ?? 0;
    const host = readFileSync(`/proc/${keeper}/task/${keeper}/children`, "latin1").trim();
    const seen = [String(keeper), host].flatMap((pid) =>
      ["environ", "cmdline"].map((file) => readFileSync(`/proc/${pid}/${file}`, "latin1")),
    );
    expect(seen.every((text) => text.length > 0)).toBe(true);
    const errors: string[] = [];
    const failed = async (work: Promise<unknown>) => {
      errors.push(await work.then(String, (error) => `${error} ${error.stack}`));
    };
    writeFileSync(join(credentials, "hsm-pin"), Buffer.alloc(32, 7));
    await bed.restart();
    await failed(driver.keys("acme"));
    await failed(driver.createToken("acme"));
    await failed(driver.resetPin("acme"));
    expect(errors).toHaveLength(3);
    seen.push(bed.said(), ...errors);
    expect(bed.said()).toContain("the driver's process ended");
    for (const text of seen) {
      for (const secret of secrets) expect(text.includes(secret)).toBe(false);
    }
  } finally {
    await bed.remove();
    faults.remove();
  }
});
