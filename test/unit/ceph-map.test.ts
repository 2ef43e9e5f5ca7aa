/** The signed map of jurisdictions: whom it is believed of, and that no byte of it can change. */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { canonical } from "../../agent/audit/canonical.ts";
import { mapKey, openMap, readMap } from "../../agent/ceph/residency/map/signed.ts";
import { baseCluster } from "../lib/ceph-base.ts";
import { mapSigner, signMap } from "../lib/ceph-map.ts";

const { map } = baseCluster();
const [one, other] = [mapSigner("Ed25519"), mapSigner("P-384")];
const open = (content: string) => openMap(content, "map.json", [one.publicKey, other.publicKey]);

test.each([[one], [other], [one, other]])(
  "a map is believed of whoever is trusted",
  (...signers) => {
    const content = signMap(map, ...signers);
    expect(open(content)).toEqual(map);
    expect(open(`${content}\n`)).toEqual(map);
    expect(readMap(content, "map.json")).toEqual(map);
  },
);

test("it is refused of others, and named by whom it is signed", () => {
  const stranger = mapSigner("Ed25519");
  expect(() => open(signMap(map, stranger))).toThrow(/is signed by [0-9a-f]{64}, and by no key/);
});

test("no byte of it can change", () => {
  const content = signMap(map, one);
  for (let at = 0; at < content.length; at += 7) {
    const changed =
      content.slice(0, at) + (content[at] === "1" ? "2" : "1") + content.slice(at + 1);
    expect(() => open(changed), changed.slice(at - 20, at + 20)).toThrow(/map\.json/);
  }
  const parsed = JSON.parse(content);
  const turned = JSON.stringify({ signatures: parsed.signatures, map: parsed.map });
  expect(() => open(turned)).toThrow("it is not canonical JSON");
  expect(() => open(` ${content}`)).toThrow("it is not canonical JSON");
  const both = JSON.parse(signMap(map, one, other));
  both.signatures[1].signature = both.signatures[0].signature;
  expect(() => open(canonical(both))).toThrow("its signature is not valid");
});

test("a map says each thing once, and what it is", () => {
  const twice = { ...map, buckets: [...map.buckets, { id: -5, name: "gb", jurisdiction: "UK" }] };
  expect(() => readMap(JSON.stringify(twice), "m")).toThrow("Name each bucket once.");
  const wrong = { ...map, buckets: [{ id: 5, name: "osd.5", jurisdiction: "UK" }] };
  expect(() => readMap(JSON.stringify(wrong), "m")).toThrow(
    /m is no map of jurisdictions.*buckets\.0\.id/,
  );
  const more = { ...map, note: "none" };
  expect(() => readMap(JSON.stringify(more), "m")).toThrow(/note/);
  expect(() => readMap("{", "m")).toThrow("it is no JSON");
});

test("a key is a public one of a known kind", () => {
  expect(mapKey(one.pem, "key.pem").asymmetricKeyType).toBe("ed25519");
  const secret = one.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  expect(() => mapKey(secret, "key.pem")).toThrow("is a private key");
  expect(() => mapKey("nothing", "key.pem")).toThrow("no public key in PEM");
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const weak = publicKey.export({ type: "spki", format: "pem" }).toString();
  expect(() => mapKey(weak, "key.pem")).toThrow("neither Ed25519 nor P-384");
});

test("openssl verifies what is signed", () => {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-map-"));
  try {
    const { signatures } = JSON.parse(signMap(map, one, other));
    const at = (name: string) => join(directory, name);
    writeFileSync(at("map"), canonical(map));
    for (const [index, { pem }] of [one, other].entries()) {
      writeFileSync(at(`key${index}`), pem);
      writeFileSync(at(`sig${index}`), Buffer.from(signatures[index].signature, "base64"));
    }
    const run = (...args: string[]) =>
      execFileSync("openssl", args, { encoding: "utf8", timeout: 30_000, cwd: directory });
    const said = run(
      "pkeyutl",
      "-verify",
      "-rawin",
      "-pubin",
      "-inkey",
      "key0",
      "-sigfile",
      "sig0",
      "-in",
      "map",
    );
    expect(said).toContain("Signature Verified Successfully");
    expect(run("dgst", "-sha384", "-verify", "key1", "-signature", "sig1", "map")).toContain(
      "Verified OK",
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
