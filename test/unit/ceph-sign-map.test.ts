/** `dsecos ceph sign-map`: what it prints is believed by who trusts the key, and by nobody else. */
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openMap, signersOf } from "../../agent/ceph/residency/map/signed.ts";
import { runProgram } from "../../agent/cli/program.ts";
import type { Terminal } from "../../agent/cli/terminal.ts";
import { contracts } from "../../agent/contracts.ts";
import { baseCluster } from "../lib/ceph-base.ts";
import { mapSigner } from "../lib/ceph-map.ts";

const { map } = baseCluster();
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-sign-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function put(name: string, content: string): string {
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
}

async function signMap(...words: string[]) {
  const printed: string[] = [];
  const told: string[] = [];
  const terminal: Terminal = {
    screen: { width: 400, colour: false },
    interactive: false,
    print: (text) => printed.push(text),
    tell: (text) => told.push(text),
    progress: () => {},
    confirm: async () => undefined,
  };
  const connect = () => Promise.reject(new Error("nobody may be asked"));
  const all = ["ceph", "sign-map", ...words];
  const code = await runProgram(all, { contracts, version: "0", terminal, connect });
  return { code, printed: printed.join("\n"), told: told.join("\n") };
}

const pem = (signer: ReturnType<typeof mapSigner>) =>
  signer.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const plain = () => put("map.json", JSON.stringify(map, null, 2));

describe.each(["Ed25519", "P-384"] as const)("with %s", (algorithm) => {
  const signer = mapSigner(algorithm);

  test("a map is signed by a private key in a file", async () => {
    const { code, printed } = await signMap("--map", plain(), "--key", put("key.pem", pem(signer)));
    expect(code).toBe(0);
    expect(openMap(`${printed}\n`, "map", [signer.publicKey])).toEqual(map);
    expect(() => openMap(printed, "map", [mapSigner(algorithm).publicKey])).toThrow(/no key that/);
  });

  test("a map is signed by whoever has the key elsewhere", async () => {
    const { printed: text } = await signMap("--map", plain());
    const digest = algorithm === "P-384" ? "sha384" : null;
    const by = (content: string) =>
      sign(digest, Buffer.from(content), signer.privateKey).toString("base64");
    const publicKey = put("public.pem", signer.pem);
    const common = ["--map", plain(), "--public-key", publicKey];
    const { printed } = await signMap(...common, "--signature", by(text));
    expect(openMap(printed, "map", [signer.publicKey])).toEqual(map);
    const wrong = await signMap(...common, "--signature", by(`${text}\n`));
    expect(wrong.code).not.toBe(0);
    expect(wrong.told).toContain("without a newline behind it");
    expect(wrong.printed).toBe("");
  });
});

test("a second signature stands beside the first, and none stands twice", async () => {
  const [first, second] = [mapSigner("Ed25519"), mapSigner("P-384")];
  const key = (signer: typeof first, name: string) => ["--key", put(name, pem(signer))];
  const once = await signMap("--map", plain(), ...key(first, "first.pem"));
  const signed = put("signed.json", `${once.printed}\n`);
  const twice = await signMap("--map", signed, ...key(second, "second.pem"));
  expect(signersOf(twice.printed, "map")).toHaveLength(2);
  for (const { publicKey } of [first, second])
    expect(openMap(twice.printed, "map", [publicKey])).toEqual(map);
  const again = await signMap("--map", signed, ...key(first, "first.pem"));
  expect(signersOf(again.printed, "map")).toEqual(signersOf(once.printed, "map"));
});

test("what signs no map is refused, and no key is in what is said", async () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const options = { type: "pkcs8", format: "pem" } as const;
  const protectedKey = mapSigner("Ed25519").privateKey.export({
    ...options,
    ...{ cipher: "aes-256-cbc", passphrase: "secret" },
  });
  const told = async (...words: string[]) => {
    const { code, told: text, printed } = await signMap("--map", plain(), ...words);
    expect(code).not.toBe(0);
    expect(printed).toBe("");
    return text;
  };
  const withKey = (content: string) => told("--key", put("bad.pem", content));
  expect(await withKey(rsa.export(options).toString())).toContain("neither Ed25519 nor P-384");
  const closed = await withKey(protectedKey.toString());
  expect(closed).toContain("no private key in PEM that opens without a passphrase");
  expect(closed).not.toContain("BEGIN");
  expect(await withKey(mapSigner("P-384").pem)).toContain("no private key in PEM");
  expect(await told("--signature", "AAAA")).toContain("both --public-key and --signature");
  expect(await told("--key", join(directory, "gone.pem"))).toContain("There is no");
  const damaged = await signMap("--map", put("bad.json", "{}"));
  expect(damaged.told).toContain("format");
});
