import { type createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KeyCalls } from "../../agent/hsm/driver/host/calls.ts";
import { Counters } from "../../agent/hsm/driver/host/counters.ts";
import { Gate } from "../../agent/hsm/driver/host/gate.ts";
import { JobQueue } from "../../agent/hsm/driver/host/queue.ts";
import { Refusals } from "../../agent/hsm/driver/host/refusals.ts";
import { readPins } from "../../agent/hsm/driver/host/secret.ts";
import { ckrName } from "../../agent/hsm/driver/pkcs11/ckr.ts";
import {
  ecdsaDer,
  ed25519Spki,
  p384Spki,
  rsaSpki,
} from "../../agent/hsm/driver/pkcs11/encodings.ts";
import { pairTemplates, secretTemplate } from "../../agent/hsm/driver/pkcs11/keytypes.ts";
import type { Module } from "../../agent/hsm/driver/pkcs11/module.ts";
import { CKA, driverNumbers } from "../../agent/hsm/driver/pkcs11/numbers.ts";
import { DriverError } from "../../agent/hsm/driver/types.ts";
import type { Lane } from "../../agent/hsm/driver/wire/operations.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-hsm-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const log = () => {};

describe("mechanisms and kinds of keys", () => {
  const numbers = driverNumbers({});
  const kinds = ["AES-256", "P-384", "Ed25519", "RSA-3072", "ML-DSA-65", "unknown"] as const;
  const allowed = new Set([
    ...["AES-256 encrypt 0x1087", "AES-256 decrypt 0x1087", "P-384 sign 0x1041"],
    ...["P-384 derive 0x1050", "Ed25519 sign 0x1057", "RSA-3072 sign 0xd", "ML-DSA-65 sign 0x1d"],
  ]);

  it("meet in a token only as they are meant to: everything else is refused before", () => {
    const seen = new Set<string>();
    let current = "";
    let refused = 0;
    const see = () => {
      seen.add(current);
      return 0;
    };
    /** Stands where a token would, and only says that it was reached. */
    const fakeModule = new Proxy({}, { get: () => see }) as Module;
    const calls = new KeyCalls(fakeModule, numbers, false);
    const [session, handle, data] = [Buffer.alloc(8), Buffer.alloc(8), Buffer.alloc(48)];
    const all = [...Array.from({ length: 0x1100 }, (_, n) => n), 0x80000001, 0xffffffff];
    for (const algorithm of kinds) {
      const key = { handle, algorithm };
      for (const number of all) {
        const mechanism = { mechanism: number };
        const uses = {
          sign: () => calls.sign(session, mechanism, key, data, 96),
          encrypt: () => calls.encrypt(session, mechanism, key, data, 64),
          decrypt: () => calls.decrypt(session, mechanism, key, data, 64),
          derive: () => calls.derive(session, mechanism, key, []),
        };
        for (const [use, call] of Object.entries(uses)) {
          current = `${algorithm} ${use} 0x${number.toString(16)}`;
          try {
            call();
          } catch (error) {
            if (!(error instanceof DriverError) || error.kind !== "refused") throw error;
            refused += 1;
          }
        }
      }
    }
    expect(seen).toEqual(allowed);
    expect(refused).toBe(kinds.length * all.length * 4 - allowed.size);
  });

  it("take a vendor's number, and no name that is none of ours", () => {
    expect(driverNumbers({ EDDSA: "0x80000c03" }).EDDSA).toBe(0x80000c03);
    expect(() => driverNumbers({ RSA_X_509: "0x3" })).toThrow(/RSA_X_509/);
  });

  it("say every use of a key, and one alone is true", () => {
    const uses = [CKA.ENCRYPT, CKA.DECRYPT, CKA.SIGN, CKA.VERIFY, CKA.WRAP, CKA.UNWRAP, CKA.DERIVE];
    const said = (template: readonly { type: number; value?: unknown }[]) =>
      Object.fromEntries(template.map(({ type, value }) => [type, value]));
    const secret = said(secretTemplate("00".repeat(16), numbers));
    expect(uses.map((use) => secret[use])).toEqual([true, true, false, false, false, false, false]);
    for (const use of ["sign", "derive"] as const) {
      const own = said(pairTemplates("P-384", "00".repeat(16), use, numbers).privateHalf);
      expect(own[CKA.SIGN]).toBe(use === "sign");
      expect(own[CKA.DERIVE]).toBe(use === "derive");
      expect([own[CKA.DECRYPT], own[CKA.UNWRAP], own[CKA.SIGN_RECOVER]]).toEqual([
        ...[false, false, false],
      ]);
      expect([own[CKA.SENSITIVE], own[CKA.EXTRACTABLE]]).toEqual([true, false]);
    }
  });

  it("are those of PKCS#11 3.2 for ML-DSA, or of a vendor", () => {
    const ours = pairTemplates("ML-DSA-65", "00".repeat(16), "sign", numbers);
    expect(ours.publicHalf).toContainEqual({ type: 0x61d, value: 2 });
    expect(ours.privateHalf).toContainEqual({ type: CKA.KEY_TYPE, value: 0x4a });
    const vendor = driverNumbers({ KEY_ML_DSA: "0x80000010", PARAMETER_SET: "0x80000011" });
    const theirs = pairTemplates("ML-DSA-65", "00".repeat(16), "sign", vendor);
    expect(theirs.publicHalf).toContainEqual({ type: 0x80000011, value: 2 });
    expect(theirs.privateHalf).toContainEqual({ type: CKA.KEY_TYPE, value: 0x80000010 });
  });

  it("have names for what a module returns", () => {
    expect(ckrName(0x1b)).toBe("CKR_ACTION_PROHIBITED");
    expect(ckrName(0x80000123)).toBe("CKR_0x80000123");
  });
});

describe("encodings", () => {
  const der = (key: ReturnType<typeof createPublicKey>) =>
    key.export({ type: "spki", format: "der" });

  it("are those of Node for keys of each kind", () => {
    const ec = generateKeyPairSync("ec", { namedCurve: "secp384r1" }).publicKey;
    const point = der(ec).subarray(-97);
    expect(p384Spki(Buffer.concat([Buffer.of(4, 97), point]))).toEqual(der(ec));
    expect(p384Spki(point)).toEqual(der(ec));
    expect(p384Spki(point.subarray(1))).toHaveLength(0);
    const ed = generateKeyPairSync("ed25519").publicKey;
    expect(ed25519Spki(Buffer.concat([Buffer.of(4, 32), der(ed).subarray(-32)]))).toEqual(der(ed));
    const rsa = generateKeyPairSync("rsa", { modulusLength: 3072 }).publicKey;
    const { n = "", e = "" } = rsa.export({ format: "jwk" });
    const spki = rsaSpki(Buffer.from(n, "base64url"), Buffer.from(e, "base64url"));
    expect(spki).toEqual(der(rsa));
  });

  it("of ECDSA signatures verify, whatever their numbers begin with", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "secp384r1" });
    const message = Buffer.from("a letter");
    for (let i = 0; i < 100; i++) {
      const raw = sign("sha384", message, { key: privateKey, dsaEncoding: "ieee-p1363" });
      expect(verify("sha384", message, publicKey, ecdsaDer(raw))).toBe(true);
    }
    const small = Buffer.alloc(96);
    small[47] = 1;
    small[95] = 0x80;
    expect(ecdsaDer(small).toString("hex")).toBe("30070201010202" + "0080");
  });
});

describe("PINs", () => {
  const secret = (bytes: Buffer | string) => writeFileSync(join(directory, "hsm-pin"), bytes);
  const derived = { credential: "hsm-pin", form: "derived" as const };

  it("are derived, another for each token and for its security officer", () => {
    secret(Buffer.alloc(32, 1));
    const pins = readPins(derived, directory);
    expect(pins.source).toBe("file");
    expect(pins.user("acme")).toMatch(/^[0-9a-f]{64}$/);
    const all = [pins.user("acme"), pins.user("other"), pins.officer("acme")];
    expect(new Set(all).size).toBe(3);
    expect(readPins(derived, directory).user("acme")).toBe(pins.user("acme"));
  });

  it("are not made from a short secret, nor from none", () => {
    secret(Buffer.alloc(31));
    expect(() => readPins(derived, directory)).toThrow(/32 bytes/);
    const none = readPins({ ...derived, credential: "other" }, directory);
    expect(none.source).toBe("none");
    expect(() => none.user("acme")).toThrow(/LoadCredentialEncrypted/);
    expect(readPins(derived, undefined).source).toBe("none");
  });

  it("that are given are taken as they are, and the officer's is not ours", () => {
    secret("271828\n");
    const pins = readPins({ credential: "hsm-pin", form: "given" }, directory);
    expect(pins.user("acme")).toBe("271828");
    expect(() => pins.officer("acme")).toThrow();
  });

  it("that were refused are remembered by the next process, until they are cleared", () => {
    new Refusals(directory).add("acme", "pinWrong");
    expect(new Refusals(directory).of("acme")).toBe("pinWrong");
    new Refusals(directory).clear("acme");
    expect(new Refusals(directory).of("acme")).toBeUndefined();
    writeFileSync(join(directory, "refused-pins.json"), "{");
    expect(() => new Refusals(directory)).toThrow(/refused-pins/);
  });
});

describe("counts of uses", () => {
  it("are there again for the next process, and only what was written", () => {
    const first = new Counters(directory, log);
    const sign = first.open("acme", "k1", "sign");
    first.open("acme", "k1", "decrypt");
    first.add(sign);
    first.add(sign, 4);
    first.flush();
    first.add(sign);
    const second = new Counters(directory, log);
    expect(second.all()).toEqual({ acme: { k1: { sign: 5 } } });
    second.add(second.open("acme", "k1", "sign"));
    second.flush();
    expect(new Counters(directory, log).all()).toEqual({ acme: { k1: { sign: 6 } } });
  });

  it("go on after a slot that a full disk cut off, and stop at one that is damaged", () => {
    const first = new Counters(directory, log);
    first.add(first.open("acme", "k1", "sign"));
    first.open("acme", "k2", "sign");
    first.flush();
    const file = join(directory, "uses");
    truncateSync(file, readFileSync(file).length - 10);
    const second = new Counters(directory, log);
    second.add(second.open("acme", "k3", "sign"));
    second.flush();
    const third = new Counters(directory, log);
    expect(third.all()).toEqual({ acme: { k1: { sign: 1 }, k3: { sign: 1 } } });
    writeFileSync(file, Buffer.alloc(192));
    expect(() => new Counters(directory, log)).toThrow(/damaged/);
  });
});

describe("turns", () => {
  it("let who needs the module alone wait for those inside, and the others for it", async () => {
    const gate = new Gate();
    const order: string[] = [];
    await gate.enter();
    const alone = gate.alone(() => order.push("alone"));
    const after = Promise.resolve(gate.enter()).then(() => order.push("after"));
    order.push("inside");
    gate.leave();
    await Promise.all([alone, after]);
    expect(order).toEqual(["inside", "alone", "after"]);
  });

  it("keep fast calls in order, and let slow ones of another line not hold them up", async () => {
    const order: string[] = [];
    const queue = new JobQueue(1, () => {});
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const job = (lane: Lane, name: string, wait?: Promise<void>) => ({
      lane,
      async run() {
        await wait;
        order.push(name);
      },
    });
    queue.add(job("making", "slow", held));
    const last = new Promise<void>((resolve) => {
      queue.add(job("fast", "first"));
      queue.add(job("fast", "second"));
      queue.add({ lane: "fast", run: async () => resolve() });
    });
    queue.pump();
    await last;
    release();
    await held;
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual(["first", "second", "slow"]);
  });
});
