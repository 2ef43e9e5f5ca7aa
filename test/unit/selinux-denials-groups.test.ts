/** Denials that are alike are counted once, and floods of different ones do not fill the memory. */
import { expect, test } from "vitest";
import { DenialGroups, mostSeen } from "../../agent/selinux/denials/groups.ts";
import { DenialLines } from "../../agent/selinux/denials/lines.ts";

interface Case {
  from?: string;
  to?: string;
  kind?: string;
  permissions?: string;
  fields?: string;
  permissive?: number;
  second?: number;
}

function grouped(cases: Case[], most?: number): DenialGroups {
  const groups = new DenialGroups(most);
  const reader = new DenialLines((finding) => {
    if (finding.what !== "denial") throw new Error(finding.what);
    groups.add(finding);
  });
  cases.forEach((given, index) => {
    const { from = "tenant0001_t:s0:c1,c2", to = "tenant0002_vol_t:s0:c3,c4", fields = "" } = given;
    const { kind = "file", permissions = "read", permissive = 0, second = index } = given;
    reader.line(
      `type=AVC msg=audit(${1_700_000_000 + second}.500:${100 + index}): avc:  denied  { ${permissions} } for  pid=${index + 1} comm="cat" ${fields} scontext=system_u:system_r:${from} tcontext=system_u:object_r:${to} tclass=${kind} permissive=${permissive}`,
    );
  });
  reader.end();
  return groups;
}

test("counts, first and last, tenants, what was let pass, and examples", () => {
  const [group, ...more] = grouped([
    { fields: 'path="/srv/a"', second: 50 },
    { fields: 'path="/srv/b"', second: 10, permissive: 1 },
    { fields: 'path="/srv/b"', second: 90, from: "tenant0001_t:s0:c7,c8" },
  ]).list();
  expect(more).toEqual([]);
  expect(group).toMatchObject({
    count: 3,
    passed: 1,
    first: 1_700_000_010_500,
    last: 1_700_000_090_500,
    sourceType: "tenant0001_t",
    targetType: "tenant0002_vol_t",
    class: "file",
    permissions: ["read"],
    sourceSlot: 1,
    targetSlot: 2,
    levelsReach: false,
    source: "system_u:system_r:tenant0001_t:s0:c7,c8",
    details: { process: "cat", path: "/srv/b", pid: 3 },
    paths: ["/srv/a", "/srv/b"],
  });
});

test("what differs in anything that the explanation depends on is a group of its own", () => {
  const groups = grouped([
    {},
    { from: "tenant0003_t:s0:c1,c2" },
    { to: "tenant0002_file_t:s0:c3,c4" },
    { kind: "dir" },
    { permissions: "read write" },
    { to: "tenant0002_vol_t:s0:c1" },
    { from: "init_t:s0", to: "shadow_t:s0" },
    { permissions: "write read" },
  ]);
  const list = groups.list();
  expect(list).toHaveLength(7);
  expect(new Set(list.map(({ key }) => key)).size).toBe(7);
  expect(list[0]).toMatchObject({ count: 2, permissions: ["read", "write"] });
  expect(list.find(({ sourceType }) => sourceType === "init_t")).toMatchObject({
    sourceSlot: undefined,
    targetSlot: undefined,
    levelsReach: true,
  });
  expect(groups.get(list[3]?.key ?? "")).toBe(list[3]);
});

test("of very many groups those that came last are kept, and the rest is counted", () => {
  const cases = Array.from({ length: 500 }, (_, index) => ({ to: `t${index}_t:s0` }));
  // The first one comes again and again, so it stays.
  const groups = grouped(
    cases.flatMap((given) => [given, given, { to: "t0_t:s0" }]),
    50,
  );
  const list = groups.list();
  expect(list.length).toBeLessThanOrEqual(50);
  expect(list.length).toBeGreaterThanOrEqual(45);
  expect(list[0]).toMatchObject({ targetType: "t0_t", count: 502 });
  expect(list[1]?.targetType).toBe("t499_t");
  const { droppedGroups, droppedDenials, groups: kept } = groups.status();
  expect(kept).toBe(list.length);
  expect(droppedGroups).toBe(500 - list.length);
  expect(droppedDenials + list.reduce((sum, { count }) => sum + count, 0)).toBe(1_500);
});

test("examples are bounded", () => {
  const [group] = grouped(
    Array.from({ length: 100 }, (_, index) => ({
      fields: `path="/srv/${index}" dest=${index}`,
      second: index * 20,
    })),
  ).list();
  expect(group?.paths).toHaveLength(mostSeen);
  expect(group?.ports).toHaveLength(mostSeen);
  expect(group?.details.path).toBe("/srv/99");
});
