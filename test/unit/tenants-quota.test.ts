import { describe, expect, test } from "vitest";
import { DsecosError } from "../../agent/bus/errors.ts";
import {
  type Amount,
  amountOf,
  exceeding,
  kibUp,
  limitOf,
  plus,
} from "../../agent/tenants/amounts.ts";
import { type Ledger, overQuota, QuotaGuard } from "../../agent/tenants/quota.ts";
import { promisedBytes, storageQuota, volumePart } from "../../agent/tenants/quota-volumes.ts";

const one: Amount = { cpu: 1, ramKib: 1024, storageKib: 1024 };
const limit: Amount = { cpu: 5, ramKib: 1024 ** 2, storageKib: 1024 ** 2 };

/** Keeps use in memory, where the real one reads it from Incus. */
class FakeLedger implements Ledger {
  promised: Amount = { cpu: 0, ramKib: 0, storageKib: 0 };
  usage() {
    return { limit, promised: this.promised };
  }
  adjust(_tenant: string, delta: Amount) {
    this.promised = plus(this.promised, delta);
  }
}

/** Creates after a random while, as Incus would. */
async function fakeCreate() {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
}

describe("quota guard", () => {
  test("1,000 parallel creations never exceed the quota", async () => {
    const ledger = new FakeLedger();
    const guard = new QuotaGuard(ledger);
    let most = 0;
    const attempts = Array.from({ length: 1000 }, async (_, i) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      const name = `web-${i}`;
      const room = guard.reserve("mod", new Map([[name, one]]));
      most = Math.max(most, plus(ledger.promised, guard.held("mod")).cpu);
      await fakeCreate();
      room.kept(name);
      most = Math.max(most, plus(ledger.promised, guard.held("mod")).cpu);
    });
    const results = await Promise.allSettled(attempts);
    const made = results.filter(({ status }) => status === "fulfilled");
    const codes = new Set(results.flatMap((r) => (r.status === "rejected" ? [r.reason.code] : [])));
    expect(made).toHaveLength(5);
    expect(most).toBe(5);
    expect([...codes]).toEqual(["QuotaExceeded"]);
    expect(guard.hasPending("mod")).toBe(false);
  });

  test("a refused request leaves nothing held", () => {
    const guard = new QuotaGuard(new FakeLedger());
    const wanted = new Map(Array.from({ length: 6 }, (_, i) => [`web-${i}`, one] as const));
    expect(() => guard.reserve("mod", wanted)).toThrow(
      "mod may have 5 of CPU, 0 is promised and 6 was asked for: 5 is left; ask for less or raise the quota.",
    );
    expect(guard.hasPending("mod")).toBe(false);
  });

  test("what a reading of Incus found already is not counted twice", () => {
    const ledger = new FakeLedger();
    const guard = new QuotaGuard(ledger);
    const room = guard.reserve("mod", new Map([["web", one]]));
    ledger.promised = one;
    guard.found("mod", new Set(["web"]));
    expect(guard.held("mod").cpu).toBe(0);
    room.kept("web");
    expect(ledger.promised.cpu).toBe(1);
  });

  test("the same name is worked on once at a time", () => {
    const guard = new QuotaGuard(new FakeLedger());
    const room = guard.reserve("mod", new Map([["web", one]]));
    expect(() => guard.reserve("mod", new Map([["web", one]]))).toThrow(DsecosError);
    room.close();
    guard.reserve("mod", new Map([["web", one]])).close();
  });

  test("a resource that is not asked for more of is no reason to refuse", () => {
    const ledger = new FakeLedger();
    ledger.promised = { ...one, ramKib: limit.ramKib * 2 };
    const guard = new QuotaGuard(ledger);
    const onlyCpu = { cpu: 1, ramKib: 0, storageKib: 0 };
    expect(() => guard.reserve("mod", new Map([["web", onlyCpu]]))).not.toThrow();
  });

  test("a quota exceeded behind our back is told", () => {
    const sentences = overQuota({ limit, promised: { ...one, cpu: 6 } });
    expect(sentences).toEqual([
      "Its instances are promised 6 of CPU, more than the quota of 5; resize or delete some, or raise the quota.",
    ]);
  });
});

describe("volumes in the quota of storage", () => {
  const bytes = (kib: number) => BigInt(kib) * 1024n;
  const open = () => {
    const ledger = new FakeLedger();
    const guard = new QuotaGuard(ledger);
    const get = () => ({ ...ledger.usage(), name: "mod" }) as never;
    const quota = storageQuota({ get, guard }, async () => undefined);
    return { ledger, guard, quota };
  };
  const volume = (name: string, kib: number, before = 0) => {
    return { name, bytes: bytes(kib), before: bytes(before) };
  };

  test("of many at once only as many are declared as fit", async () => {
    const { ledger, guard, quota } = open();
    const half = limit.storageKib / 2;
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, (_, at) =>
        quota.within("mod", volume(`v${at}`, half), fakeCreate),
      ),
    );
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
    expect(ledger.promised.storageKib).toBe(limit.storageKib);
    expect(guard.hasPending("mod")).toBe(false);
  });

  test("counts what a volume gains, and nothing that could not be declared", async () => {
    const { ledger, quota } = open();
    await quota.within("mod", volume("a", 100), fakeCreate);
    await quota.within("mod", volume("a", 300, 100), fakeCreate);
    await quota.within("mod", volume("a", 50, 300), fakeCreate);
    // What was given back counts once it is read that it was.
    expect(ledger.promised.storageKib).toBe(300);
    const broken = quota.within("mod", volume("b", 100), () => Promise.reject(new Error("no")));
    await expect(broken).rejects.toThrow("no");
    expect(ledger.promised.storageKib).toBe(300);
  });

  test("what a reading of Incus found already is not counted twice", async () => {
    const { ledger, guard, quota } = open();
    await quota.within("mod", volume("a", 100), async () => {
      ledger.promised = { ...ledger.promised, storageKib: 100 };
      guard.found("mod", new Set([volumePart("a", bytes(100))]));
    });
    expect(ledger.promised.storageKib).toBe(100);
  });

  test("takes what is promised from a record, and nothing from what is none", () => {
    expect(promisedBytes('{"bytes":"4096","class":"hosts-3"}')).toBe("4096");
    for (const text of ["", "null", "[]", "{}", '{"bytes":4096}', '{"bytes":"-1"}', "{"]) {
      expect(promisedBytes(text), text).toBeUndefined();
    }
  });

  test("all volumes of one reading must fit, whatever is known of them", () => {
    const { quota } = open();
    expect(() => quota.requireTotal("mod", bytes(limit.storageKib))).not.toThrow();
    expect(() => quota.requireTotal("mod", bytes(limit.storageKib) + 1n)).toThrow(
      "it may have 1 GiB of storage; ask for less or raise the quota.",
    );
  });
});

describe("amounts", () => {
  test("promises are rounded up and limits down", () => {
    expect(kibUp("1MB")).toBe(977);
    expect(limitOf({ cpu: "2", ram: "1MB", storage: "1GiB" })).toEqual({
      cpu: 2,
      ramKib: 976,
      storageKib: 1024 ** 2,
    });
  });

  test("what Incus has in other forms promises what can be counted", () => {
    expect(amountOf("0-3", "50%", "1048576")).toEqual({ cpu: 0, ramKib: 0, storageKib: 1024 });
    expect(amountOf("", "", "")).toEqual({ cpu: 0, ramKib: 0, storageKib: 0 });
  });

  test("only what is more than the limit exceeds it", () => {
    expect(exceeding(limit, limit)).toEqual([]);
    expect(exceeding(limit, { ...limit, cpu: 6 })).toEqual(["cpu"]);
  });
});
