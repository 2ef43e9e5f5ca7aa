import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { anyRight, apart, classesOf, wordLength } from "../../agent/selinux/policy/apart.ts";
import { checkBudget, countTypeIds } from "../../agent/selinux/policy/budget.ts";
import { fillHomes, projectContexts } from "../../agent/selinux/policy/contexts.ts";
import { generate } from "../../agent/selinux/policy/generate.ts";
import { mergeNeverallows } from "../../agent/selinux/policy/merge.ts";
import {
  KINDS,
  LAST_SLOT,
  parseType,
  SLOT_BITS,
  slotTypes,
  typeName,
} from "../../agent/selinux/policy/names.ts";

const tenants = [
  { name: "defense", number: 3 },
  { name: "finance", number: 1 },
];

/** The sets of types that the rules of the proof speak of, by the number of the rule. */
function rulesOf(cil: string): { from: Set<string>; to: Set<string> }[] {
  const sets = new Map<string, Set<string>>();
  for (const [, name = "", members = ""] of cil.matchAll(/\(typeattributeset (\S+) \(([^)]*)\)\)/g))
    sets.set(name, new Set(members.split(" ")));
  const rules = [...cil.matchAll(/\(neverallow (\S+) (\S+) \(dsecos_any \(right\)\)\)/g)];
  return rules.map(([, from = "", to = ""]) => ({
    from: sets.get(from) ?? new Set(),
    to: sets.get(to) ?? new Set(),
  }));
}

describe("names of types", () => {
  it("are read back, and nothing else is taken for a tenant's", () => {
    for (const kind of KINDS)
      for (const slot of [1, 42, LAST_SLOT])
        expect(parseType(typeName(slot, kind))).toEqual({ slot, kind });
    const others = ["tenant0000_t", "tenant1_t", "tenant00001_t", "tenant0001_x_t", "tenant0001"];
    for (const name of [...others, "xtenant0001_t", "user_t"])
      expect(parseType(name), name).toBeUndefined();
    expect(2 ** SLOT_BITS).toBeGreaterThan(LAST_SLOT);
  });

  it("are refused for what is no slot", () => {
    for (const slot of [0, -1, 1.5, LAST_SLOT + 1, Number.NaN])
      expect(() => slotTypes(slot)).toThrow("is no slot of the policy");
  });
});

describe("the generated policy", () => {
  it("has six types for each tenant and each spare slot, and no tenant's name", () => {
    const { slots, types, proof } = generate({ tenants, spare: 2 });
    expect(slots).toEqual([1, 2, 3, 4]);
    const declared = [...types.matchAll(/^\(type (\S+)\)$/gm)].map(([, name = ""]) => name);
    expect(declared).toHaveLength(24);
    expect(new Set(declared)).toEqual(
      new Set(slots.flatMap((slot) => Object.values(slotTypes(slot)))),
    );
    expect(types + proof).not.toMatch(/defense|finance/);
  });

  it("is the same whoever has the slots, and changes with the slots only", () => {
    const others = [
      { name: "b", number: 1 },
      { name: "a", number: 3 },
    ];
    expect(generate({ tenants: others, spare: 2 })).toEqual(generate({ tenants, spare: 2 }));
    const more = generate({ tenants: [...tenants, { name: "x", number: 2 }], spare: 2 });
    expect(more.slots).toEqual([1, 2, 3, 4, 5]);
  });

  it("puts the types of every slot into its class and under its pool's paths", () => {
    const { types } = generate({ tenants, spare: 0 });
    expect(types).toContain(
      "(typeattributeset dsecos_tenant_volume (tenant0001_vol_t tenant0003_vol_t))",
    );
    expect(types).toContain(
      '(call dsecos_tenant_slot (tenant0003_t tenant0003_vm_t tenant0003_file_t tenant0003_vol_t tenant0003_img_t tenant0003_run_t "tenant0003"))',
    );
    expect(types).toContain(
      '(filecon "/var/lib/incus/storage-pools/tenant0003/(custom|custom-snapshots|buckets)(/.*)?" any (system_u object_r tenant0003_vol_t ((s0) (s0))))',
    );
  });

  it("makes nothing of nothing", () => {
    expect(generate({ tenants: [], spare: 0 })).toEqual({ slots: [], types: "\n", proof: "" });
  });
});

describe("the proof for the compiler", () => {
  it("forbids every pair of slots everything, both ways, and no slot anything of its own", () => {
    const slots = [1, 2, 3, 5, 8, 13, 100, 4_321, LAST_SLOT];
    const rules = rulesOf(apart(slots));
    for (const a of slots)
      for (const b of slots)
        for (const domain of [typeName(a, "container"), typeName(a, "vm")])
          for (const type of Object.values(slotTypes(b))) {
            const forbidden = rules.some(({ from, to }) => from.has(domain) && to.has(type));
            expect(forbidden, `${domain} ${type}`).toBe(a !== b);
          }
  });

  it("keeps outsiders from every slot, be it the only one", () => {
    for (const slots of [[1], [LAST_SLOT], [1, 2, 3]]) {
      const rules = rulesOf(apart(slots));
      for (const type of slots.flatMap((slot) => Object.values(slotTypes(slot))))
        expect(
          rules.some(({ from, to }) => from.has("dsecos_outsider") && to.has(type)),
          type,
        ).toBe(true);
    }
  });

  it("does so for 2,000 slots with 14 rules", () => {
    const slots = Array.from({ length: 2_000 }, (_, index) => index + 1);
    const rules = rulesOf(apart(slots));
    expect(rules).toHaveLength(14);
    expect(wordLength(LAST_SLOT)).toBe(16);
    // Which rules a slot stands on the one and on the other side of, as bits.
    const bits = (name: string, side: "from" | "to") =>
      rules.reduce((sum, rule, index) => sum | (rule[side].has(name) ? 1 << index : 0), 0);
    const from = slots.map((slot) => bits(typeName(slot, "container"), "from"));
    const to = slots.map((slot) => bits(typeName(slot, "file"), "to"));
    let missing = 0;
    for (let a = 0; a < slots.length; a += 1)
      for (let b = 0; b < slots.length; b += 1)
        if (((from[a] ?? 0) & (to[b] ?? 0)) === 0 && a !== b) missing += 1;
    expect(missing).toBe(0);
  });

  it("means any right by every class that the base declares", () => {
    const base = "(class file (read))\n(class zebra (walk))\n(class dir (read))\n";
    expect(anyRight(classesOf(base)).match(/\w+(?= \(all\))/g)).toEqual(["file", "dir", "zebra"]);
  });
});

describe("Debian's own rules", () => {
  it("are put together where they speak of the same, and forbid the same", () => {
    const cil = [
      "(type a_t)",
      "(neverallow a_t b_t (chr_file (read)))",
      "(neverallow a_t c_t (file (read write)))",
      "(neverallow a_t b_t (blk_file (read append)))",
      "(allow a_t d_t (file (read)))",
      "",
    ].join("\n");
    expect(mergeNeverallows("base", cil).split("\n")).toEqual([
      "(type a_t)",
      "(allow a_t d_t (file (read)))",
      "(classpermission dsecos_base_never0)",
      "(classpermissionset dsecos_base_never0 (chr_file (read)))",
      "(classpermissionset dsecos_base_never0 (blk_file (read append)))",
      "(neverallow a_t b_t dsecos_base_never0)",
      "(neverallow a_t c_t (file (read write)))",
      "",
    ]);
  });
});

describe("the budget of type ids", () => {
  it("counts types and attributes", () => {
    expect(countTypeIds(["(type a_t)\n  (type b_t)", "(typeattribute x)(roletype r a_t)"])).toBe(3);
  });

  it("refuses one too many before the compiler would run", () => {
    const fits = "(type a_t)\n".repeat(65_535);
    expect(checkBudget([fits])).toBe(65_535);
    expect(() => checkBudget([fits, "(typeattribute b)"])).toThrow(
      "65536 types and attributes, and the kernel numbers 65535 at most",
    );
  });

  it("leaves room for every slot beside the base", () => {
    const { types, proof } = generate({ tenants: [], spare: LAST_SLOT });
    expect(65_535 - countTypeIds([types, proof])).toBeGreaterThan(5_000);
  });
});

describe("labels of files", () => {
  it("follow the names that Incus gives in shared pools", () => {
    const text = projectContexts([{ project: "finance.x", number: 7 }]);
    const [containers = ""] = text.split("\n");
    const [pattern = "", context] = containers.split("\t");
    expect(context).toBe("system_u:object_r:tenant0007_file_t:s0");
    const regex = new RegExp(`^${pattern}$`);
    const pool = "/var/lib/incus/storage-pools/default";
    expect(`${pool}/containers/finance.x_web/rootfs/etc`).toMatch(regex);
    expect(`${pool}/containers-snapshots/finance.x_web/s1`).toMatch(regex);
    expect(`${pool}/containers/financexx_web`).not.toMatch(regex);
    expect(`${pool}/containers/finance.x`).not.toMatch(regex);
  });

  it("stand for every home in place of one for each login", () => {
    const text =
      "HOME_DIR/\\.ssh(/.*)?\tc\nHOME_ROOT\t-d\tc\n/run/user/%{USERID}/bus\t-s\tc\n/etc\tc\n";
    expect(fillHomes(text)).toBe(
      "/home/[^/]+/\\.ssh(/.*)?\tc\n/root/\\.ssh(/.*)?\tc\n/home\t-d\tc\n/run/user/[0-9]+/bus\t-s\tc\n/etc\tc\n",
    );
  });
});

describe("the sources of the policy", () => {
  const policies = resolve(import.meta.dirname, "../../policies/selinux");

  it("give a tenant nothing of its own kind: the template knows no slot", () => {
    expect(readFileSync(`${policies}/template.cil`, "utf8")).not.toMatch(/tenant\d/);
  });
});
