/** What the parts of the storage page about pools, settings, keys, devices and recovery say and ask. */
import { createElement, type ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import * as v from "valibot";
import { beforeAll, expect, test, vi } from "vitest";
import { deviceFilterSchema } from "../../agent/ceph/devices/answers.ts";
import { keyringFilterSchema } from "../../agent/ceph/keyrings/answers.ts";
import {
  type PoolDetail,
  poolFilterSchema,
  ruleFilterSchema,
} from "../../agent/ceph/pools/answers.ts";
import type { Progress } from "../../agent/ceph/progress/answers.ts";
import { type SettingRow, settingFilterSchema } from "../../agent/ceph/settings/answers.ts";
import type { Place } from "../../plugins/lib/location.ts";

beforeAll(() => {
  vi.stubGlobal("cockpit", {
    gettext: (text: string) => text,
    ngettext: (one: string, many: string, count: number) => (count === 1 ? one : many),
    language: "en",
  });
});

const readable = (element: ReactNode) =>
  renderToStaticMarkup(element)
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");

const place = (options: Record<string, string[]>): Place => ({ path: ["any"], options });
/** What anybody may type. */
const odd = place({
  ...{ text: ["  two words "], sort: ["-nonsense"], rows: ["7"], cursor: ["x".repeat(500)] },
  ...{ troubled: ["maybe"], unused: ["yes"], weak: ["yes"], flagged: ["yes"] },
  ...{ source: ["file", "sky"], holder: ["tenant", "nobody"], outlook: ["failing", "never"] },
});

test("what anybody types into the address becomes a question that the agent takes", async () => {
  const pools = await import("../../plugins/ceph/pools/view.ts");
  const settings = await import("../../plugins/ceph/settings/view.ts");
  const keyrings = await import("../../plugins/ceph/keyrings/view.ts");
  const devices = await import("../../plugins/ceph/devices/view.ts");
  const common = { search: "two words", descending: true, limit: 100 };
  const ofPools = v.parse(poolFilterSchema, pools.poolFilter(pools.readPools(odd)));
  expect(ofPools).toMatchObject({ ...common, troubled: false, sort: "name" });
  const ofRules = v.parse(ruleFilterSchema, pools.ruleFilter(pools.readRules(odd)));
  expect(ofRules).toMatchObject({ ...common, unused: true, sort: "name" });
  const ofSettings = settings.filterOf(settings.readSettings(odd));
  expect(v.parse(settingFilterSchema, ofSettings)).toMatchObject({
    ...{ ...common, weak: true, source: ["file"] },
  });
  const ofKeys = keyrings.filterOf(keyrings.readKeyrings(odd));
  expect(v.parse(keyringFilterSchema, ofKeys)).toMatchObject({
    ...{ ...common, flagged: true, holder: ["tenant"], sort: "strength" },
  });
  const ofDevices = devices.filterOf(devices.readDevices(odd));
  expect(v.parse(deviceFilterSchema, ofDevices)).toMatchObject({
    ...{ ...common, outlook: ["failing"], sort: "outlook" },
  });
  const known = place({ sort: ["usedKiB"], rows: ["1000"] });
  expect(pools.poolFilter(pools.readPools(known))).toMatchObject({
    ...{ sort: "usedKiB", descending: false, limit: 1000 },
  });
});

test("placement groups are told with what they change to, or should", async () => {
  const { groupWords } = await import("../../plugins/ceph/pools/words.ts");
  const words = (pgs: number, pgsTarget: number, pgsAdvised: number | null) =>
    groupWords({ pgs, pgsTarget, pgsAdvised } as PoolDetail);
  expect(words(8, 8, null)).toBe("8");
  expect(words(8, 8, 8)).toBe("8");
  expect(words(8, 16, 32)).toBe("8, on the way to 16");
  expect(words(8, 8, 32)).toBe("8; Ceph would have 32");
});

test("where a rule reaches is only said to be all where that is certain", async () => {
  const { Reach } = await import("../../plugins/ceph/pools/reach.tsx");
  const words = (jurisdictions: string[], certain: boolean) =>
    readable(createElement(Reach, { reach: { jurisdictions, certain } })).trim();
  expect(words(["UK"], true)).toBe("UK");
  expect(words(["UK"], false)).toContain("and others, for all that is known");
  expect(words([], false)).toBe("not known");
});

test("time that is left is rounded up, and told to be unknown where nobody can tell", async () => {
  const { leftWords } = await import("../../plugins/ceph/progress/words.ts");
  expect(leftWords(null)).toContain("nobody can tell");
  expect([5, 61, 7300, 200_000].map(leftWords)).toEqual([
    ...["less than a minute left", "2 minutes left", "3 hours left", "3 days left"],
  ]);
});

test("late scrubs and older versions are told with names, and how many more there are", async () => {
  const { Scrubs } = await import("../../plugins/ceph/progress/scrubs.tsx");
  const { Versions } = await import("../../plugins/ceph/progress/versions.tsx");
  const calm: Progress["scrub"] = { running: 0, deep: 0, late: 0, deepLate: 0, overdue: [] };
  expect(readable(createElement(Scrubs, { scrub: calm }))).toContain("none is late");
  const since = "2026-11-01T10:00:00.000000+0000";
  const overdue = [
    { pg: "1.3", deep: true, since },
    { pg: "1.4", deep: false, since: "nonsense" },
  ];
  const late = readable(
    createElement(Scrubs, { scrub: { ...calm, late: 2, deepLate: 9, overdue } }),
  );
  expect(late).toContain("2 placement groups were not scrubbed in time, 9 not deeply.");
  expect(late).toMatch(/1\.3 not deeply since .*2026/);
  expect(late).toContain("1.4 not since nonsense");
  expect(late).toContain("and 9 more");
  const versions = [
    { version: "18.2.7", daemons: 60, tried: true, names: [] },
    { version: "16.2.15", daemons: 51, tried: true, names: ["osd.1"] },
  ];
  const mixed = readable(createElement(Versions, { versions }));
  expect(mixed).toContain("They differ; finish the upgrade.");
  expect(mixed).toContain("51 daemons: osd.1 and 50 more");
  expect(readable(createElement(Versions, { versions: versions.slice(0, 1) }))).not.toContain(
    "differ",
  );
  expect(mixed).not.toContain("not tried");
  const newer = [{ version: "20.2.0", daemons: 60, tried: false, names: [] }];
  expect(readable(createElement(Versions, { versions: newer }))).toContain("not tried with it");
});

test("a setting says whom it is for", async () => {
  const { forWhom } = await import("../../plugins/ceph/settings/words.ts");
  const row = { source: "cluster", section: "osd", mask: "class:hdd", daemons: [], daemonCount: 0 };
  expect(forWhom(row as unknown as SettingRow)).toBe("osd, class:hdd");
  expect(forWhom({ ...row, mask: "" } as unknown as SettingRow)).toBe("osd");
  const file = { ...row, source: "file", section: "", mask: "" };
  const of = (...daemons: string[]) =>
    forWhom({ ...file, daemons, daemonCount: daemons.length } as unknown as SettingRow);
  expect(of("osd.3")).toBe("osd.3");
  expect(of("osd.3", "osd.4")).toBe("2 daemons");
});
