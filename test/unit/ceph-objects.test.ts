import { describe, expect, test } from "vitest";
import { gatewayTenant, uidOf } from "../../agent/ceph/objects/names.ts";
import { bucketPolicy, lockConfiguration, lockedDays } from "../../agent/ceph/objects/policy.ts";
import { adminCan } from "../../agent/ceph/objects/retention/answers.ts";
import { periods } from "../../agent/ceph/objects/retention/periods.ts";
import { missingSince, type Scan } from "../../agent/ceph/objects/retention/scan.ts";
import { objectStrays } from "../../agent/ceph/objects/strays.ts";
import {
  endpointOf,
  type Gateways,
  requireOneZone,
  sharedPools,
} from "../../agent/ceph/objects/zone.ts";
import type { VolumeRecord } from "../../agent/ceph/volumes/record.ts";

const now = Date.parse("2026-11-22T12:00:00Z");
const one = (objects: number, bytes = objects * 10) => ({ objects, bytes });

function scan(days: Record<string, number>, more: Partial<Scan> = {}): Scan {
  const none = { free: one(0), endable: one(0), legal: one(0) };
  const held = new Map(Object.entries(days).map(([day, count]) => [day, one(count)]));
  const rest = { versions: 0, asked: 0, complete: true, last: 0, lost: 0 };
  return { ...none, ...rest, days: held, ...more };
}

describe("names of tenants in S3", () => {
  test("have no hyphen, and no two are the same", () => {
    expect(gatewayTenant("mod-defense")).toBe("mod_defense");
    expect(uidOf("mod-defense", "my-docs")).toBe("mod_defense$my-docs");
  });
});

describe("a bucket's lock", () => {
  test("is read as it is written", () => {
    expect(lockedDays(lockConfiguration(30))).toBe(30);
  });

  test.each([
    ["<Mode>GOVERNANCE</Mode><Days>30</Days>", 0],
    ["<Mode>COMPLIANCE</Mode><Years>2</Years>", 730],
    ["<ObjectLockEnabled>Enabled</ObjectLockEnabled>", 0],
    ["<Mode>COMPLIANCE</Mode><Days>x</Days>", 0],
    ["", 0],
  ])("%s: %d days", (text, days) => {
    expect(lockedDays(text)).toBe(days);
  });

  test("the policy of a WORM bucket denies its own user what would end it", () => {
    const [others, all] = JSON.parse(bucketPolicy("a-b", "ledger", true)).Statement;
    expect(others).toMatchObject({
      ...{
        Effect: "Deny",
        NotPrincipal: { AWS: ["arn:aws:iam::a_b:user/ledger"] },
        Action: "s3:*",
      },
    });
    expect(all.Action).toContain("s3:PutBucketObjectLockConfiguration");
    expect(all.Action).toContain("s3:BypassGovernanceRetention");
    expect(bucketPolicy("a-b", "ledger", false)).not.toContain("Bypass");
  });
});

describe("the calendar", () => {
  test("has days where they are near and months beyond, in order", () => {
    const days = new Map([
      ["2027-03-04", one(1)],
      ["2026-12-01", one(2)],
      ["2027-03-31", one(3)],
      ["2027-01-23", one(4)],
      ["2027-01-24", one(5)],
    ]);
    expect(periods(days, now)).toEqual([
      { period: "2026-12-01", ...one(2) },
      { period: "2027-01-23", ...one(4) },
      { period: "2027-01", ...one(5) },
      { period: "2027-03", ...one(4) },
    ]);
  });

  test.each([
    ["as it was", { "2026-12-01": 3 }, { "2026-12-01": 3 }, 0],
    ["one more", { "2026-12-01": 3 }, { "2026-12-01": 3, "2026-12-02": 1 }, 0],
    ["one held longer", { "2026-12-01": 3 }, { "2026-12-01": 2, "2027-12-01": 1 }, 0],
    ["one gone", { "2026-12-01": 3 }, { "2026-12-01": 2 }, 1],
    ["one gone, one more", { "2027-12-01": 2 }, { "2026-12-01": 5, "2027-12-01": 1 }, 1],
    ["those whose time came", { "2026-11-20": 3 }, {}, 0],
    ["all gone", { "2026-12-01": 3, "2026-12-02": 4 }, {}, 7],
  ])("%s", (_what, before, after, missing) => {
    expect(missingSince(scan(before), scan(after), now)).toBe(missing);
  });

  test("nothing is said to be missing where not all was looked at", () => {
    const part = scan({}, { complete: false });
    expect(missingSince(scan({ "2026-12-01": 3 }), part, now)).toBe(0);
  });

  test("what an administrator can do is told in whole sentences", () => {
    expect(adminCan.length).toBeGreaterThan(4);
    for (const sentence of adminCan) expect(sentence).toMatch(/^[A-Z].*\.$/s);
  });
});

describe("gateways", () => {
  const gateways = (zones: { name: string; endpoints: string[] }[], endpoints: string[] = []) =>
    ({
      zone: {
        name: "z",
        realm_id: "",
        placement_pools: [],
        domain_root: "z.meta:root",
        log_pool: "z.log",
      },
      group: { name: "g", api_name: "g", endpoints, zones, placement_targets: [] },
    }) as Gateways;

  test("are reached where the agent was told, their zone says, or its group", () => {
    const zones = [{ name: "z", endpoints: ["http://zone:1/"] }];
    expect(endpointOf(gateways(zones, ["http://group:1"]), "")).toBe("http://zone:1");
    expect(endpointOf(gateways(zones), "http://told:1")).toBe("http://told:1");
    const silent = [{ name: "z", endpoints: [] }];
    expect(endpointOf(gateways(silent, ["http://group:1"]), "")).toBe("http://group:1");
    expect(() => endpointOf(gateways(silent), "")).toThrow("write its address into cephGateway");
  });

  test("with several zones get no bucket, since they copy it from one to the others", () => {
    const zones = ["z", "frankfurt"].map((name) => ({ name, endpoints: [] }));
    expect(() => requireOneZone(gateways(zones))).toThrow("several zones (z, frankfurt)");
    requireOneZone(gateways(zones.slice(0, 1)));
  });

  test("keep names of buckets in pools of the zone", () => {
    expect(sharedPools(gateways([]).zone)).toEqual(["z.meta", "z.log"]);
  });

  test("a bucket in a tenant's namespace that nobody declared is told", () => {
    const record = (kind: VolumeRecord["kind"]) => ({ kind }) as VolumeRecord;
    const declared = new Map([
      [
        "mod-defense",
        new Map([
          ["docs", record("object")],
          ["disk", record("block")],
        ]),
      ],
    ]);
    const bucket = { id: "", owner: "", target: "", quota: -1, used: 0, objects: 0 };
    const paths = ["mod_defense/docs", "mod_defense/disk", "mod_defense/x", "elsewhere/x", "/x"];
    const strays = objectStrays(new Map(paths.map((path) => [path, bucket])), declared);
    expect(strays.map((text) => text.split(" ")[2])).toEqual(["mod_defense/disk", "mod_defense/x"]);
  });
});
