/** What the pages say and ask of volumes and of residency. */
import * as v from "valibot";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Held } from "../../agent/ceph/objects/retention/answers.ts";
import type { Residency } from "../../agent/ceph/residency/answers.ts";
import { neverProved } from "../../agent/ceph/residency/answers.ts";
import type { Outcome, Verdict } from "../../agent/ceph/residency/verdict.ts";
import {
  type VolumeRow,
  volumeFilterSchema,
  volumeSpecSchema,
  volumeStates,
} from "../../agent/ceph/volumes/answers.ts";
import { storageClasses } from "../../agent/ceph/volumes/classes.ts";
import type { Place } from "../../plugins/lib/location.ts";

let view: typeof import("../../plugins/ceph/volumes/view.ts");
let words: typeof import("../../plugins/ceph/volumes/words.ts");
let possible: typeof import("../../plugins/ceph/volumes/possible.ts");
let draft: typeof import("../../plugins/ceph/volumes/draft.ts");
let worm: typeof import("../../plugins/ceph/worm/words.ts");
let residency: typeof import("../../plugins/lib/residency.ts");

beforeAll(async () => {
  vi.stubGlobal("cockpit", {
    gettext: (text: string) => text,
    ngettext: (one: string, many: string, count: number) => (count === 1 ? one : many),
    language: "en",
  });
  view = await import("../../plugins/ceph/volumes/view.ts");
  words = await import("../../plugins/ceph/volumes/words.ts");
  possible = await import("../../plugins/ceph/volumes/possible.ts");
  draft = await import("../../plugins/ceph/volumes/draft.ts");
  worm = await import("../../plugins/ceph/worm/words.ts");
  residency = await import("../../plugins/lib/residency.ts");
});

describe("volumes", () => {
  test("what anybody types into the address becomes a question that the agent takes", () => {
    const place = (options: Record<string, string[]>): Place => ({ path: ["volumes"], options });
    const odd = place({
      ...{ text: ["x".repeat(500)], state: ["ready", "<b>"], class: ["hosts-9", "sites-2"] },
      ...{ tenant: ["y".repeat(500)], jurisdiction: ["UK", "uk", "UK", "<i>"], rows: ["7"] },
      ...{ sort: ["-evil"], cursor: ["z".repeat(999)], troubled: ["yes"], kind: ["file", "tape"] },
    });
    const asked = v.parse(volumeFilterSchema, view.filterOf(view.readVolumeView(odd)));
    expect(asked).toMatchObject({
      ...{ state: ["ready"], class: ["sites-2"], jurisdiction: ["UK"], kind: ["file"] },
      ...{ sort: "name", descending: true, troubled: true, limit: 100 },
    });
    expect(view.isFiltered(view.readVolumeView(odd))).toBe(true);
    const plain = view.readVolumeView(place({ sort: ["-used"], rows: ["1000"] }));
    expect(view.isFiltered(plain)).toBe(false);
    expect(view.filterOf(plain)).toMatchObject({ sort: "used", descending: true, limit: 1000 });
  });

  test("only what the agent would do can be chosen, and the rest says why not", () => {
    const may = (state: VolumeRow["state"]) =>
      (["access", "resize", "delete", "restore"] as const).filter(
        (act) => possible.whyNot({ name: "archive", state }, act) === undefined,
      );
    expect(may("ready")).toEqual(["access", "resize", "delete"]);
    expect(may("declared")).toEqual(["resize", "delete"]);
    expect(may("deleting")).toEqual(["restore"]);
    expect(may("removing")).toEqual([]);
    const rows = volumeStates.map((state) => ({ name: state, state }));
    expect(possible.possible(rows, "restore")).toEqual([{ name: "deleting", state: "deleting" }]);
  });

  test("a draft becomes what the contract takes, or says what is wrong with it", () => {
    const good = { ...draft.blank, tenant: "mod-defense", name: "archive", size: " 2GiB " };
    expect(Object.values(draft.draftProblems(good)).filter(Boolean)).toEqual([]);
    expect(v.parse(volumeSpecSchema, draft.specOf(good))).toMatchObject({
      ...{ name: "archive", size: "2GiB", kind: "file", class: "hosts-3", worm: false },
    });
    const bad = draft.draftProblems({ ...good, tenant: "", name: "A", size: "1MiB" });
    expect(bad.size).toContain("at least 4MiB");
    expect(bad.name).toContain("2 to 40 characters");
    expect(bad.tenant).not.toBe("");
    expect(draft.bytesOf("64MiB")).toBe(64 * 1024 ** 2);
    expect(draft.bytesOf("much")).toBeUndefined();
  });

  test("what is not known is never told as nothing, and each class says what may be lost", () => {
    expect(words.bytes(-1)).toBe("unknown");
    expect(words.bytes(0)).toBe("0");
    expect(words.onDevices(1024 ** 3, "hosts-3")).toContain("3 GiB");
    const means = storageClasses.map((one) => words.classMeans(one));
    expect(new Set(means).size).toBe(storageClasses.length);
    expect(words.classMeans("sites-2")).toContain("after 1 site was lost");
    expect(words.classMeans("hosts-2")).toContain("a single copy");
    expect(words.classMeans("hosts-3")).toContain("writes wait");
  });
});

describe("WORM", () => {
  const none = { objects: 0, bytes: 0 };
  const held = (changes: Partial<Held>): Held => ({
    ...{ tenant: "mod-defense", volume: "ledger", retention: 30, state: "known", error: "" },
    ...{ at: "2026-11-22T12:00:00.000Z", versions: 4, asked: 4, complete: true, until: [] },
    ...{ last: "", free: none, endable: none, legal: none, lost: 0, ...changes },
  });
  const until = (period: string, objects: number) => ({ period, objects, bytes: objects * 1024 });

  test("the calendar adds buckets up by the day or month, the next one first", () => {
    const calendar = worm.calendarOf([
      held({ until: [until("2027-02", 5), until("2026-12-01", 1)], legal: until("", 2), lost: 1 }),
      held({ until: [until("2026-12-01", 2)], complete: false, free: until("", 3) }),
      held({ state: "failed", complete: false }),
    ]);
    expect(worm.inOrder(calendar.until)).toEqual([until("2026-12-01", 3), until("2027-02", 5)]);
    const mixed = ["2027-02", "2027-01", "2027-01-20"].map((period) => until(period, 1));
    const order = worm.inOrder(mixed).map(({ period }) => period);
    expect(order).toEqual(["2027-01-20", "2027-01", "2027-02"]);
    expect(calendar).toMatchObject({
      ...{ free: { objects: 3 }, legal: { objects: 2 }, endable: none, lost: 1, partly: 2 },
    });
  });

  test("what was not asked or not listed is said", () => {
    expect(worm.coverWords(held({}))).toBe(
      "4 versions were listed, and these are all; each was asked for until when it is held.",
    );
    const partly = worm.coverWords(held({ asked: 1, complete: false }));
    expect(partly).toContain("there may be more");
    expect(partly).toContain("of 1 it was asked");
    expect(worm.amountWords(none)).toBe("nothing");
    expect(worm.amountWords({ objects: 2, bytes: 2048 })).toBe("2 objects, 2 KiB");
  });

  test("a draft of files is held by snapshots, which are told as what they are, and a disk is not", () => {
    const files = { ...draft.blank, tenant: "mod-defense", name: "papers", worm: true };
    expect(draft.specOf(files)).toMatchObject({ kind: "file", worm: true, retention: 365 });
    expect(draft.draftProblems(files).retention).toBe("");
    expect(draft.draftProblems({ ...files, retention: "561" }).retention).toContain("560 days");
    expect(draft.draftProblems({ ...files, retention: "" }).retention).not.toBe("");
    expect(draft.draftProblems({ ...files, kind: "object", retention: "3650" }).retention).toBe("");
    expect(draft.specOf({ ...files, kind: "block" })).toMatchObject({ worm: false });
    expect(words.holdMeans("file")).toContain("by snapshots");
    expect(words.snapshotsMean(2)).toContain("Every hour a snapshot");
    expect(words.snapshotsMean(30)).toContain("Every 9 hours a snapshot");
  });

  test("days and months are told as such", () => {
    expect(worm.periodName("2026-12-01")).toBe("December 1, 2026");
    expect(worm.periodName("2027-02")).toBe("February 2027");
    expect(worm.periodName("later")).toBe("later");
  });
});

describe("residency", () => {
  const proved = (
    verdict: Outcome,
    counts: Partial<Record<Outcome, number>>,
    undemanded: string[] = [],
  ): Residency => ({
    ...{ state: "proved", at: "2026-11-22T12:00:00.000Z", error: "", map: 3 },
    verdict: {
      ...({ verdict, undemanded } as Verdict),
      counts: { proven: 0, violated: 0, unknown: 0, ...counts } as Verdict["counts"],
    },
  });
  const of = (answer: Residency, stale = false) => residency.judge(answer, stale);

  test("it is good only where everything is proven, and the answer is new", () => {
    const whole = proved("proven", { proven: 2 });
    expect(of(whole)).toEqual({ verdict: "good", sentence: "2 pools are proven to stay." });
    expect(of(whole, true)).toMatchObject({ verdict: "unknown" });
    expect(of({ ...whole, map: 0 })).toMatchObject({
      ...{ verdict: "unknown", sentence: expect.stringContaining("no map of jurisdictions") },
    });
    expect(of(proved("proven", { proven: 2 }, ["scratch"]))).toEqual({
      verdict: "warning",
      sentence: "Of 1 pool nobody said where it must stay. 2 pools are proven to stay.",
    });
  });

  test("a pool that leaves makes it bad, one that is not proven leaves it unknown, and both are counted", () => {
    expect(of(proved("violated", { proven: 1, violated: 1, unknown: 2 }))).toEqual({
      verdict: "bad",
      sentence: "1 pool leaves or could leave. Not proven of 2. 1 pool is proven to stay.",
    });
    expect(of(proved("unknown", { unknown: 1 }))).toMatchObject({ verdict: "unknown" });
    // Pools of which nobody said anything make what is bad no better.
    expect(of(proved("violated", { violated: 1 }, ["scratch"])).verdict).toBe("bad");
  });

  test("a pool is found by words of its name, its jurisdictions and its reasons together", () => {
    const pool = (name: string, allowed: string[], sentence: string) =>
      ({ pool: name, allowed, findings: [{ sentence }] }) as unknown as Verdict["pools"][number];
    const pools = [
      pool("block", ["UK", "EU"], "Rule uk could choose osd.0, which is in AE."),
      pool("files", ["UK"], "osd.3 has a copy."),
    ];
    const found = (text: string) => residency.matching(pools, text).map((one) => one.pool);
    expect(found(" ")).toEqual(["block", "files"]);
    expect(found("OSD.0 eu")).toEqual(["block"]);
    expect(found("uk COPY")).toEqual(["files"]);
    expect(found("block copy")).toEqual([]);
  });

  test("without a proof it says why there is none", () => {
    expect(of(neverProved)).toMatchObject({
      ...{ verdict: "unknown", sentence: expect.stringContaining("not proved yet") },
    });
    const failed: Residency = { ...neverProved, state: "failed", error: "The map has gone." };
    expect(of(failed)).toEqual({ verdict: "unknown", sentence: "The map has gone." });
  });

  test("only what is proven is called good", () => {
    const outcomes = ["proven", "violated", "unknown"] as const;
    expect(outcomes.map(residency.checkOf)).toEqual(["good", "bad", "unknown"]);
    expect(outcomes.map(residency.outcomeName)).toEqual(["proven", "violated", "not proven"]);
  });
});
