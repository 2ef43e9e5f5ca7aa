/** Keys at work, over the bus with the real driver and SoftHSM. */
import { execFileSync } from "node:child_process";
import { createPublicKey, randomBytes, verify } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { audit } from "../../agent/audit/contract.ts";
import type { AuditEntry } from "../../agent/audit/entry.ts";
import { hsm } from "../../agent/hsm/contract.ts";
import type { RulesAnswer } from "../../agent/hsm/jurisdiction/members.ts";
import type { PublicKey } from "../../agent/hsm/keys/answers.ts";
import type { Statement, Usage } from "../../agent/hsm/statement/members.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { type Answer, Person } from "../lib/caller.ts";
import { approved, createAgency, ended, type Staff } from "../lib/hsm-agency.ts";
import { removeTree } from "../lib/remove-tree.js";
import { people } from "../lib/test-stack.js";

const tenant = "use-agency";
const other = "use-other";
const text = Buffer.from("what the ministry of silly walks wrote down today");
const plaintext = text.toString("base64");
const state = String(process.env.DSECOS_TEST_STATE);
let staff: Staff;
let auditor: Person;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "dsecos-use-"));
  const [operator, officer, second] = [
    await Person.as(people.operator),
    await Person.as(people.officer),
    await Person.as(people.officer2),
  ];
  staff = { operator, officer, second };
  auditor = await Person.as(people.auditor);
  await createAgency(staff, tenant, {
    documents: "AES-256",
    "p-384": "P-384",
    edwards: "Ed25519",
    rsa: "RSA-3072",
    quantum: "ML-DSA-65",
    composite: "MLDSA65-P384",
    letters: "MLKEM768-P384",
    kem: "ML-KEM-768",
  });
  await createAgency(staff, other, { documents: "AES-256", inbox: "MLKEM768-P384" });
}, 300_000);
afterAll(() => {
  for (const person of [staff?.operator, staff?.officer, staff?.second, auditor]) person?.end();
  removeTree(directory);
});

const use = (member: keyof typeof hsm.methods, ...inputs: unknown[]) =>
  staff.operator.call(hsm, member, ...inputs);
const refused = (member: keyof typeof hsm.methods, ...inputs: unknown[]) =>
  staff.operator.try(hsm, member, ...inputs).then(({ error }) => error);
const errorOf = ({ error }: Answer) => error?.name.replace("org.dsecos.Error.", "");

async function publicKey(key: string, version = 0): Promise<PublicKey> {
  return (await use("PublicKey", tenant, key, version)) as PublicKey;
}

/** The newest entry of an action and outcome. */
async function recorded(action: string, outcome = "success"): Promise<AuditEntry> {
  const filter = { action, outcome, tenant, limit: 1 };
  const { rows } = (await auditor.call(audit, "List", filter)) as { rows: AuditEntry[] };
  if (rows[0] === undefined) throw new Error(`no ${action} on record`);
  return rows[0];
}

describe("signatures", () => {
  test.each([
    ["p-384", ["dgst", "-sha384"]],
    ["edwards", ["pkeyutl"]],
    [
      "rsa",
      ["dgst", "-sha384", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:48"],
    ],
  ])("of %s verify in openssl and in Node", async (key, args) => {
    const signature = Buffer.from(
      String(await use("Sign", tenant, key, "test", plaintext)),
      "base64",
    );
    const { pem } = await publicKey(key);
    const [keyFile, messageFile, signatureFile] = ["key", "message", "signature"].map((name) =>
      join(directory, name),
    ) as [string, string, string];
    writeFileSync(keyFile, pem);
    writeFileSync(messageFile, text);
    writeFileSync(signatureFile, signature);
    const files =
      key === "edwards"
        ? ["-verify", "-pubin", "-inkey", keyFile, "-rawin", "-in", messageFile, "-sigfile"]
        : ["-verify", keyFile, "-signature"];
    const last = key === "edwards" ? [signatureFile] : [signatureFile, messageFile];
    const said = execFileSync("openssl", [...args, ...files, ...last], { encoding: "utf8" });
    expect(said).toMatch(/Verified OK|Verified Successfully/);
    const pss = { padding: 6, saltLength: 48 };
    const object = createPublicKey(pem);
    const hash = key === "edwards" ? null : "sha384";
    expect(verify(hash, text, key === "rsa" ? { key: object, ...pss } : object, signature)).toBe(
      true,
    );
  });

  test.each(["p-384", "edwards", "rsa", "quantum", "composite"])(
    "of %s are valid to Verify, and of anything else they are not",
    async (key) => {
      const signature = String(await use("Sign", tenant, key, "test", plaintext));
      const verdict = (message: string, made: string) =>
        use("Verify", tenant, key, "test", message, made);
      expect(await verdict(plaintext, signature)).toEqual({ valid: true, version: 1, doubt: "" });
      const no = { valid: false, version: 0, doubt: "" };
      expect(await verdict(Buffer.from("other").toString("base64"), signature)).toEqual(no);
      const bytes = Buffer.from(signature, "base64");
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      expect(await verdict(plaintext, bytes.toString("base64"))).toEqual(no);
      expect(await verdict(plaintext, "")).toEqual(no);
    },
  );
});

describe("ciphertext", () => {
  const encrypt = (context = "file 1") =>
    use("Encrypt", tenant, "documents", "test", context, plaintext).then(String);
  const decrypt = (ciphertext: string, context = "file 1") =>
    staff.operator.try(hsm, "Decrypt", tenant, "documents", "test", context, ciphertext);

  test("decrypts to what it was, and to nothing when a byte or the context is another", async () => {
    const ciphertext = await encrypt();
    expect((await decrypt(ciphertext)).body).toEqual([plaintext]);
    const whole = Buffer.from(ciphertext, "base64");
    const sentences = new Set<string | undefined>();
    // Format, kind, each byte of the version, iv, ciphertext, tag.
    for (const at of [0, 1, 2, 5, 6, 17, 18, 40, whole.length - 16, whole.length - 1]) {
      const bytes = Buffer.from(whole);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      const answer = await decrypt(bytes.toString("base64"));
      expect(errorOf(answer), `byte ${at}`).toBe("InvalidArgument");
      sentences.add(answer.error?.message);
    }
    for (const answer of [
      await decrypt(ciphertext, "file 2"),
      await decrypt(whole.subarray(0, 20).toString("base64")),
      await decrypt(""),
      await decrypt(Buffer.concat([whole, whole]).toString("base64")),
    ]) {
      expect(errorOf(answer)).toBe("InvalidArgument");
      sentences.add(answer.error?.message);
    }
    // Whoever guesses does not learn what was wrong.
    expect([...sentences]).toHaveLength(1);
    expect((await decrypt(ciphertext)).body).toEqual([plaintext]);
  });

  test("of another tenant's key of the same name is none of this one's", async () => {
    const ciphertext = await encrypt();
    const foreign = await staff.operator.try(
      hsm,
      "Decrypt",
      other,
      "documents",
      "test",
      "file 1",
      ciphertext,
    );
    const tampered = await decrypt(ciphertext, "file 2");
    expect(errorOf(foreign)).toBe(errorOf(tampered));
    expect(foreign.error?.message).toBe(tampered.error?.message);
  });

  test("of older versions decrypts after a rotation", async () => {
    const before = await encrypt();
    await ended(staff.officer, await staff.officer.call(hsm, "Rotate", tenant, "documents"));
    const after = await encrypt();
    const version = (blob: string) => Buffer.from(blob, "base64").readUInt32BE(2);
    expect(version(after)).toBe(version(before) + 1);
    expect((await decrypt(before)).body).toEqual([plaintext]);
    expect((await decrypt(after)).body).toEqual([plaintext]);
    expect((await recorded("hsm.Encrypt")).details?.receipt).toMatchObject({
      version: version(after),
    });
  });
});

test("a key that is another tenant's is not found, in the words of one that is not there", async () => {
  const theirs = await refused("Sign", tenant, "inbox", "test", plaintext);
  const none = await refused("Sign", tenant, "nobodys", "test", plaintext);
  expect(theirs?.name).toBe("org.dsecos.Error.NotFound");
  expect(theirs?.message.replace("inbox", "nobodys")).toBe(none?.message);
});

test("keys for data are made by the thousand, on one receipt, and unwrapped one by one", async () => {
  const made = (await use("DataKeys", tenant, "documents", "disks", "pool", 1000)) as {
    keys: { plaintext: string; wrapped: string }[];
  };
  expect(new Set(made.keys.map((key) => key.plaintext)).size).toBe(1000);
  const { details } = await recorded("hsm.DataKeys");
  expect(details?.receipt).toMatchObject({
    ...{ key: "documents", operation: "dataKeys", purpose: "disks", rule: "use.inside" },
    ...{ count: 1000, bytes: 32_000, token: `softhsm/${tenant}` },
  });
  const [first] = made.keys;
  const unwrap = (context: string) =>
    staff.operator.try(
      hsm,
      "DecryptDataKey",
      tenant,
      "documents",
      "disks",
      context,
      first?.wrapped,
    );
  expect((await unwrap("pool")).body).toEqual([first?.plaintext]);
  expect(errorOf(await unwrap("other pool"))).toBe("InvalidArgument");
  // A key for data is no data, although the same key wraps both.
  const asData = await refused("Decrypt", tenant, "documents", "disks", "pool", first?.wrapped);
  expect(asData?.name).toBe("org.dsecos.Error.InvalidArgument");
});

test("random bytes come from the tenant's token", async () => {
  const bytes = Buffer.from(String(await use("Random", tenant, "seed", 4096)), "base64");
  expect(bytes).toHaveLength(4096);
  expect(new Set(bytes).size).toBeGreaterThan(200);
  const receipt = { operation: "random", bytes: 4096, purpose: "seed" };
  expect((await recorded("hsm.Random")).details?.receipt).toMatchObject(receipt);
});

describe("envelopes", () => {
  test.each(["letters", "kem"])("for %s open for that key and context alone", async (key) => {
    const envelope = String(await use("SealEnvelope", tenant, key, "post", "letter", plaintext));
    const open = (by: string, context: string, what = envelope) =>
      staff.operator.try(hsm, "OpenEnvelope", tenant, by, "post", context, what);
    expect((await open(key, "letter")).body).toEqual([plaintext]);
    expect(errorOf(await open(key, "parcel"))).toBe("InvalidArgument");
    const another = key === "kem" ? "letters" : "kem";
    expect(errorOf(await open(another, "letter"))).toBe("InvalidArgument");
    const bytes = Buffer.from(envelope, "base64");
    bytes.writeUInt8(bytes.readUInt8(700) ^ 1, 700);
    expect(errorOf(await open(key, "letter", bytes.toString("base64")))).toBe("InvalidArgument");
  });

  test("carry a key for data to another place, after a second person agreed", async () => {
    const made = (await use("DataKeys", tenant, "documents", "share", "pool", 1)) as {
      keys: { plaintext: string; wrapped: string }[];
    };
    const inbox = (await use("PublicKey", other, "inbox", 0)) as PublicKey;
    const recipient = { tenant: other, key: "inbox", version: 1, region: "UK", context: "pool" };
    const transfer = (to: object) =>
      approved(staff, "Transfer", tenant, "documents", "share", made.keys[0]?.wrapped, "pool", to);
    const alone = { ...recipient, publicKey: inbox.der };
    const first = await staff.officer.try(
      hsm,
      "Transfer",
      tenant,
      "documents",
      "share",
      made.keys[0]?.wrapped,
      "pool",
      alone,
    );
    expect(errorOf(first)).toBe("NeedsApproval");
    const { body } = await transfer(alone);
    const open = (envelope: unknown) =>
      staff.operator.try(hsm, "OpenEnvelope", other, "inbox", "share", "pool", envelope);
    expect((await open(body?.[0])).body).toEqual([made.keys[0]?.plaintext]);
    // The rules say nothing against this one; the key over there lives elsewhere.
    const abroad = await transfer({ ...alone, region: "DE" });
    expect(errorOf(abroad)).toBe("Denied");
    expect(abroad.error?.message).toMatch(/recipient is in DE.*transfer\.outside/);
    const noKey = await transfer({ ...recipient, publicKey: "AAAA" });
    expect(errorOf(noKey)).toBe("InvalidArgument");
  });
});

test("the command line takes content from files and pipes, and shows none of it", async () => {
  const uid = Number(execFileSync("id", ["-u", people.operator], { encoding: "utf8" }));
  const gid = Number(execFileSync("id", ["-g", people.operator], { encoding: "utf8" }));
  const program = resolve(import.meta.dirname, "../../dist/agent/dsecos.js");
  const as = ["--init-groups", `--reuid=${uid}`, `--regid=${gid}`, process.execPath, program];
  const dsecos = (input: Buffer, verb: string, ...words: string[]) =>
    execFileSync("setpriv", [...as, "hsm", verb, tenant, ...words], { input, timeout: 60_000 });
  const content = randomBytes(100_000);
  const ciphertext = dsecos(content, "encrypt", "documents", "backup", "--plaintext", "-");
  expect(ciphertext.length).toBe(content.length + 34);
  const file = join(directory, "ciphertext");
  writeFileSync(file, ciphertext, { mode: 0o644 });
  chmodSync(directory, 0o755);
  const opened = dsecos(Buffer.of(), "decrypt", "documents", "backup", "--ciphertext", `@${file}`);
  expect(opened.equals(content)).toBe(true);
});

describe("states", () => {
  test("a suspended key protects nothing, opens what it protected, and says so", async () => {
    const { officer } = staff;
    const ciphertext = await use("Encrypt", tenant, "documents", "test", "", plaintext);
    const signature = await use("Sign", tenant, "p-384", "test", plaintext);
    for (const key of ["documents", "p-384", "letters"]) {
      await officer.call(hsm, "Suspend", tenant, key, "test");
    }
    const refusals = [
      await refused("Encrypt", tenant, "documents", "test", "", plaintext),
      await refused("DataKeys", tenant, "documents", "test", "", 1),
      await refused("Sign", tenant, "p-384", "test", plaintext),
      await refused("SealEnvelope", tenant, "letters", "test", "", plaintext),
    ];
    for (const refusal of refusals) {
      expect(refusal?.name).toBe("org.dsecos.Error.Conflict");
      expect(refusal?.message).toContain("is suspended");
    }
    expect(await use("Decrypt", tenant, "documents", "test", "", ciphertext)).toBe(plaintext);
    expect((await recorded("hsm.Decrypt")).details?.receipt).toMatchObject({ doubt: "suspended" });
    expect(await use("Verify", tenant, "p-384", "test", plaintext, signature)).toMatchObject({
      ...{ valid: true, doubt: expect.stringContaining("suspended") },
    });
    for (const key of ["documents", "p-384", "letters"]) {
      await officer.call(hsm, "Resume", tenant, key, "test");
    }
    await use("Sign", tenant, "p-384", "test", plaintext);
  });

  test("a key is used for what it is for", async () => {
    const wrong = [
      await refused("Sign", tenant, "documents", "test", plaintext),
      await refused("Encrypt", tenant, "p-384", "test", "", plaintext),
      await refused("OpenEnvelope", tenant, "edwards", "test", "", plaintext),
    ];
    for (const error of wrong) expect(error?.name).toBe("org.dsecos.Error.InvalidArgument");
  });
});

test("a change of the tenant's record alone does not change where its keys may be", async () => {
  const change = (jurisdiction: string) =>
    staff.operator.call(tenants, "Change", tenant, { jurisdiction });
  await change("AE");
  try {
    const { rules, set } = (await use("Rules", tenant)) as RulesAnswer;
    expect(rules).toEqual({ live: ["UK"], use: ["UK"] });
    expect(set?.by).toBe("agent");
    expect((await recorded("hsm.PinRules", "note")).details).toEqual({ rules });
    await use("Sign", tenant, "p-384", "test", plaintext);
  } finally {
    await change("UK");
  }
});

test("rules are set by two officers, name what breaks them, and stop its use with their row", async () => {
  const abroad = { live: ["AE"], use: ["AE", "UK"] };
  const alone = await staff.officer.try(hsm, "SetRules", tenant, abroad);
  expect(errorOf(alone)).toBe("NeedsApproval");
  const { body } = await approved(staff, "SetRules", tenant, abroad);
  const answer = JSON.parse(String(body?.[0]));
  expect(answer.rules).toEqual(abroad);
  expect(answer.breaking).toHaveLength(8);
  try {
    const used = await refused("Sign", tenant, "p-384", "test", plaintext);
    expect(used?.name).toBe("org.dsecos.Error.Denied");
    expect(used?.message).toMatch(/live in AE alone, and this one lives in UK.*use\.livesOutside/);
    const made = await staff.officer.try(hsm, "CreateKey", tenant, {
      ...{ name: "late", algorithm: "P-384" },
    });
    expect(made.error?.message).toMatch(/create\.outside/);
    const decided = (act: string, token: string) =>
      use("Decide", tenant, { act, token }) as Promise<{ allowed: boolean; rule: string }>;
    expect(await decided("create", "AE")).toMatchObject({ allowed: true, rule: "create.inside" });
    expect(await decided("use", "UK")).toMatchObject({ rule: "use.livesOutside" });
  } finally {
    const own = { live: ["UK"], use: ["UK"] };
    expect((await approved(staff, "SetRules", tenant, own)).error).toBeUndefined();
  }
  await use("Sign", tenant, "p-384", "test", plaintext);
});

test("a statement finds every use of this month, and days show them", async () => {
  const month = new Date().toISOString().slice(0, 7);
  const statement = (await auditor.call(hsm, "Statement", tenant, month)) as Statement;
  const differing = statement.rows.filter(({ reason }) => reason !== "none");
  expect(differing).toEqual([]);
  expect(statement).toMatchObject({ verdict: "agrees", remarks: [] });
  const made = statement.rows
    .filter(({ key, operation }) => key === "documents" && operation === "dataKeys")
    .reduce((sum, { receipts }) => sum + receipts, 0);
  expect(made).toBe(1001);
  const operations = new Set(statement.rows.map(({ operation }) => operation));
  for (const operation of ["sign", "encrypt", "decrypt", "openEnvelope", "rewrap", "verify"]) {
    expect(operations).toContain(operation);
  }
  const { days, unknown } = (await use("Usage", tenant, "p-384", 7)) as Usage;
  expect(unknown).toBe("");
  expect(days).toHaveLength(7);
  const signed = statement.rows.find(
    ({ key, operation }) => key === "p-384" && operation === "sign",
  );
  const sum = days.reduce((all, { uses }) => all + (uses.sign ?? 0), 0);
  expect(sum).toBe(signed?.counted);
});

test("neither content nor keys nor the PIN's secret are in the log or the journal", async () => {
  const { keys } = (await use("DataKeys", tenant, "documents", "leak", "", 1)) as {
    keys: { plaintext: string; wrapped: string }[];
  };
  const ciphertext = String(await use("Encrypt", tenant, "documents", "leak", "", plaintext));
  const credential = readFileSync(join(hsmState(), "credentials", "hsm-softhsm"));
  const dataKey = Buffer.from(String(keys[0]?.plaintext), "base64");
  const secrets = [text, dataKey, credential].flatMap((bytes) => [
    bytes.toString("latin1"),
    bytes.toString("base64"),
    bytes.toString("hex"),
  ]);
  const files = [
    ...readdirSync(join(state, "audit"), { recursive: true, withFileTypes: true }),
    ...readdirSync(join(state, "log"), { recursive: true, withFileTypes: true }),
  ].filter((file) => file.isFile());
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) {
    const bytes = readFileSync(join(file.parentPath, file.name), "latin1");
    const found = secrets.findIndex((secret) => bytes.includes(secret));
    expect(found, `${file.parentPath}/${file.name}`).toBe(-1);
  }
  expect(ciphertext).not.toBe("");
});

function hsmState(): string {
  return String(process.env.DSECOS_TEST_HSM_STATE);
}
