/** What is decided before a token does anything, and how its uses are counted. */
import { describe, expect, test } from "vitest";
import type { Call } from "../../agent/bus/call.ts";
import { DsecosError } from "../../agent/bus/errors.ts";
import type { Driver } from "../../agent/hsm/driver/types.ts";
import { decide } from "../../agent/hsm/jurisdiction/decide.ts";
import type { Jurisdiction } from "../../agent/hsm/jurisdiction/guard.ts";
import type { KeyRecord } from "../../agent/hsm/keys/record.ts";
import type { FoundKey, Token } from "../../agent/hsm/parts.ts";
import { toSpki } from "../../agent/hsm/pq/spki.ts";
import { packBlob } from "../../agent/hsm/use/blob.ts";
import { Meter, mostEncryptions } from "../../agent/hsm/use/meter.ts";
import { createUses } from "../../agent/hsm/use/service.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

const id = "0123456789abcdef0123456789abcdef";

function kemKey(): string {
  return Buffer.from(toSpki("ML-KEM-768", Buffer.alloc(1184, 1))).toString("base64");
}
const message = Buffer.from("message").toString("base64");

function recordOf(more: Partial<KeyRecord> = {}): KeyRecord {
  const at = "2026-11-01T08:00:00.000Z";
  return {
    ...{ name: "documents", tenant: "defense", driver: "softhsm", region: "UK" },
    ...{ algorithm: "AES-256", purpose: "encrypt", protection: "inToken", state: "active" },
    ...{ createdAt: at, createdBy: "olga", history: [], revision: 1 },
    versions: [{ version: 1, createdAt: at, id, fingerprint: "ab" }],
    ...more,
  };
}

/** A driver that notices whatever it is asked; it only counts, and encrypts to a fixed blob. */
function noticing(counts: Record<string, number> = {}) {
  const asked: string[] = [];
  const tell = async (operation: string) => asked.push(operation);
  const answers: Record<string, () => unknown> = {
    counters: () => ({ defense: { [id]: counts } }),
    encrypt: () => Buffer.alloc(40),
    dataKeys: () => [],
    decrypt: () => Buffer.from("plain"),
  };
  const driver = new Proxy({} as Driver, {
    get(_target, name: string) {
      if (name === "name") return "softhsm";
      if (name === "status") return () => ({ restarts: 0 });
      return async () => {
        await tell(name);
        return answers[name]?.();
      };
    },
  });
  return { driver, asked };
}

interface Bed {
  region?: string;
  nodeRegion?: string;
  record?: Partial<KeyRecord>;
  counts?: Record<string, number>;
  frozen?: string;
}

function bed({ region = "UK", nodeRegion = "UK", record, counts, frozen = "" }: Bed = {}) {
  const { driver, asked } = noticing(counts);
  const token = {
    ...{ id: "softhsm/defense", driver, label: "defense", tenant: "defense", region },
    config: { region } as Token["config"],
  } satisfies Token;
  let found: FoundKey = { record: recordOf(record), token, frozen };
  const change = (more: Partial<KeyRecord>) => {
    found = { ...found, record: { ...found.record, ...more } };
  };
  let looked = 0;
  const keys = {
    find: async () => {
      looked += 1;
      return found;
    },
    list: async () => [found],
  };
  const rules = { live: ["UK"], use: ["UK", "DE"] };
  const judge: Jurisdiction["decide"] = async (_tenant, { act, token, key, recipient }) =>
    decide({
      ...{ act, rules, tokenRegion: token, keyRegion: key ?? token, nodeRegion },
      ...(recipient === undefined ? {} : { recipientRegion: recipient }),
    });
  const jurisdiction: Jurisdiction = {
    decide: judge,
    async require(tenant, places) {
      const decision = await judge(tenant, places);
      if (!decision.allowed) throw new DsecosError("Denied", decision.sentence);
      return decision;
    },
  };
  const audit = new RecordingAudit();
  let clock = Date.parse("2026-11-22T23:59:00.000Z");
  const meter = new Meter({ audit, keys, log: () => {}, now: () => clock });
  const tokens = { all: async () => [token], of: async () => token };
  const { handlers, fingerprints } = createUses({
    ...{ keys, tokens, jurisdiction, meter, now: () => clock },
  });
  const noted: Record<string, unknown>[] = [];
  const call = { note: (facts: Record<string, unknown>) => noted.push(facts) } as unknown as Call;
  const pass = (ms: number) => {
    clock += ms;
  };
  return {
    handlers,
    fingerprints,
    call,
    asked,
    noted,
    audit,
    meter,
    token,
    pass,
    change,
    looked: () => looked,
  };
}

type Name = "Sign" | "Encrypt" | "Decrypt" | "DataKeys" | "Random" | "OpenEnvelope";
const past = "2026-11-22T23:58:00.000Z";
type Transfer = Parameters<ReturnType<typeof bed>["fingerprints"]["Transfer"]>;

function transferTo(region: string): Transfer extends [unknown, ...infer I] ? I : never {
  const to = { tenant: "there", key: "inbox", version: 1, region, context: "" };
  return ["defense", "documents", "test", message, "", { ...to, publicKey: kemKey() }];
}
const inputs: Record<Name, unknown[]> = {
  Sign: ["defense", "documents", "test", message],
  Encrypt: ["defense", "documents", "test", "", message],
  Decrypt: ["defense", "documents", "test", "", message],
  DataKeys: ["defense", "documents", "test", "", 1000],
  Random: ["defense", "test", 32],
  OpenEnvelope: ["defense", "documents", "test", "", message],
};

/** @param content the last input, where it is to be another */
function ask(
  { handlers, call }: ReturnType<typeof bed>,
  name: Name,
  content?: Buffer,
): Promise<unknown> {
  const handler = handlers[name] as (call: Call, ...inputs: unknown[]) => Promise<unknown>;
  const own =
    content === undefined ? inputs[name] : inputs[name].with(-1, content.toString("base64"));
  return handler(call, ...own);
}

describe("jurisdiction", () => {
  const breaches: [string, Bed][] = [
    ["the token is abroad", { region: "AE", record: { region: "AE" } }],
    ["the node is abroad", { nodeRegion: "AE" }],
  ];
  for (const [what, setting] of breaches) {
    test.each(Object.keys(inputs) as Name[])(`%s touches no token where ${what}`, async (name) => {
      const own = bed(setting);
      await expect(ask(own, name)).rejects.toMatchObject({ code: "Denied" });
      expect(own.asked).toEqual([]);
      // Even to look for a key would ask the token for its records.
      expect(own.looked()).toBe(0);
      expect(own.audit.entries).toEqual([]);
    });
  }

  test("a key whose token was moved does nothing", async () => {
    const own = bed({ record: { region: "DE" } });
    await expect(ask(own, "Encrypt")).rejects.toThrow(/made in DE.*token is in UK now/);
    expect(own.asked).toEqual([]);
  });
});

describe("a key", () => {
  test.each([
    ["pre-active", "Encrypt", "Conflict"],
    ["pre-active", "Decrypt", "Conflict"],
    ["suspended", "DataKeys", "Conflict"],
    ["deactivated", "Encrypt", "Conflict"],
    ["compromised", "Encrypt", "Conflict"],
    ["destroyed", "Decrypt", "Conflict"],
  ] as const)("that is %s does not %s, and its token is not asked", async (state, name, code) => {
    const own = bed({ record: { state } });
    await expect(ask(own, name)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(state === "pre-active" ? "not active yet" : state),
    });
    expect(own.asked).toEqual([]);
  });

  test.each(["Encrypt", "DataKeys"] as const)(
    "that has expired does not %s, also where nobody could write that down yet",
    async (name) => {
      const own = bed({ record: { expireAt: past } });
      await expect(ask(own, name)).rejects.toThrow(/is deactivated/);
      expect(own.asked).toEqual([]);
      await expect(
        ask(own, "Decrypt", packBlob("data", 1, Buffer.alloc(40))),
      ).resolves.toBeTruthy();
    },
  );

  test("that is suspended while somebody waits for its token does nothing for him", async () => {
    const own = bed();
    const append = own.audit.append.bind(own.audit);
    // Counters are read and put on record before the day's first use, which takes a while.
    own.audit.append = async (event) => {
      own.change({ state: "suspended" });
      return append(event);
    };
    await expect(ask(own, "Encrypt")).rejects.toThrow(/is suspended/);
    expect(own.asked).toEqual(["counters"]);
    expect(own.noted).toEqual([]);
  });

  test("is handed over only as it was when that was approved", async () => {
    const before = bed();
    const was = await before.fingerprints.Transfer(before.call, ...transferTo("DE"));
    const suspended = bed({ record: { state: "suspended", revision: 2 } });
    expect(await suspended.fingerprints.Transfer(suspended.call, ...transferTo("DE"))).not.toBe(
      was,
    );
    // What would be refused is not put before anybody.
    const frozen = bed({ frozen: "Its object is missing." });
    await expect(frozen.fingerprints.Transfer(frozen.call, ...transferTo("DE"))).rejects.toThrow(
      "missing",
    );
    await expect(
      before.fingerprints.Transfer(before.call, ...transferTo("AE")),
    ).rejects.toMatchObject({
      code: "Denied",
    });
    expect([...before.asked, ...suspended.asked, ...frozen.asked]).toEqual([]);
  });

  test("of another kind, or one that is frozen, is not used", async () => {
    const signing = bed({ record: { purpose: "sign", algorithm: "P-384" } });
    await expect(ask(signing, "Encrypt")).rejects.toMatchObject({ code: "InvalidArgument" });
    const frozen = bed({ frozen: "Its object is missing." });
    await expect(ask(frozen, "Encrypt")).rejects.toThrow("Its object is missing.");
    expect([...signing.asked, ...frozen.asked]).toEqual([]);
  });

  test.each([
    ["a version that it has not", packBlob("data", 2, Buffer.alloc(40))],
    ["another kind", packBlob("dataKey", 1, Buffer.alloc(40))],
    ["no kind at all", Buffer.from("AAAA", "base64")],
  ])("is not asked to open a blob of %s", async (_what, blob) => {
    const own = bed();
    await expect(ask(own, "Decrypt", blob)).rejects.toMatchObject({ code: "InvalidArgument" });
    expect(own.asked).toEqual([]);
  });
});

describe("counting", () => {
  test("reads the counters once before the first uses, which all name that reading", async () => {
    const own = bed({ counts: { encrypt: 7 } });
    await Promise.all(Array.from({ length: 20 }, () => ask(own, "Encrypt")));
    expect(own.asked.filter((operation) => operation === "counters")).toHaveLength(1);
    expect(own.asked[0]).toBe("counters");
    expect(own.audit.entries).toMatchObject([
      {
        ...{ action: "hsm.Counters", outcome: "note", tenant: "defense" },
        details: { first: true, counted: [{ key: "documents", version: 1, uses: { encrypt: 7 } }] },
      },
    ]);
    const reading = own.audit.entries[0]?.details?.reading;
    expect(own.noted).toHaveLength(20);
    for (const { receipt } of own.noted) {
      expect(receipt).toMatchObject({ reading, token: "softhsm/defense", rule: "use.inside" });
    }
  });

  test("reads them again on the next day, and not before", async () => {
    const own = bed();
    await ask(own, "Encrypt");
    await ask(own, "Encrypt");
    own.pass(120_000);
    await ask(own, "Encrypt");
    await ask(own, "Encrypt");
    const details = own.audit.entries.map((entry) => entry.details);
    expect(details).toMatchObject([{ first: true }, { first: false }]);
    const days = details.map((one) => String(one?.reading).slice(0, 10));
    expect(days).toEqual(["2026-11-22", "2026-11-23"]);
  });

  test("goes on where the clock was set back, and names no two readings alike", async () => {
    const own = bed();
    await ask(own, "Encrypt");
    own.pass(-86_400_000);
    await ask(own, "Encrypt");
    await own.meter.read(own.token);
    const readings = own.audit.entries.map((entry) => String(entry.details?.reading));
    expect(readings).toHaveLength(2);
    expect(readings.toSorted()).toEqual(readings);
    expect(new Set(readings).size).toBe(2);
  });

  test("lets nothing be used that could not be counted", async () => {
    const own = bed();
    own.audit.failure = new DsecosError("Unavailable", "The disk is full.");
    await expect(ask(own, "Encrypt")).rejects.toThrow("The disk is full.");
    expect(own.asked).toEqual(["counters"]);
    own.audit.failure = undefined;
    await ask(own, "Encrypt");
    expect(own.asked).toEqual(["counters", "counters", "encrypt"]);
  });

  test("ends with 2^32 encryptions of one version, keys for data among them", async () => {
    const own = bed({ counts: { encrypt: mostEncryptions - 1002, dataKeys: 1, decrypt: 9e9 } });
    await ask(own, "DataKeys");
    await ask(own, "Encrypt");
    const more = ask(own, "Encrypt");
    await expect(more).rejects.toMatchObject({
      ...{ code: "Conflict", message: expect.stringContaining("rotate the key") },
    });
    await expect(ask(own, "DataKeys")).rejects.toThrow("rotate the key");
    expect(own.asked).toEqual(["counters", "dataKeys", "encrypt"]);
    await ask(own, "Decrypt", packBlob("data", 1, Buffer.alloc(40)));
  });
});
