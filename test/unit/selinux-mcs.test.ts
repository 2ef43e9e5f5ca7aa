import { describe, expect, it } from "vitest";
import { allot, CATEGORIES, indexOf, LEVELS, levelAt } from "../../agent/selinux/mcs.ts";
import { choose, rank, unrank } from "../../agent/selinux/subsets.ts";

describe("numbers for sets", () => {
  it("counts the sets in co-lexicographic order", () => {
    const sets = [0, 1, 2, 3, 4, 5].map((index) => unrank(index, 2));
    expect(sets).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
      [0, 3],
      [1, 3],
      [2, 3],
    ]);
  });

  it("finds every set of a size once, and its number again", () => {
    const seen = new Set<string>();
    for (let index = 0; index < choose(12, 5); index += 1) {
      const set = unrank(index, 5);
      expect(set.every((number, at) => number < 12 && number > (set[at - 1] ?? -1))).toBe(true);
      expect(rank(set)).toBe(index);
      seen.add(set.join());
    }
    expect(seen.size).toBe(792);
  });

  it("refuses what is no number of a set", () => {
    for (const wrong of [-1, 0.5, Number.NaN]) expect(() => unrank(wrong, 2)).toThrow(RangeError);
  });
});

describe("levels of instances", () => {
  it("are pairs of different categories, each once, of which none covers another", () => {
    const seen = new Set<string>();
    for (let index = 0; index < LEVELS; index += 1) seen.add(levelAt(index));
    expect(seen.size).toBe(523_776);
    expect(levelAt(0)).toBe("s0:c0,c1");
    expect(levelAt(LEVELS - 1)).toBe(`s0:c${CATEGORIES - 2},c${CATEGORIES - 1}`);
    expect(() => levelAt(LEVELS)).toThrow("there are 523776, from 0");
  });

  it("are read back, and nothing else is taken for one", () => {
    for (const index of [0, 1, 77_777, LEVELS - 1]) expect(indexOf(levelAt(index))).toBe(index);
    const wrong = ["s0", "s0:c1", "s0:c2,c1", "s0:c1,c1", "s0:c1,c1024", "s0:c01,c2"];
    for (const level of [...wrong, "s0:c1,c2,c3", "s0:c1.c2", ""])
      expect(indexOf(level), level).toBeUndefined();
  });

  it("are different for all instances and the same on every node", () => {
    const instances = Array.from({ length: 5_000 }, (_, index) => ({ id: `i${index}` }));
    const levels = allot(instances);
    expect(new Set(levels.values()).size).toBe(5_000);
    expect(allot([...instances].reverse())).toEqual(levels);
  });

  it("are kept by who has them, whoever comes and goes", () => {
    const first = allot([{ id: "b" }, { id: "c" }, { id: "d" }]);
    const held = ["c", "d"].map((id) => ({ id, level: first.get(id) ?? "" }));
    const later = allot([{ id: "a" }, ...held, { id: "e" }]);
    expect(later.get("c")).toBe(first.get("c"));
    expect(later.get("d")).toBe(first.get("d"));
    expect(later.get("a")).toBe(levelAt(0));
    expect(later.get("e")).toBe(levelAt(3));
  });

  it("settle a level that two nodes gave at the same moment", () => {
    const twice = levelAt(7);
    const levels = allot([
      { id: "y", level: twice },
      { id: "x", level: twice },
      { id: "z", level: "s0" },
    ]);
    expect(levels.get("x")).toBe(twice);
    expect(new Set(levels.values()).size).toBe(3);
    expect(() => allot([{ id: "x" }, { id: "x" }])).toThrow("two instances have the id x");
  });
});
