import { describe, expect, it } from "vitest";
import { evaluate } from "../../agent/selinux/policydb/conditionals.ts";
import { Cursor } from "../../agent/selinux/policydb/cursor.ts";
import { PolicyError } from "../../agent/selinux/policydb/error.ts";
import { parsePolicy } from "../../agent/selinux/policydb/policy.ts";
import { fuzz, randomNumbers } from "../lib/fuzz-policy.ts";
import { writePolicy } from "../lib/policy-writer.ts";
import { fullPolicy } from "../lib/tenant-policy.ts";

const versions = Array.from({ length: 12 }, (_, index) => 24 + index);
const runs = Number(process.env.DSECOS_FUZZ ?? 2_000);

describe("the reader of the kernel's policy", () => {
  it.each(versions)("reads version %i to its last byte", (version) => {
    const model = fullPolicy(version).model;
    const policy = parsePolicy(writePolicy(model));
    const counts = policy.counts();
    expect(counts).toMatchObject({
      types: model.types.length,
      attributes: Object.keys(model.attributes).length,
      ...{ aliases: 1, classes: model.classes.length, roles: 3, users: 1, booleans: 2 },
      ...{ sensitivities: 1, categories: 1, conditionals: 2, constraints: 2, permissive: 1 },
      ...{ roleTransitions: 1, roleAllows: 1, rangeTransitions: 1 },
      filenameTransitions: version < 25 ? 0 : 3,
    });
    expect(counts.rules.allowxperm).toBe(version < 30 ? 0 : version < 34 ? 1 : 2);
    expect(counts.rules).toMatchObject({ dontaudit: 1, auditallow: 1, type_member: 1 });
    expect(policy).toMatchObject({ version, mls: true, unknown: "allow" });
    expect(policy.permissive).toEqual(["helper_t"]);
    expect(policy.booleans).toEqual([
      { id: 1, name: "on", state: true },
      { id: 2, name: "off", state: false },
    ]);
  });

  it.each(versions)("gives back the rules of version %i as they were written", (version) => {
    const model = fullPolicy(version).model;
    const policy = parsePolicy(writePolicy(model));
    const written = model.rules.filter(({ kind }) => kind === "allow");
    expect([...policy.allowRules()].map((rule) => ({ kind: "allow", ...rule }))).toEqual(
      written.map((rule) => ({ ...rule, permissions: inOrder(rule.permissions, rule.class) })),
    );
    function inOrder(permissions: readonly string[] = [], of: string): string[] {
      const all = policy.class(of)?.permissions ?? [];
      return all.filter((name) => name !== undefined && permissions.includes(name)) as string[];
    }
  });

  it("tells under which booleans a rule holds", () => {
    const policy = fullPolicy(33).parse();
    expect([...policy.conditionalAllowRules()]).toMatchObject([
      {
        target: "spool_t",
        condition: { text: "(on and (not off))", whenTrue: true, active: true },
      },
      {
        target: "etc_t",
        condition: { text: "(on and (not off))", whenTrue: false, active: false },
      },
      { target: "bin_t", condition: { text: "off", whenTrue: true, active: false } },
    ]);
  });

  it("finds types by alias, attributes by type and types by attribute", () => {
    const policy = fullPolicy(33).parse();
    expect(policy.aliases).toEqual(new Map([["journal_t", "daemon_log_t"]]));
    expect(policy.typeId("journal_t")).toBe(policy.typeId("daemon_log_t"));
    expect(policy.attributesOf("unconfined_t").sort()).toEqual(["domain", "unconfined_domain"]);
    expect(policy.typesOf("unconfined_domain")).toEqual(["unconfined_t"]);
    expect(policy.typesOf("journal_t")).toEqual(["daemon_log_t"]);
    expect(policy.typeId("nothing_t")).toBeUndefined();
  });

  it("reads the kernel's own copy: rules marked as in force, and no role object_r", () => {
    const model = fullPolicy(33).model;
    const bytes = writePolicy(model);
    const policy = parsePolicy(bytes);
    const rule = policy.conditionalRules;
    const pattern = Buffer.alloc(8);
    for (const [index, column] of [rule.source, rule.target, rule.classId, rule.kind].entries())
      pattern.writeUInt16LE(column[0] ?? 0, index * 2);
    const at = bytes.indexOf(pattern);
    bytes.writeUInt16LE((rule.kind[0] ?? 0) | 0x8000, at + 6);
    expect(parsePolicy(bytes).conditionalRules.kind[0]).toBe(rule.kind[0]);
    const { object_r: dropped, ...roles } = model.roles;
    expect(dropped).toBeDefined();
    const copy = parsePolicy(writePolicy({ ...model, roles, roleAllows: [], roleTransitions: [] }));
    expect(copy.symbols.roles.name(1)).toBe("system_r");
  });

  it.each(versions)(
    "refuses version %i cut off anywhere, or with more after its end",
    (version) => {
      const bytes = writePolicy(fullPolicy(version).model);
      const step = version === 33 ? 1 : 37;
      for (let length = 0; length < bytes.length; length += step)
        if (!refuses(bytes.subarray(0, length))) expect.unreachable(`${length} bytes were read`);
      expect(() => parsePolicy(Buffer.concat([bytes, Buffer.from([0])]))).toThrow(
        /it goes on for 1 bytes after its end/,
      );
    },
  );

  it("says what is wrong in one sentence, with the place", () => {
    const bytes = writePolicy(fullPolicy(33).model);
    const broken = (at: number, value: number): unknown => {
      const copy = Buffer.from(bytes);
      copy.writeUInt32LE(value, at);
      try {
        return parsePolicy(copy);
      } catch (error) {
        return error;
      }
    };
    expect(broken(0, 1)).toMatchObject({
      ...{ offset: 0, name: "PolicyError" },
      message: "the policy cannot be read: it is not a binary SELinux policy at byte 0",
    });
    expect(broken(16, 23)).toMatchObject({
      offset: 16,
      message: expect.stringContaining("it has version 23, and known are 24 to 35,"),
    });
    expect(broken(4, 2 ** 32 - 1)).toBeInstanceOf(PolicyError);
    expect(() => parsePolicy(Buffer.alloc(0))).toThrow(/it ends inside the header/);
    expect(() => parsePolicy(Buffer.alloc(65 * 1024 * 1024))).toThrow(/longer than/);
  });

  it("allocates nothing for counts that the file cannot hold", () => {
    const bytes = writePolicy(fullPolicy(33).model);
    const before = process.memoryUsage().arrayBuffers;
    for (let at = 0; at + 4 <= bytes.length; at++) {
      const copy = Buffer.from(bytes);
      copy.writeUInt32LE(0xfffffff0, at);
      refuses(copy);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(256 * 1024 * 1024);
  });

  it(`ends with a policy or a refusal for ${runs} mutated policies`, { timeout: 600_000 }, () => {
    const originals = versions.map((version) => writePolicy(fullPolicy(version).model));
    const { read, refused } = fuzz(originals, runs, 20_251_122);
    expect(read + refused).toBe(runs);
    expect(read).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  });
});

/** @throws whatever is not a PolicyError */
function refuses(bytes: Buffer): boolean {
  try {
    parsePolicy(bytes);
    return false;
  } catch (error) {
    if (error instanceof PolicyError) return true;
    throw error;
  }
}

describe("its parts", () => {
  it("find the same bits in a bitmap by walking and by asking", () => {
    const random = randomNumbers(7);
    for (let round = 0; round < 50; round++) {
      const bits = [...new Set(Array.from({ length: 40 }, () => random(3_000)))];
      bits.sort((a, b) => a - b);
      const bytes = new Map<number, bigint>();
      for (const bit of bits)
        bytes.set(bit >> 6, (bytes.get(bit >> 6) ?? 0n) | (1n << BigInt(bit & 63)));
      const buffer = Buffer.alloc(12 + bytes.size * 12);
      buffer.writeUInt32LE(64, 0);
      buffer.writeUInt32LE(4_096, 4);
      buffer.writeUInt32LE(bytes.size, 8);
      for (const [index, [start, map]] of [...bytes].entries()) {
        buffer.writeUInt32LE(start * 64, 12 + index * 12);
        buffer.writeBigUInt64LE(map, 16 + index * 12);
      }
      const bitmap = new Cursor(buffer).ebitmap("a bitmap");
      expect(bitmap.bits()).toEqual(bits);
      expect(bitmap.highest).toBe(bits.at(-1));
      const asked = Array.from({ length: 3_100 }, (_, bit) => bit).filter((bit) => bitmap.has(bit));
      expect(asked).toEqual(bits);
    }
  });

  it("evaluate conditions in reverse Polish notation", () => {
    const one = { operator: "boolean", boolean: 1 } as const;
    const two = { operator: "boolean", boolean: 2 } as const;
    const table = { or: [0, 1, 1, 1], and: [0, 0, 0, 1], xor: [0, 1, 1, 0] } as const;
    const more = { eq: [1, 0, 0, 1], neq: [0, 1, 1, 0] } as const;
    for (const [operator, results] of Object.entries({ ...table, ...more }))
      for (const [state, result] of results.entries()) {
        const last = { operator: operator as keyof typeof table, boolean: 0 };
        const stateOf = (id: number) => (id === 1 ? (state & 2) !== 0 : (state & 1) !== 0);
        expect(evaluate([one, two, last], stateOf), `${operator} ${state}`).toBe(result === 1);
      }
    expect(evaluate([one, { operator: "not", boolean: 0 }], () => true)).toBe(false);
  });
});
