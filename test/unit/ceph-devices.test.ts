/**
 * What OSDs store on. Those of the recorded cluster were on files of a virtual disk; other disks
 * are told in the form of Ceph's own DeviceState and of ceph-osd's metadata.
 */
import { expect, test } from "vitest";
import type { DeviceFilter } from "../../agent/ceph/devices/answers.ts";
import { outlookOf } from "../../agent/ceph/devices/outlook.ts";
import { devicesQuestion } from "../../agent/ceph/devices/question.ts";
import { ClusterFacts } from "../../agent/ceph/facts/facts.ts";
import type { FactName } from "../../agent/ceph/facts/sources.ts";
import recorded from "../lib/ceph-recorded.json" with { type: "json" };

const now = Date.parse("2026-11-22T12:00:00.000Z");
const anything: DeviceFilter = {
  ...{ search: "", outlook: [], sort: "osd", descending: false, cursor: "", limit: 100 },
};
const ids = { a: "ATA_Model-One_S3RIAL", b: "Vendor_Fast_Two_X9", c: "Vendor_Fast_Two_X10" };

function ask(
  filter: Partial<DeviceFilter> = {},
  more: Partial<Record<FactName, unknown>> = {},
  problems: ClusterFacts["problems"] = {},
) {
  const facts = new ClusterFacts();
  const { osdDump: osdmap, crushDump: crush, osdMetadata, osdDf } = recorded;
  for (const [name, value] of Object.entries({ osdmap, crush, osdMetadata, osdDf, ...more })) {
    facts.put(
      name as FactName,
      "2026-11-22T12:00:00.000Z",
      new TextEncoder().encode(JSON.stringify(value)),
    );
  }
  return devicesQuestion.answer(new ClusterFacts(facts, problems), {
    ...{ filter: { ...anything, ...filter }, now },
  });
}

/** The recorded metadata, with some told otherwise. */
function metadata(changes: Record<number, Record<string, unknown>>) {
  return recorded.osdMetadata.map((one) => ({ ...one, ...changes[one.id] }));
}

test("OSDs in memory have no disk, those on virtual ones no serial number, and that is said", () => {
  const memory = { osd_objectstore: "memstore", devices: "" };
  const page = ask({}, { osdMetadata: metadata({ 5: memory }) });
  expect(page.total).toBe(8);
  expect(page.rows.map(({ osd }) => osd)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(page).toMatchObject({ counts: { none: 1, unknown: 7 }, disks: 1 });
  expect(page.rows[4]?.why).toContain("vda has no serial number");
  expect(page.rows[5]).toMatchObject({
    ...{ name: "osd.5", state: "down", deviceClass: "hdd", store: "memstore", disks: [] },
    ...{ rotates: true, totalKiB: 1_048_576, why: expect.stringContaining("in memory") },
  });
});

test("disks are told with model, wear and what was foretold; the worst of an OSD counts", () => {
  const told = metadata({
    0: { devices: "nvme0n1,sda", rotational: "0", device_ids: `sda=${ids.a},nvme0n1=${ids.b}` },
    1: { devices: "", device_ids: "" },
    2: { devices: "sdc", device_ids: `sdc=${ids.c}` },
    3: { devices: "sdd", device_ids: `sdd=${ids.a}x` },
  });
  const devices = [
    {
      ...{ devid: ids.a, daemons: ["osd.0"], wear_level: 0.25 },
      location: [{ host: "lon-01", dev: "sda", path: "/dev/disk/by-path/pci" }],
      life_expectancy_min: "2026-11-30T00:00:00.000000+0000",
      life_expectancy_max: "2026-12-10T00:00:00.000000+0000",
      life_expectancy_stamp: "2026-11-21T00:00:00.000000+0000",
    },
    { devid: ids.b, daemons: ["osd.0"], location: [] },
    {
      devid: ids.c,
      life_expectancy_min: "2027-06-01T00:00:00.000000+0000",
      life_expectancy_max: "0.000000",
    },
    {
      devid: "Other_Disk_1",
      daemons: ["osd.2"],
      location: [{ host: "h", dev: "sdz" }],
      life_expectancy_min: "2027-01-01T00:00:00.000000+0000",
      life_expectancy_max: "2027-02-01T00:00:00.000000+0000",
    },
  ];
  const page = ask({ sort: "outlook" }, { osdMetadata: told, devices });
  expect(page.rows.slice(0, 4).map(({ osd, outlook }) => [osd, outlook])).toEqual([
    ...[
      [0, "failing"],
      [2, "soon"],
      [1, "unknown"],
      [3, "unknown"],
    ],
  ]);
  const [first, second, third] = page.rows;
  expect(first?.why).toBe(
    "sda is expected to fail by 2026-12-10; mark the OSD out, and put a new disk in when its data has moved.",
  );
  expect(first?.disks).toMatchObject([
    { id: ids.a, path: "sda", model: "ATA Model-One", wear: 0.25 },
    { id: ids.b, path: "nvme0n1", model: "Vendor Fast Two", wear: null, failsTo: "" },
  ]);
  expect(first?.rotates).toBe(false);
  expect(second?.disks.map(({ path }) => path)).toEqual(["sdc", "sdz"]);
  expect(third?.why).toContain("tells of no disk");
  // And the virtual one of the other four.
  expect(page.disks).toBe(6);
  expect(ask({ search: "s3rial" }, { osdMetadata: told }).total).toBe(2);
  expect(ask({ outlook: ["soon"] }, { osdMetadata: told, devices }).total).toBe(1);
  const worn = ask({ sort: "wear", descending: true }, { osdMetadata: told, devices });
  expect(worn.rows[0]?.osd).toBe(0);
});

const disk = { id: "a", path: "sda", model: "a", wear: null, foretoldAt: "" };
const week = 7 * 86_400_000;

test.each([
  [3.9, "failing"],
  [4.1, "soon"],
  [11.9, "soon"],
  [12.1, "good"],
])("what fails in %d weeks is %s", (weeks, outlook) => {
  const failsTo = new Date(now + weeks * week).toISOString();
  const disks = [{ ...disk, failsFrom: new Date(now).toISOString(), failsTo }];
  expect(outlookOf("bluestore", disks, now).outlook).toBe(outlook);
});

test("what nobody foretold is unknown, and never good", () => {
  const untold = { ...disk, failsFrom: "", failsTo: "" };
  const good = { ...disk, failsFrom: "2030-01-01", failsTo: "2031-01-01" };
  expect(outlookOf("bluestore", [untold, good], now)).toMatchObject({
    ...{ outlook: "unknown", why: expect.stringContaining("ceph device monitoring on") },
  });
  expect(outlookOf("bluestore", [good], now).outlook).toBe("good");
  const page = ask({}, {}, { devices: "No manager." });
  expect(page.counts).toMatchObject({ unknown: 8, good: 0 });
  expect(page.missing).toEqual(["No manager."]);
});
