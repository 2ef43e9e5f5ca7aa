/** Which tenant gets which slot: alone, with others, and where two have the same. */
import { describe, expect, test } from "vitest";
import { SlotError } from "../../agent/selinux/policy/slots.ts";
import { homeSentences } from "../../agent/tenants/home-words.ts";
import {
  ownerOf,
  parseNumber,
  poolNumber,
  rightfulNumber,
  type Situation,
  slotHolders,
  spareNumber,
} from "../../agent/tenants/numbers.ts";
import { isSmaller, poolSize } from "../../agent/tenants/pools.ts";
import { straySentences } from "../../agent/tenants/strays.ts";

const early = "2026-01-01T00:00:00.000Z";
const late = "2026-02-02T00:00:00.000Z";

function situation(part: Partial<Situation>): Situation {
  const base = { name: "mod", createdAt: late, number: undefined, others: [], pools: [] };
  return { ...base, slots: [1, 2, 3], held: new Set(), ...part };
}

const pool = (number: number, owner = "") => ({ number, owner, driver: "dir", size: "" });

describe("the number of a tenant", () => {
  test("is the lowest spare one, past those of others, of pools, and of tenants being made", () => {
    expect(rightfulNumber(situation({}))).toBe(1);
    const others = [{ name: "b", number: 1, createdAt: early }];
    expect(rightfulNumber(situation({ others }))).toBe(2);
    expect(rightfulNumber(situation({ others, pools: [pool(2, "gone then")] }))).toBe(3);
    expect(rightfulNumber(situation({ others, held: new Set([2]) }))).toBe(3);
    const full = situation({ others, pools: [pool(2)], held: new Set([3]) });
    expect(() => rightfulNumber(full)).toThrow(SlotError);
  });

  test("stays, whatever else is spare", () => {
    expect(rightfulNumber(situation({ number: 3 }))).toBe(3);
    const own = [pool(3, ownerOf("mod", { createdAt: late }))];
    expect(rightfulNumber(situation({ number: 3, pools: own, slots: [1] }))).toBe(3);
  });

  test("of two the older one keeps, and of two as old the first by name", () => {
    const with2 = (name: string, createdAt: string) =>
      rightfulNumber(situation({ number: 1, others: [{ name, number: 1, createdAt }] }));
    expect(with2("a", early)).toBe(2);
    expect(with2("z", late)).toBe(1);
    expect(with2("a", late)).toBe(2);
    // A record that cannot be read tells no age: nothing is taken from it.
    expect(with2("z", "")).toBe(2);
  });

  test("is that of its pool, even where an older tenant says the same or it says another", () => {
    const own = [pool(2, ownerOf("mod", { createdAt: late }))];
    const others = [{ name: "old", number: 2, createdAt: early }];
    expect(rightfulNumber(situation({ number: 2, others, pools: own }))).toBe(2);
    expect(rightfulNumber(situation({ number: 1, pools: own }))).toBe(2);
    expect(rightfulNumber(situation({ number: undefined, pools: own }))).toBe(2);
    const older = { name: "old", createdAt: early, number: 2, others, pools: own };
    expect(rightfulNumber(situation({ ...older, others: [] }))).toBe(1);
  });

  test("is not that of a pool of whoever had the name before", () => {
    const pools = [pool(1, ownerOf("mod", { createdAt: early }))];
    expect(rightfulNumber(situation({ number: 1, pools }))).toBe(2);
  });

  test("is another where the policy does not have it any more", () => {
    expect(rightfulNumber(situation({ number: 9 }))).toBe(1);
  });
});

test("numbers that two have twice are still not given a third time", () => {
  const from = { slots: [1, 2], used: [1, 1], pools: [], held: new Set<number>() };
  expect(spareNumber(from)).toBe(2);
});

test("only what is a number of a slot is read as one", () => {
  const numbers = ["1", "9999", "0", "", "01", "10000", "1e3", "-1", " 1"].map(parseNumber);
  expect(numbers).toEqual([1, 9999, ...Array(7).fill(undefined)]);
  const pools = ["tenant0007", "tenant0000", "tenant7", "tenant00007", "default", "tenant0007_t"];
  expect(pools.map(poolNumber)).toEqual([7, ...Array(5).fill(undefined)]);
});

test("a slot is told with the older of two tenants that say that they have it", () => {
  const tenant = (name: string, number: number | undefined, createdAt: string) => ({
    ...{ name, number, record: { createdAt } },
  });
  const tenants = [tenant("b", 1, late), tenant("a", 1, early), tenant("c", undefined, early)];
  expect([...slotHolders(tenants)]).toEqual([[1, "a"]]);
});

test("a pool has the size of the quota, as far as there is such a file system", () => {
  const size = (storage: string) => poolSize({ cpu: "1", ram: "1GiB", storage });
  expect(["1MiB", "8 GiB", "50TB"].map(size)).toEqual(["256MiB", "8GiB", "15TiB"]);
  expect(isSmaller("8GiB", "9GB")).toBe(true);
  expect(isSmaller("9GB", "8GiB")).toBe(false);
});

describe("what is said of a home", () => {
  const quota = { cpu: "1", ram: "1GiB", storage: "8GiB" };
  const entry = (part: object) =>
    ({
      name: "mod",
      number: 1,
      record: { quota },
      state: { state: "active" },
      strays: [],
      ...part,
    }) as never;
  const shared = { name: "default", driver: "dir", enforced: false, tenantDriver: "dir" as const };
  const facts = { slots: [1], isHome: true, trouble: undefined, pool: pool(1), shared };

  test("is nothing where all is well, or the policy has no slots", () => {
    expect(homeSentences(entry({}), facts)).toEqual([]);
    const off = { ...facts, slots: "none" as const, isHome: false, pool: undefined };
    expect(homeSentences(entry({ number: undefined }), off)).toEqual([]);
  });

  test("is why there is none", () => {
    const without = { ...facts, isHome: false };
    expect(homeSentences(entry({}), without)).toEqual(["Its storage pool is being made."]);
    expect(homeSentences(entry({}), { ...without, trouble: "Full." })).toEqual(["Full."]);
  });

  test("is that a pool neither shrinks nor outgrows a file", () => {
    const grown = { ...facts, pool: { ...pool(1), size: "16GiB" } };
    expect(homeSentences(entry({}), grown).join()).toContain("stays at 16GiB");
    const large = { quota: { ...quota, storage: "50TB" } };
    const most = { ...facts, pool: { ...pool(1), size: "15TiB" } };
    expect(homeSentences(entry({ record: large }), most).join()).toContain("15TiB and not 50TB");
  });

  test("is what lies elsewhere, with the command that moves it", () => {
    const stray = (name: string, isVolume = false) => ({ name, isVolume, pool: "default" });
    const one = straySentences("mod", [stray("web")], "tenant0001");
    expect(one).toEqual([
      expect.stringContaining("incus move web --storage tenant0001 --project mod"),
    ]);
    const names = ["a", "b", "c", "d", "e", "f", "g"].map((name) => stray(name));
    expect(straySentences("mod", names, "tenant0001")[0]).toMatch(
      /^a, b, c, d, e and 2 more of it lie/,
    );
    const volume = straySentences("mod", [stray("data", true)], "tenant0001");
    expect(volume.join()).toContain("incus storage volume move default/data tenant0001/data");
  });
});
