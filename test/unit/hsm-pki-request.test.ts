/** What strangers send: requests that are cut off, changed, badly signed or ask for too much. */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ml_dsa65 } from "@noble/post-quantum/ml-dsa.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DsecosError } from "../../agent/bus/errors.ts";
import { type Holder, namesOf } from "../../agent/hsm/pki/profiles.ts";
import { mldsaSpki, signatureAlgorithms } from "../../agent/hsm/pki/x509/algorithms.ts";
import { bitString, integer, lengthOf, nest, sequence } from "../../agent/hsm/pki/x509/der.ts";
import { encodeName } from "../../agent/hsm/pki/x509/names.ts";
import { fromPem } from "../../agent/hsm/pki/x509/pem.ts";
import { readRequest } from "../../agent/hsm/pki/x509/request.ts";
import { readQuestion } from "../../agent/hsm/pki/x509/status.ts";
import { OpensslBed } from "../lib/pki.ts";

const bed = new OpensslBed();
const holder: Holder = { tenant: "acme", region: "UK", domains: ["acme.example.org"] };
const never = async () => false;
let pem: Buffer;
let der: Buffer;

beforeAll(() => {
  pem = request("jane", "ec", "ec_paramgen_curve:P-384", "-subj", "/O=acme/CN=jane");
  der = fromPem(pem.toString("latin1"), ["CERTIFICATE REQUEST"]) ?? Buffer.of();
});
afterAll(() => bed.close());

function request(name: string, kind: string, option: string, ...args: string[]): Buffer {
  const key = ["-newkey", kind, ...(option ? ["-pkeyopt", option] : []), "-nodes"];
  bed.run("req", "-new", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, ...args);
  return readFileSync(join(bed.directory, `${name}.csr`));
}

/** What comes of it; anything but an answer or a sentence fails the test. */
async function outcome(bytes: Uint8Array): Promise<string> {
  try {
    return namesOf(await readRequest(bytes, never), "person", holder).name;
  } catch (error) {
    if (error instanceof DsecosError && error.code === "InvalidArgument") return error.message;
    throw error;
  }
}

test.each([
  ["rsa", "rsa_keygen_bits:3072", "RSA-3072"],
  ["ec", "ec_paramgen_curve:P-256", "P-256"],
  ["ec", "ec_paramgen_curve:P-521", "P-521"],
  ["ed25519", "", "Ed25519"],
])("a key of kind %s %s is %s", async (kind, option, name) => {
  const read = await readRequest(request("ok", kind, option, "-subj", "/CN=jane"), never);
  expect(read).toMatchObject({ key: name, subject: [["commonName", "jane"]], authority: false });
});

test.each([
  ["rsa", "rsa_keygen_bits:2048"],
  ["ec", "ec_paramgen_curve:secp256k1"],
  ["ed448", ""],
])("a key of kind %s %s is refused", async (kind, option) => {
  const bytes = request("weak", kind, option, "-subj", "/CN=jane");
  expect(await outcome(bytes)).toMatch(/The request's key must be/);
});

test("a request whose digest is SHA-1 is refused", async () => {
  const bytes = request("old", "ec", "ec_paramgen_curve:P-384", "-subj", "/CN=jane", "-sha1");
  expect(await outcome(bytes)).toMatch(/not signed by the key in it/);
});

test("a request is refused unless who sent it has the private key", async () => {
  const own = fromPem(
    request("other", "ec", "ec_paramgen_curve:P-384", "-subj", "/CN=joe").toString("latin1"),
    ["CERTIFICATE REQUEST"],
  );
  if (own === undefined) throw new Error("no request");
  // The signature of one under the content of the other.
  const algorithm = Buffer.from("300a06082a8648ce3d0403", "hex");
  const tail = (bytes: Buffer) => bytes.subarray(bytes.lastIndexOf(algorithm));
  const mixed = sequence(
    der.subarray(der.length < 256 + 3 ? 3 : 4, der.length - tail(der).length),
    tail(own),
  );
  expect(await outcome(mixed)).toMatch(/not signed by the key in it|not a certificate signing/);
  for (let at = der.length - 20; at < der.length; at += 1) {
    const changed = Buffer.from(der);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(await outcome(changed)).not.toBe("jane");
  }
});

test("no byte of what is signed can be changed, and none left out or added", async () => {
  expect(await outcome(der)).toBe("jane");
  expect(await outcome(pem)).toBe("jane");
  const header = der.length < 256 + 3 ? 3 : 4;
  const end = header + lengthOf(der.subarray(header));
  for (let at = 0; at < der.length; at += 1) {
    const changed = Buffer.from(der);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    const read = await outcome(changed);
    if (at < end) expect(read, `byte ${at}`).not.toBe("jane");
    expect(await outcome(der.subarray(0, at)), `${at} bytes`).not.toBe("jane");
  }
  expect(await outcome(Buffer.concat([der, Buffer.of(0)]))).not.toBe("jane");
  expect(await outcome(Buffer.alloc(32_000, 0x30))).toMatch(/not a certificate signing request/);
  expect(await outcome(Buffer.from("-----BEGIN CERTIFICATE REQUEST-----\nAAAA"))).toMatch(/not a/);
  expect(await outcome(Buffer.of())).toMatch(/not a/);
});

test("a request with ML-DSA-65 is believed when the driver says that its signature holds", async () => {
  const keys = ml_dsa65.keygen(Buffer.alloc(32, 7));
  const info = sequence(
    integer("0"),
    encodeName([["commonName", "pia"]]),
    mldsaSpki(keys.publicKey),
    nest(0xa0),
  );
  const whole = (signature: Uint8Array) =>
    sequence(info, signatureAlgorithms["ML-DSA-65"], bitString(signature));
  const check = async (pub: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
    ml_dsa65.verify(signature, message, pub);
  const good = whole(ml_dsa65.sign(info, keys.secretKey));
  expect(await readRequest(good, check)).toMatchObject({ key: "ML-DSA-65" });
  const bad = whole(ml_dsa65.sign(Buffer.from("something else"), keys.secretKey));
  await expect(readRequest(bad, check)).rejects.toMatchObject({ code: "InvalidArgument" });
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const mixed = sequence(
    info,
    signatureAlgorithms["P-384"],
    bitString(sign("sha384", info, privateKey)),
  );
  await expect(readRequest(mixed, check)).rejects.toMatchObject({ code: "InvalidArgument" });
});

test("a question about certificates that is cut off or changed is no question, or another", () => {
  execFileSync(
    "openssl",
    ["req", "-x509", "-key", "jane.key", "-subj", "/CN=ca", "-out", "ca.pem"],
    {
      ...{ cwd: bed.directory, timeout: 10_000, stdio: "ignore" },
    },
  );
  bed.run("ocsp", "-issuer", "ca.pem", "-serial", "1", "-reqout", "q.der");
  const question = readFileSync(join(bed.directory, "q.der"));
  expect(readQuestion(question)).toBeDefined();
  for (let at = 0; at < question.length; at += 1)
    expect(readQuestion(question.subarray(0, at))).toBeUndefined();
  for (let at = 0; at < question.length; at += 1) {
    const changed = Buffer.from(question);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    // It may still be one; it must not throw.
    readQuestion(changed);
  }
});
