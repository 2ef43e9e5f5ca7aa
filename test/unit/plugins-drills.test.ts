/** What the overview makes of drills on record. */
import { beforeAll, expect, test, vi } from "vitest";
import type { DrillKind, DrillRecord, Gaps } from "../../agent/cluster/drill/answers.ts";
import { histogramOf } from "../../agent/cluster/drill/histogram.ts";

let view: typeof import("../../plugins/overview/drills/view.ts");
let words: typeof import("../../plugins/overview/drills/words.ts");
const location = { path: [] as string[], options: {} as Record<string, string | string[]> };

beforeAll(async () => {
  vi.stubGlobal("cockpit", {
    gettext: (text: string) => text,
    ngettext: (one: string, many: string, count: number) => (count === 1 ? one : many),
    language: "en",
    location: {
      ...location,
      get options() {
        return location.options;
      },
      replace: (_path: string[], options: Record<string, string | string[]>) => {
        location.options = options;
      },
    },
  });
  view = await import("../../plugins/overview/drills/view.ts");
  words = await import("../../plugins/overview/drills/words.ts");
});

const none: Gaps = { writes: null, pages: null, instances: null, storage: null, keys: null };
const drill = (kind: DrillKind, writes: number, pages: number): DrillRecord => ({
  ...{ id: "0".repeat(16), kind, node: "node1", leader: true, by: "otto", reason: "", seconds: 30 },
  ...{ at: "2026-11-01T12:00:00.000Z", back: true, error: "", missing: [] },
  nodes: [
    { node: "node1", ...none, writes: 30_000, pages: 90 },
    { node: "node2", ...none, writes, pages },
    { node: "node3", ...none, writes: 80, pages: null },
  ],
});
const place = (options: Record<string, string[]>) => ({ path: [], options });
const rowOf = (rows: ReturnType<typeof histogramOf>, name: string) => {
  const row = rows.find(({ service, where }) => `${service} ${where}` === name);
  if (row === undefined) throw new Error(`no ${name}`);
  return row;
};

test("the aim is kept up to its very end, and nothing is judged without one", () => {
  const rows = histogramOf([drill("kill", 4200, 1001)]);
  const verdict = (name: string) => view.verdictOf(rowOf(rows, name));
  expect(verdict("writes others")).toBe("kept");
  expect(verdict("pages others")).toBe("missed");
  expect(verdict("pages away")).toBe("kept");
  expect(verdict("writes away")).toBe("none");
  expect(words.rowWords(rowOf(rows, "writes others"))).toBe(
    "1 drill: 95% within 4.2 s, half within 4.2 s, the longest 4.2 s. Aim: 4.2 s.",
  );
  expect(words.rowWords(rowOf(rows, "writes away"))).not.toContain("Aim");
});

test("bars behind the aim are late, the highest is whole, and the aim ends exactly one", () => {
  const rows = histogramOf([
    drill("kill", 3000, 900),
    drill("kill", 4100, 900),
    drill("kill", 99_000, 900),
  ]);
  const bars = view.barsOf(rowOf(rows, "writes others"));
  expect(bars.filter(({ isAim }) => isAim)).toMatchObject([{ upToMs: 4200, drills: 2, share: 1 }]);
  expect(bars.filter(({ late }) => late).map(({ upToMs }) => upToMs)).toEqual([
    ...[6000, 10_000, 30_000, null],
  ]);
  expect(bars.at(-1)).toMatchObject({ drills: 1, share: 0.5, late: true });
  expect(view.barsOf(rowOf(rows, "pages others")).find(({ isAim }) => isAim)?.upToMs).toBe(1000);
  const without = view.barsOf(rowOf(rows, "writes away"));
  expect(without.some(({ late, isAim }) => late || isAim)).toBe(false);
});

test("the kind that was held most is shown, unless another one was chosen that has figures", () => {
  const rows = histogramOf([drill("kill", 1, 1), drill("stop", 1, 1), drill("stop", 1, 1)]);
  expect(view.kindsOf(rows)).toEqual([
    ["stop", 2],
    ["kill", 1],
  ]);
  const shown = (kind: string) =>
    view.shownKind(rows, view.readDrills(place({ "drill-kind": [kind] })));
  expect(shown("")).toBe("stop");
  expect(shown("kill")).toBe("kill");
  expect(shown("offline")).toBe("stop");
  expect(shown("<b>")).toBe("stop");
  expect(view.shownKind([], view.readDrills(place({})))).toBeUndefined();
});

test("its place in the address is apart from that of the nodes", () => {
  const read = view.readDrills(
    place({ text: ["node2"], open: ["node2"], cursor: ["7"], "drill-text": ["yearly"] }),
  );
  expect(read).toMatchObject({ text: "yearly", cursor: "", perPage: 20, kind: "" });
  expect(read.open.size).toBe(0);
  location.options = { text: "node2", "drill-cursor": "40", "drill-open": ["41", "42"] };
  view.changeText("monthly");
  expect(location.options).toEqual({ text: "node2", "drill-text": "monthly" });
  view.changePerPage(1000);
  view.changeCursor("33");
  expect(location.options).toEqual({
    ...{ text: "node2", "drill-text": "monthly" },
    ...{ "drill-rows": "1000", "drill-cursor": "33" },
  });
});

test("of one drill the worst of all other nodes counts, and what nobody asked is unknown", () => {
  const one = drill("kill", 2500, 70);
  expect(view.worstOfOthers(one, "writes")).toBe(2500);
  expect(view.worstOfOthers(one, "pages")).toBe(70);
  expect(view.worstOfOthers(one, "keys")).toBeNull();
  expect(view.worstOfOthers({ ...one, nodes: [] }, "writes")).toBeNull();
});

test("one that did not come back is worse than one that went otherwise, or of which not all told", () => {
  const result = (change: Partial<DrillRecord>) =>
    words.resultOf({ ...drill("kill", 1, 1), ...change, sequence: 7 }).text;
  expect(result({})).toBe("as planned");
  expect(result({ missing: ["node3"] })).toBe("not all told");
  expect(result({ error: "It failed.", missing: ["node3"] })).toBe("not as planned");
  expect(result({ back: false, error: "It failed." })).toBe("did not come back");
});
