import { describe, expect, it } from "vitest";
import { LAST_SLOT } from "../../agent/selinux/policy/names.ts";
import { parseViolations, refusal } from "../../agent/selinux/policy/refusal.ts";
import { claim, SlotError, slotsOf } from "../../agent/selinux/policy/slots.ts";

const a = { name: "a", number: 1 };
const b = { name: "b", number: 4 };

describe("slots", () => {
  it("are those in use and in quarantine, and the lowest free ones", () => {
    expect(slotsOf({ tenants: [b, a], quarantined: [2], spare: 2 })).toEqual([1, 2, 3, 4, 5]);
    expect(slotsOf({ tenants: [a], spare: 0 })).toEqual([1]);
  });

  it("are refused where two tenants have one", () => {
    const tenants = [a, { name: "c", number: 1 }];
    expect(() => slotsOf({ tenants, spare: 1 })).toThrow(SlotError);
    expect(() => slotsOf({ tenants, spare: 1 })).toThrow("a and c both have slot 1");
  });

  it("are refused where a tenant has one in quarantine", () => {
    expect(() => slotsOf({ tenants: [a, b], quarantined: [4], spare: 1 })).toThrow(
      "slot 4 is in quarantine, and b has it",
    );
  });

  it("end with the last", () => {
    const last = { name: "last", number: LAST_SLOT };
    expect(slotsOf({ tenants: [last], spare: LAST_SLOT - 1 })).toHaveLength(LAST_SLOT);
    expect(() => slotsOf({ tenants: [last], spare: LAST_SLOT })).toThrow("do not fit");
    expect(() => slotsOf({ tenants: [{ name: "x", number: LAST_SLOT + 1 }], spare: 0 })).toThrow(
      "is no slot of the policy",
    );
  });

  it("are claimed from the policy that is loaded, never out of quarantine", () => {
    const built = slotsOf({ tenants: [a, b], spare: 2 });
    expect(claim(built, { tenants: [a, b] })).toBe(2);
    expect(claim(built, { tenants: [a, b], quarantined: [2] })).toBe(3);
    expect(() => claim(built, { tenants: [a, b], quarantined: [2, 3] })).toThrow(
      "no spare slot: build one with more",
    );
  });
});

describe("a refusal of the compiler", () => {
  const said = [
    "neverallow check failed at /p/base/proof.cil:39",
    "  (neverallow dsecos_tenant_domain dsecos_foreign (file (write)))",
    "    optional at /m/base.cil:22986",
    "    allow at /m/base.cil:23009",
    "      (allow domain tmp_t (file (write)))",
    "    <root>",
    "    allow at /p/extra.cil:1",
    "      (allow tenant0001_t etc_t (file (write)))",
    "",
    "neverallow check failed at /w/apart.cil:12",
    "  (neverallow dsecos_apart1_from dsecos_apart1_to (dsecos_any (right)))",
    "    <root>",
    "    booleanif at /p/extra.cil:3",
    "    true at /p/extra.cil:4",
    "    allow at /p/extra.cil:5",
    "      (allow tenant0001_t tenant0002_t (process (signal)))",
    "",
    "Failed to generate binary",
  ].join("\n");

  it("tells every rule that does not hold, and what breaks it", () => {
    expect(parseViolations(said)).toEqual([
      {
        file: "/p/base/proof.cil",
        line: 39,
        rule: "(neverallow dsecos_tenant_domain dsecos_foreign (file (write)))",
        allowedBy: [
          { file: "/m/base.cil", line: 23009, rule: "(allow domain tmp_t (file (write)))" },
          { file: "/p/extra.cil", line: 1, rule: "(allow tenant0001_t etc_t (file (write)))" },
        ],
      },
      {
        file: "/w/apart.cil",
        line: 12,
        rule: "(neverallow dsecos_apart1_from dsecos_apart1_to (dsecos_any (right)))",
        allowedBy: [
          {
            file: "/p/extra.cil",
            line: 5,
            rule: "(allow tenant0001_t tenant0002_t (process (signal)))",
          },
        ],
      },
    ]);
    expect(refusal(said).message).toBe(
      "the policy allows what it must never allow, (neverallow dsecos_tenant_domain dsecos_foreign (file (write))): (allow domain tmp_t (file (write))) at /m/base.cil:23009 (and 1 more)",
    );
  });

  it("is passed on where it is of another kind", () => {
    expect(refusal("Failed to resolve allow statement at /p/x.cil:3\n").message).toBe(
      "secilc did not compile the policy: Failed to resolve allow statement at /p/x.cil:3",
    );
    expect(refusal("").message).toMatch("it gave no reason");
  });
});
