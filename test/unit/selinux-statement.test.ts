/** Statements about policies: signed, and refused as soon as a byte is another. */
import { createPublicKey, generateKeyPairSync, hash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { canonical } from "../../agent/audit/canonical.ts";
import { formatVerifierKey, verifierKey } from "../../agent/audit/tlog/note.ts";
import { KeptPolicies } from "../../agent/selinux/loads/kept.ts";
import { fingerprintOf, openPolicyKey, trustedSigners } from "../../agent/selinux/loads/key.ts";
import { prune } from "../../agent/selinux/loads/prune.ts";
import { openStatement, signStatement } from "../../agent/selinux/loads/statement.ts";
import { unsignedStatement } from "../lib/policy-statement.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

const root = mkdtempSync(join(tmpdir(), "dsecos-statement-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let directory: string;
let signers: string;

beforeEach(() => {
  directory = mkdtempSync(join(root, "node-"));
  signers = join(directory, "signers");
});

const policy = Buffer.from("the bytes of a policy");
const contexts = Buffer.from("/.* system_u:object_r:etc_t:s0\n");
const sha256 = hash("sha256", policy, "hex");
const by = { user: "otto", uid: 1004 };

/** One policy, as Build keeps it. */
async function keep(at = "2026-11-01T12:00:00.000Z", bytes = policy) {
  const kept = new KeptPolicies(directory);
  const work = await kept.begin();
  writeFileSync(join(work, "policy.33"), bytes);
  writeFileSync(join(work, "file_contexts"), contexts);
  const statement = unsignedStatement(bytes, contexts, at);
  const text = signStatement(statement, await openPolicyKey(directory, "node1"));
  await kept.keep(work, statement.policy, text);
  return kept;
}

async function trusted() {
  return trustedSigners(directory, signers);
}

describe("the key", () => {
  test("is made once, for its owner only, and is the node's", async () => {
    const one = await openPolicyKey(directory, "node1");
    const again = await openPolicyKey(directory, "node1");
    expect(formatVerifierKey(again.key)).toBe(formatVerifierKey(one.key));
    expect(one.key.name).toMatch(/^dsecos\.org\/selinux\/node1\/[0-9a-f]{8}$/);
    expect(statSync(join(directory, "key")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(directory, "key.pub"), "utf8")).toBe(
      `${formatVerifierKey(one.key)}\n`,
    );
  });

  test("is never replaced in silence where it cannot be read", async () => {
    await openPolicyKey(directory, "node1");
    writeFileSync(join(directory, "key"), '{"name":"x"');
    await expect(openPolicyKey(directory, "node1")).rejects.toThrow(
      /put back the file, or remove it/,
    );
    expect(readFileSync(join(directory, "key"), "utf8")).toBe('{"name":"x"');
  });
});

describe("a statement", () => {
  test("is opened by whoever trusts its node", async () => {
    const kept = await keep();
    const read = await kept.read(sha256, await trusted());
    expect(read.policy).toEqual(policy);
    expect(read.statement).toMatchObject({ policy: sha256, node: "node1", by });
    expect(readdirSync(kept.placeOf(sha256)).sort()).toEqual([
      "file_contexts",
      "policy.33",
      "statement.json",
    ]);
    expect(readdirSync(directory).sort()).toEqual([sha256, "key", "key.pub"].sort());
  });

  test("of another node is refused with the fingerprint and the place to add it", async () => {
    const kept = await keep();
    const { key } = await openPolicyKey(directory, "node1");
    const other = mkdtempSync(join(root, "other-"));
    const reading = kept.read(sha256, await trustedSigners(other, signers));
    await expect(reading).rejects.toMatchObject({ code: "Denied" });
    await expect(reading).rejects.toThrow(fingerprintOf(key));
    await expect(reading).rejects.toThrow("/etc/dsecos/policy-signers");
    mkdirSync(signers);
    writeFileSync(join(signers, "node1.pub"), `# node1\n${formatVerifierKey(key)}\n`);
    const now = await kept.read(sha256, await trustedSigners(other, signers));
    expect(now.statement.policy).toBe(sha256);
  });

  test("is refused where a trusted key's file cannot be understood", async () => {
    mkdirSync(signers);
    writeFileSync(join(signers, "node2.pub"), "no key\n");
    await expect(trusted()).rejects.toThrow(/node2\.pub: A verifier key reads/);
  });

  test("with any byte changed is refused", async () => {
    const kept = await keep();
    const file = join(kept.placeOf(sha256), "statement.json");
    const keys = await trusted();
    const good = readFileSync(file);
    expect(() => openStatement(good.toString(), file, keys)).not.toThrow();
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      expect(() => openStatement(bad.toString(), file, keys), `byte ${at}`).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/Conflict|Denied/) }),
      );
    }
  });

  test("written in another way, cut off or lengthened is refused", async () => {
    const kept = await keep();
    const file = join(kept.placeOf(sha256), "statement.json");
    const keys = await trusted();
    const good = readFileSync(file, "utf8");
    const value = JSON.parse(good);
    const forms = [
      JSON.stringify(value, null, 1),
      `${good}\n`,
      good.slice(0, -1),
      "",
      "null",
      canonical({ ...value, more: 1 }),
      canonical({ ...value, signatures: [] }),
      canonical({ ...value, statement: { ...value.statement, more: 1 } }),
    ];
    for (const bad of forms) expect(() => openStatement(bad, file, keys)).toThrow(/damaged or was/);
  });

  test("that a stranger signed in the name of a trusted node is refused", async () => {
    const kept = await keep();
    const file = join(kept.placeOf(sha256), "statement.json");
    const { key } = await openPolicyKey(directory, "node1");
    const stranger = generateKeyPairSync("ed25519");
    const named = verifierKey(key.name, createPublicKey(stranger.privateKey));
    const forged = JSON.parse(
      signStatement(unsignedStatement(policy, contexts), {
        key: named,
        privateKey: stranger.privateKey,
      }),
    );
    const keys = await trusted();
    expect(() => openStatement(canonical(forged), file, keys)).toThrow(/not trusted here/);
    forged.statement.signer = { key: formatVerifierKey(key), fingerprint: fingerprintOf(key) };
    expect(() => openStatement(canonical(forged), file, keys)).toThrow(/is not signed by/);
  });

  test.each(["policy.33", "file_contexts"])("does not cover another %s", async (name) => {
    const kept = await keep();
    const file = join(kept.placeOf(sha256), name);
    const bytes = readFileSync(file);
    for (let at = 0; at < bytes.length; at++) {
      const bad = Buffer.from(bytes);
      bad[at] = (bad[at] ?? 0) ^ 1;
      writeFileSync(file, bad);
      await expect(kept.read(sha256, await trusted())).rejects.toThrow(
        /not those that were signed/,
      );
    }
  });

  test("does not speak for another policy in whose place it is put", async () => {
    const kept = await keep();
    const other = hash("sha256", "other", "hex");
    mkdirSync(kept.placeOf(other));
    for (const name of readdirSync(kept.placeOf(sha256)))
      writeFileSync(
        join(kept.placeOf(other), name),
        readFileSync(join(kept.placeOf(sha256), name)),
      );
    await expect(kept.read(other, await trusted())).rejects.toThrow("it is about another policy");
    const absent = kept.read("f".repeat(64), await trusted());
    await expect(absent).rejects.toMatchObject({ code: "NotFound" });
  });
});

test("what a crash left half built is gone with the next build", async () => {
  const kept = new KeptPolicies(directory);
  const left = await kept.begin();
  writeFileSync(join(left, "policy.33"), "half");
  const next = await kept.begin();
  expect(readdirSync(directory)).toEqual([next.slice(directory.length + 1)]);
  expect(await kept.names()).toEqual([]);
});

test("the newest ten stay, and those in use; the rest goes on record", async () => {
  const audit = new RecordingAudit();
  const names: string[] = [];
  for (let day = 10; day < 24; day++) {
    const bytes = Buffer.from(`policy of day ${day}`);
    await keep(`2026-11-${day}T12:00:00.000Z`, bytes);
    names.push(hash("sha256", bytes, "hex"));
  }
  const kept = new KeptPolicies(directory);
  const [first = "", second = ""] = names;
  await prune(kept, new Set([second, ""]), audit, by);
  expect(new Set(await kept.names())).toEqual(new Set([second, ...names.slice(-10)]));
  const removed = audit.entries.filter(({ action }) => action === "selinux.PolicyRemoved");
  expect(removed.map(({ object }) => object)).toEqual([names[3], names[2], first]);
  expect(removed[0]).toMatchObject({
    actor: "otto",
    details: { builtAt: "2026-11-13T12:00:00.000Z" },
  });
});
