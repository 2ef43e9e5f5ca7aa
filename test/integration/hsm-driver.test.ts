import { execFileSync } from "node:child_process";
import { createPublicKey, verify as nodeVerify } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHsmBed, type HsmBed, newId, ready } from "../lib/hsm-driver.ts";

const message = Buffer.from("a letter of the agency");
const algorithms = ["P-384", "Ed25519", "RSA-3072"] as const;

describe("a driver with SoftHSM", () => {
  let bed: HsmBed;
  const ids = { "AES-256": newId(), "P-384": newId(), Ed25519: newId(), "RSA-3072": newId() };

  beforeAll(async () => {
    bed = await createHsmBed();
    await bed.driver.createToken("acme");
    for (const [algorithm, id] of Object.entries(ids)) {
      await bed.driver.generateKey("acme", id, algorithm as keyof typeof ids);
    }
  });
  afterAll(() => bed?.remove());

  it("says what the module and its tokens say of themselves", async () => {
    expect((await bed.driver.module()).manufacturer).toBe("SoftHSM");
    const tokens = await bed.driver.tokens();
    const acme = tokens.find(({ label }) => label === "acme");
    expect(acme).toMatchObject({ initialized: true, hardware: false, login: "open" });
    expect(acme?.mechanisms).toContain("0x1041");
    expect(tokens.some(({ initialized }) => !initialized)).toBe(true);
  });

  it.each(algorithms)("makes a key %s that cannot leave its token", async (algorithm) => {
    const key = await bed.driver.key("acme", ids[algorithm]);
    expect(key).toMatchObject({
      ...{ id: ids[algorithm], algorithm, sensitive: true, alwaysSensitive: true },
      ...{ extractable: false, neverExtractable: true, local: true },
    });
  });

  it.each(algorithms)("signs by %s what OpenSSL and Node verify", async (algorithm) => {
    const { driver } = bed;
    const { spki } = await driver.key("acme", ids[algorithm]);
    const signature = await driver.sign("acme", algorithm, { id: ids[algorithm] }, message);
    expect(await driver.verify(algorithm, { spki }, message, signature)).toBe(true);
    const other = Buffer.from("another letter");
    expect(await driver.verify(algorithm, { spki }, other, signature)).toBe(false);
    expect(opensslVerifies(bed.directory, algorithm, spki, signature)).toBe(true);
    const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
    const padding = algorithm === "RSA-3072" ? { padding: 6, saltLength: 48 } : {};
    const hash = algorithm === "Ed25519" ? null : "sha384";
    expect(nodeVerify(hash, message, { key, ...padding }, signature)).toBe(true);
  });

  it("lists keys and records, and finds none of another token", async () => {
    const { driver } = bed;
    await driver.createToken("other");
    await driver.writeRecord("acme", "key/letters", Buffer.from('{"revision":1}'));
    await driver.writeRecord("acme", "key/letters", Buffer.from('{"revision":2}'));
    expect((await driver.keys("acme")).map(({ id }) => id).sort()).toEqual(
      Object.values(ids).sort(),
    );
    expect(await driver.records("acme")).toEqual([
      { label: "key/letters", value: Buffer.from('{"revision":2}') },
    ]);
    expect(await driver.keys("other")).toEqual([]);
    expect(await driver.records("other")).toEqual([]);
    await expect(driver.key("other", ids["P-384"])).rejects.toMatchObject({ kind: "keyMissing" });
    await driver.deleteRecord("acme", "key/letters");
    expect(await driver.records("acme")).toEqual([]);
  });

  it("does not make a token or a key a second time", async () => {
    const { driver } = bed;
    await expect(driver.createToken("acme")).rejects.toMatchObject({ kind: "exists" });
    const again = driver.generateKey("acme", ids["AES-256"], "AES-256");
    await expect(again).rejects.toMatchObject({ kind: "exists" });
  });

  it("gives no plaintext when ciphertext or associated data were changed, and goes on", async () => {
    const { driver } = bed;
    const seal = { id: ids["AES-256"], aad: Buffer.from("acme, version 1") };
    const blob = Buffer.from(await driver.encrypt("acme", seal, message));
    for (const at of [0, 12, blob.length - 1]) {
      const changed = Buffer.from(blob);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const opened = driver.decrypt("acme", seal, changed);
      await expect(opened).rejects.toMatchObject({ kind: "authentication" });
    }
    const elsewhere = { ...seal, aad: Buffer.from("acme, version 2") };
    const moved = driver.decrypt("acme", elsewhere, blob);
    await expect(moved).rejects.toMatchObject({ kind: "authentication" });
    const short = driver.decrypt("acme", seal, blob.subarray(0, 20));
    await expect(short).rejects.toMatchObject({ kind: "authentication" });
    expect(await driver.decrypt("acme", seal, blob)).toEqual(message);
    const empty = await driver.encrypt("acme", seal, Buffer.alloc(0));
    expect(await driver.decrypt("acme", seal, empty)).toHaveLength(0);
  });

  it("takes another iv for each encryption, from the token's random", async () => {
    const { driver } = bed;
    const seal = { id: ids["AES-256"], aad: Buffer.alloc(0) };
    const made = await driver.dataKeys("acme", seal, 200);
    const blobs = await Promise.all(
      Array.from({ length: 200 }, () => driver.encrypt("acme", seal, message)),
    );
    const wrapped = [...made.map((key) => key.wrapped), ...blobs];
    const ivs = wrapped.map((blob) => Buffer.from(blob.subarray(0, 12)).toString("hex"));
    expect(new Set(ivs).size).toBe(400);
    const [first] = made;
    expect(await driver.decrypt("acme", seal, first?.wrapped as Uint8Array)).toEqual(
      first?.plaintext,
    );
    expect(await driver.random("acme", 1000)).toHaveLength(1000);
  });

  it("answers a thousand calls at once, each with its own", async () => {
    const { driver } = bed;
    const { spki } = await driver.key("acme", ids.Ed25519);
    const texts = Array.from({ length: 1000 }, (_, i) => Buffer.from(`letter ${i}`));
    const sign = (text: Buffer) => driver.sign("acme", "Ed25519", { id: ids.Ed25519 }, text);
    const signatures = await Promise.all(texts.map(sign));
    const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
    for (const [i, signature] of signatures.entries()) {
      expect(nodeVerify(null, texts[i] as Buffer, key, signature)).toBe(true);
    }
  });

  it("counts every use, and keeps the counts when its processes are killed", async () => {
    const id = newId();
    await bed.driver.generateKey("acme", id, "P-384");
    await Promise.all(
      Array.from({ length: 37 }, () => bed.driver.sign("acme", "P-384", { id }, message)),
    );
    const before = await bed.driver.counters();
    expect(before.acme?.[id]).toEqual({ sign: 37 });
    await bed.restart();
    expect(await bed.driver.counters()).toEqual(before);
    await bed.driver.sign("acme", "P-384", { id }, message);
    expect((await bed.driver.counters()).acme?.[id]).toEqual({ sign: 38 });
  });

  it("sets a PIN anew as the token's security officer, and keeps the keys", async () => {
    await bed.driver.resetPin("acme");
    const signature = await bed.driver.sign("acme", "P-384", { id: ids["P-384"] }, message);
    expect(signature.length).toBeGreaterThan(90);
  });

  it("destroys a key, both halves", async () => {
    const id = newId();
    await bed.driver.generateKey("acme", id, "P-384");
    await bed.driver.destroyKey("acme", id);
    await expect(bed.driver.key("acme", id)).rejects.toMatchObject({ kind: "keyMissing" });
    const signed = bed.driver.sign("acme", "P-384", { id }, message);
    await expect(signed).rejects.toMatchObject({ kind: "keyMissing" });
    await bed.driver.generateKey("acme", id, "Ed25519");
  });

  it.each([
    ["a frame that is too long", Buffer.from("ffffffff", "hex")],
    ["an operation that is none", Buffer.from("0000000500000001ff", "hex")],
    ["arguments that end too early", Buffer.from("000000080000000103000000ff", "hex")],
  ])("ends a connection that sends %s, and no other", async (_what, bytes) => {
    const socket = createConnection(bed.socket);
    const closed = once(socket, "close");
    socket.resume();
    socket.write(bytes);
    await closed;
    expect(await bed.driver.tokens()).not.toHaveLength(0);
  });

  it("makes, uses and opens keys of which a half is sealed", async () => {
    const { driver } = bed;
    const seal = { id: ids["AES-256"], aad: Buffer.from("seed") };
    const dsa = await driver.generateSealed("acme", "ML-DSA-65", seal);
    const sealed = { seal, blob: dsa.blob };
    const pair = newId();
    const { spki } = await driver.generateKey("acme", pair, "P-384");
    const parts = { id: pair, sealed };
    const signature = await driver.sign("acme", "MLDSA65-P384", parts, message);
    const open = { spki, pq: dsa.publicKey };
    expect(await driver.verify("MLDSA65-P384", open, message, signature)).toBe(true);
    const kem = await driver.generateSealed("acme", "ML-KEM-768", seal);
    const agreeing = newId();
    const agreement = await driver.generateAgreementKey("acme", agreeing);
    const publicParts = { spki: agreement.spki, pq: kem.publicKey };
    const aad = Buffer.from("to the agency");
    const envelope = await driver.sealEnvelope("MLKEM768-P384", publicParts, message, aad);
    const own = { id: agreeing, sealed: { seal, blob: kem.blob } };
    const opened = await driver.openEnvelope(
      ...(["acme", "MLKEM768-P384", own, publicParts, envelope, aad] as const),
    );
    expect(opened).toEqual(message);
    // A key that agrees on secrets signs nothing: the token itself refuses.
    const signed = driver.sign("acme", "P-384", { id: agreeing }, message);
    await expect(signed).rejects.toMatchObject({ ckr: "CKR_KEY_FUNCTION_NOT_PERMITTED" });
    const counts = (await driver.counters()).acme ?? {};
    expect(counts[pair]).toEqual({ sign: 1 });
    expect(counts[agreeing]).toEqual({ openEnvelope: 1 });
  });
});

it("says that there is no credential, and opens no token", async () => {
  const bed = await createHsmBed({ credential: null });
  try {
    expect(bed.driver.status()).toMatchObject({ state: "ready", pinSource: "none" });
    await expect(bed.driver.createToken("acme")).rejects.toThrow(/LoadCredentialEncrypted/);
  } finally {
    await bed.remove();
  }
});

it("says why a module cannot be loaded", async () => {
  const bed = createHsmBed({ config: { module: "/nowhere/lib.so" } });
  await expect(bed).rejects.toThrow(/nowhere/);
});

it("is ready again for whoever connects later", async () => {
  const bed = await createHsmBed();
  try {
    const second = bed.open();
    await ready(second);
    expect(await second.tokens()).not.toHaveLength(0);
  } finally {
    await bed.remove();
  }
});

function opensslVerifies(
  directory: string,
  algorithm: (typeof algorithms)[number],
  spki: Uint8Array,
  signature: Uint8Array,
): boolean {
  const file = (name: string, content: Uint8Array) => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  };
  const key = ["-pubin", "-inkey", file("key.der", spki), "-keyform", "DER"];
  const files = ["-in", file("message", message), "-sigfile", file("signature", signature)];
  const pss = ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:48"];
  const how = {
    "P-384": ["-rawin", "-digest", "sha384"],
    Ed25519: ["-rawin"],
    "RSA-3072": ["-rawin", "-digest", "sha384", ...pss],
  };
  const parameters = ["pkeyutl", "-verify", ...key, ...files, ...how[algorithm]];
  const said = execFileSync("openssl", parameters, { timeout: 30_000, encoding: "utf8" });
  return said.includes("Verified Successfully");
}
