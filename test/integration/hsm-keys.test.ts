/** Tokens and keys over the bus, with the real driver and SoftHSM. */
import { createHash, createPublicKey } from "node:crypto";
import { readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { audit } from "../../agent/audit/contract.ts";
import type { AuditEntry } from "../../agent/audit/entry.ts";
import { type Algorithm, algorithms } from "../../agent/hsm/algorithms.ts";
import { hsm } from "../../agent/hsm/contract.ts";
import type { DriversAnswer } from "../../agent/hsm/drivers/answers.ts";
import type { KeyDetail, KeyPage, KeyRow, PublicKey } from "../../agent/hsm/keys/answers.ts";
import type { TokenPage } from "../../agent/hsm/tokens/answers.ts";
import type { HsmStatus } from "../../agent/hsm/watch/answers.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { readRecord } from "../../packaging/setup/lib/daemons.js";
import { type Answer, Person } from "../lib/caller.ts";
import { approved, createAgency, ended, type Staff } from "../lib/hsm-agency.ts";
import { people } from "../lib/test-stack.js";

const tenant = "keys-agency";
const tokenId = `softhsm/${tenant}`;
const tokens = join(String(process.env.DSECOS_TEST_HSM_STATE), "tokens");
let staff: Staff;
let auditor: Person;

beforeAll(async () => {
  staff = {
    operator: await Person.as(people.operator),
    officer: await Person.as(people.officer),
    second: await Person.as(people.officer2),
  };
  auditor = await Person.as(people.auditor);
  await createAgency(staff, tenant, {});
}, 120_000);
afterAll(() => {
  for (const person of [staff?.operator, staff?.officer, staff?.second, auditor]) person?.end();
});

const ask = (member: keyof typeof hsm.methods, ...inputs: unknown[]) =>
  staff.officer.call(hsm, member, ...inputs);
const refusal = async (answer: Promise<Answer>) => (await answer).error;
const nameOf = (algorithm: Algorithm) => algorithm.toLowerCase();

async function make(spec: Record<string, unknown>) {
  return ended(staff.officer, await ask("CreateKey", tenant, spec));
}
const key = (name: string) => ask("Key", tenant, name) as Promise<KeyDetail>;
const status = () => ask("Status") as Promise<HsmStatus>;
const compared = async () => ended(staff.officer, await ask("Reconcile"));

/** Directory of the tenant's token. */
function tokenDirectory(): string {
  const found = readdirSync(tokens).find((name) => {
    const file = readFileSync(join(tokens, name, "token.object"));
    return file.includes(tenant);
  });
  if (found === undefined) throw new Error("the tenant has no token");
  return join(tokens, found);
}

test("the driver says what its module is, that it is software, and how its PIN is kept", async () => {
  const { rows } = (await ask("GetDrivers")) as DriversAnswer;
  expect(rows).toMatchObject([
    {
      name: "softhsm",
      state: "ready",
      region: "UK",
      says: { manufacturer: "SoftHSM" },
      assurance: { kind: "software", validated: "no" },
      pin: { source: "file", seal: "none" },
    },
  ]);
});

describe("a tenant's token", () => {
  test("is its own, flagged as software, and in the list with what it says", async () => {
    const { rows } = (await ask("Tokens", { tenant })) as TokenPage;
    expect(rows).toMatchObject([
      {
        ...{ id: tokenId, tenant, region: "UK", state: "ready", troubles: [] },
        serial: expect.stringMatching(/^[0-9a-f]{16}$/),
        assurance: { words: expect.stringMatching(/^Software token: .* Not FIPS validated\.$/) },
      },
    ]);
  });

  test("is not made twice, nor for who is not there, nor by an unknown driver", async () => {
    const create = (...inputs: string[]) =>
      refusal(staff.officer.try(hsm, "CreateToken", ...inputs));
    expect((await create(tenant, "softhsm"))?.message).toMatch(/has the token .* already; use it/);
    expect((await create("no-such", "softhsm"))?.message).toMatch(/There is no tenant no-such/);
    expect((await create(tenant, "luna"))?.message).toMatch(/There is no driver luna/);
  });
});

describe("keys", () => {
  test.each(algorithms)(
    "of %s are made, in the token or sealed under it",
    async (algorithm) => {
      const name = nameOf(algorithm);
      expect(await make({ name, algorithm })).toMatchObject({ state: "succeeded" });
      const { record, held, troubles, row } = await key(name);
      expect(troubles).toEqual([]);
      expect(row).toMatchObject({ state: "active", frozen: "", token: tokenId, version: 1 });
      const expected = { "ML-DSA-65": "sealed", "ML-KEM-768": "sealed" } as Record<string, string>;
      const isPair = algorithm.startsWith("ML") && algorithm.endsWith("P384");
      expect(record.protection).toBe(expected[algorithm] ?? (isPair ? "both" : "inToken"));
      expect(held).toHaveLength(record.protection === "sealed" ? 0 : 1);
      for (const one of held) {
        expect(one).toMatchObject({
          ...{ sensitive: true, alwaysSensitive: true, local: true },
          ...{ extractable: false, neverExtractable: true },
        });
      }
    },
    120_000,
  );

  test("show their public half as everybody reads it, and AES none", async () => {
    for (const name of ["p-384", "ed25519", "rsa-3072"]) {
      const answer = (await ask("PublicKey", tenant, name, 0)) as PublicKey;
      const der = createPublicKey(answer.pem).export({ type: "spki", format: "der" });
      expect(der.toString("base64")).toBe(answer.der);
      const { row } = await key(name);
      expect(row.fingerprint).toBe(createHash("sha256").update(der).digest("hex"));
    }
    const { pem } = (await ask("PublicKey", tenant, "mldsa65-p384", 1)) as PublicKey;
    expect(pem).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    const none = await refusal(staff.officer.try(hsm, "PublicKey", tenant, "aes-256", 0));
    expect(none?.message).toMatch(/has no public half/);
    const later = await refusal(staff.officer.try(hsm, "PublicKey", tenant, "p-384", 7));
    expect(later?.message).toMatch(/has no version 7; its newest is 1/);
  });

  test("are listed, found and counted", async () => {
    const { rows, total } = (await ask("Keys", { tenant })) as KeyPage;
    expect(total).toBe(algorithms.length);
    expect(rows.map(({ name }) => name)).toEqual(algorithms.map(nameOf).sort());
    const pairs = (await ask("Keys", { search: `${tenant} p384` })) as KeyPage;
    expect(pairs.rows.map(({ name }) => name)).toEqual(["mldsa65-p384", "mlkem768-p384"]);
    const { rows: list } = (await ask("Tokens", { tenant })) as TokenPage;
    expect(list).toMatchObject([{ keys: algorithms.length }]);
  });

  test("are refused twice under one name, and with times that cannot be", async () => {
    const again = await refusal(
      staff.officer.try(hsm, "CreateKey", tenant, { name: "p-384", algorithm: "P-384" }),
    );
    expect(again?.message).toMatch(/has a key p-384 already, or had one/);
    const past = { name: "late", algorithm: "P-384", expireAt: "2020-01-01T00:00:00.000Z" };
    const expired = await refusal(staff.officer.try(hsm, "CreateKey", tenant, past));
    expect(expired?.message).toMatch(/would expire before/);
  });

  test("rotate into a version beside the old one", async () => {
    expect(await ended(staff.officer, await ask("Rotate", tenant, "p-384"))).toMatchObject({
      state: "succeeded",
    });
    const { record, held } = await key("p-384");
    expect(record.versions.map(({ version }) => version)).toEqual([1, 2]);
    expect(held).toHaveLength(2);
    expect(record.history.map(({ why }) => why)).toEqual(["created", "rotated"]);
    const one = (await ask("PublicKey", tenant, "p-384", 1)) as PublicKey;
    const two = (await ask("PublicKey", tenant, "p-384", 0)) as PublicKey;
    expect(two.version).toBe(2);
    expect(one.der).not.toBe(two.der);
    const row = (await ask("SetRotation", tenant, "p-384", 30)) as KeyRow;
    expect(Date.parse(row.rotateAt ?? "")).toBeGreaterThan(Date.now() + 29 * 86_400_000);
  });

  test("go through their states, each with who and why on record", async () => {
    await make({ name: "states", algorithm: "P-384", activateAt: "2099-01-01T00:00:00.000Z" });
    const state = async (member: keyof typeof hsm.methods, why = "test") =>
      ((await ask(member, tenant, "states", why)) as KeyRow).state;
    const refused = async (member: keyof typeof hsm.methods) =>
      (await refusal(staff.officer.try(hsm, member, tenant, "states", "test")))?.message;
    expect(await refused("Suspend")).toMatch(/states was never active/);
    expect(await state("Activate")).toBe("active");
    expect(await state("Suspend", "the laptop is lost")).toBe("suspended");
    expect(await refused("Activate")).toMatch(/states is suspended; resume it/);
    expect(await state("Resume")).toBe("active");
    expect(await state("Deactivate")).toBe("deactivated");
    expect(await refused("Resume")).toMatch(/deactivated, which is for good/);
    expect(await state("Compromise")).toBe("compromised");
    const { record } = await key("states");
    expect(record.history.map(({ by, state: at, why }) => `${by} ${at} ${why}`)).toEqual([
      `${people.officer} pre-active created`,
      `${people.officer} active test`,
      `${people.officer} suspended the laptop is lost`,
      `${people.officer} active test`,
      `${people.officer} deactivated test`,
      `${people.officer} compromised test`,
    ]);
    const filter = { action: "hsm.Suspend", outcome: "success", tenant, limit: 1 };
    const { rows } = (await auditor.call(audit, "List", filter)) as { rows: AuditEntry[] };
    expect(rows).toMatchObject([{ actor: people.officer, object: "states" }]);
  });

  test("are destroyed by two people, later, and that can be cancelled", async () => {
    await make({ name: "short", algorithm: "P-384" });
    const soon = await refusal(staff.officer.try(hsm, "Destroy", tenant, "short", 1));
    expect(soon?.message).toMatch(/7 days at least/);
    const answer = await approved(staff, "Destroy", tenant, "short", 7);
    const row = JSON.parse(String(answer.body?.[0])) as KeyRow;
    expect(row).toMatchObject({ state: "deactivated", stateBefore: "active" });
    expect(Date.parse(row.destroyAt ?? "")).toBeGreaterThan(Date.now() + 6 * 86_400_000);
    const { record } = await key("short");
    expect(record.history.at(-1)?.by).toBe(`${people.officer} with ${people.officer2}`);
    const use = await refusal(staff.officer.try(hsm, "Rotate", tenant, "short"));
    expect(use?.message).toMatch(/is to be destroyed; cancel that first/);
    const back = (await ask("CancelDestroy", tenant, "short", "needed")) as KeyRow;
    expect(back.state).toBe("active");
    expect(back.destroyAt).toBeUndefined();
  });

  test("do not say whether a key is there to who asks in another tenant's name", async () => {
    await createAgency(staff, "keys-other", {});
    const said = async (owner: string, name: string) =>
      (await refusal(staff.officer.try(hsm, "Key", owner, name)))?.message.replaceAll(owner, "T");
    const none = await said("keys-other", "p-384");
    expect(none).toBe("There is no key p-384 of T; list the keys to see which.");
    expect(await said("keys-nobody", "p-384")).toBe(none);
    expect(await said("keys-other", "no-such")).toBe(none?.replace("p-384", "no-such"));
  });

  test("keep their tenant from being deleted", async () => {
    const { operator, officer } = staff;
    const inputs = [tenant, true, 60];
    const { error } = await operator.try(tenants, "Delete", ...inputs);
    const id = /request ([0-9a-f]{16})/.exec(error?.message ?? "")?.[1];
    const { approvals } = await import("../../agent/approvals/contract.ts");
    const list = (await officer.call(approvals, "List")) as { id: string; hash: string }[];
    const request = list.find((one) => one.id === id);
    await officer.call(approvals, "Approve", request?.id, request?.hash);
    const refused = await refusal(operator.try(tenants, "Delete", ...inputs));
    expect(refused?.message).toMatch(/still has the key .* destroy its keys first/);
  });
});

describe("what goes wrong below", () => {
  test("an object that is cut short freezes its key, and is an alarm until it is back", async () => {
    const directory = tokenDirectory();
    const before = new Set(readdirSync(directory));
    await make({ name: "cut-two", algorithm: "AES-256" });
    // The others are its records.
    const [file = ""] = readdirSync(directory)
      .filter((name) => name.endsWith(".object") && !before.has(name))
      .filter((name) => isKey(join(directory, name)));
    const whole = readFileSync(join(directory, file));
    truncateSync(join(directory, file), 40);
    killHost();
    try {
      const { alarms, problems } = await vi.waitFor(
        async () => {
          await compared();
          const now = await status();
          expect(now.alarms).toMatchObject([{ kind: "keyMissing", tenant, key: "cut-two" }]);
          return now;
        },
        { timeout: 60_000, interval: 500 },
      );
      expect(alarms).toHaveLength(1);
      expect(problems).toEqual(
        expect.arrayContaining([expect.stringMatching(/no object in .* any more; restore/)]),
      );
      const { rows } = (await ask("Keys", { tenant, troubled: true })) as KeyPage;
      expect(rows).toMatchObject([{ name: "cut-two", frozen: expect.stringMatching(/no object/) }]);
      const encrypt = await staff.operator.try(
        hsm,
        "Encrypt",
        tenant,
        "cut-two",
        "test",
        "",
        "YQ==",
      );
      expect(encrypt.error?.message).toMatch(/no object|lacks this key's object/);
    } finally {
      writeFileSync(join(directory, file), whole);
      killHost();
    }
    await vi.waitFor(
      async () => {
        await compared();
        expect((await status()).alarms).toEqual([]);
      },
      { timeout: 60_000, interval: 500 },
    );
  }, 120_000);

  test("a token that is gone is absent and not empty, and whole when it is back", async () => {
    const directory = tokenDirectory();
    const hidden = join(tokens, "..", "away");
    const { total } = (await ask("Keys", { tenant })) as KeyPage;
    renameSync(directory, hidden);
    try {
      await vi.waitFor(
        async () => {
          const { rows } = (await ask("Tokens", { tenant })) as TokenPage;
          expect(rows).toMatchObject([{ state: "absent", keys: total }]);
        },
        { timeout: 30_000, interval: 200 },
      );
      await compared();
      expect((await status()).alarms).toMatchObject([{ kind: "tokenAbsent", token: tokenId }]);
      const made = await make({ name: "nowhere", algorithm: "P-384" }).catch((error) => ({
        state: "failed",
        error: error.message,
      }));
      expect(made).toMatchObject({ state: "failed", error: expect.stringMatching(/not there/) });
    } finally {
      renameSync(hidden, directory);
    }
    await vi.waitFor(
      async () => {
        await compared();
        expect((await status()).alarms).toEqual([]);
        const { total: now } = (await ask("Keys", { tenant })) as KeyPage;
        expect(now).toBe(total);
      },
      { timeout: 60_000, interval: 500 },
    );
    expect(await key("p-384")).toMatchObject({ troubles: [], held: [{}, {}] });
  }, 120_000);
});

/** SoftHSM keeps what it read; its next process reads what is there now. */
function killHost(): void {
  const { pid } = readRecord(String(process.env.DSECOS_TEST_STATE), "dsecos-hsm") ?? {};
  if (pid === undefined) throw new Error("the stack has no driver");
  const [host] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  process.kill(Number(host), "SIGKILL");
}

/** Whether a file of SoftHSM is a secret key: CKA_CLASS, a number, CKO_SECRET_KEY. */
function isKey(path: string): boolean {
  const secretKey = Buffer.from("000000000000000000000000000000020000000000000004", "hex");
  return readFileSync(path).includes(secretKey);
}
