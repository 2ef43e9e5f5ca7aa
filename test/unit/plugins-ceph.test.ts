/** What the page of storage says and asks, of states that no test stack is in. */
import { createElement, type ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import * as v from "valibot";
import { beforeAll, expect, test, vi } from "vitest";
import {
  capacityFilterSchema,
  type Growth,
  type Pool,
  poolSchema,
} from "../../agent/ceph/capacity/answers.ts";
import type { CephHealth, HealthCheck } from "../../agent/ceph/health/answers.ts";
import { cephStates } from "../../agent/ceph/link/types.ts";
import { type Sums, topologyFilterSchema } from "../../agent/ceph/topology/answers.ts";
import type { Place } from "../../plugins/lib/location.ts";

let away: typeof import("../../plugins/ceph/away.tsx");
let actions: typeof import("../../plugins/ceph/actions/words.ts");
let health: typeof import("../../plugins/ceph/health/words.ts");
let capacity: typeof import("../../plugins/ceph/capacity/words.ts");
let pools: typeof import("../../plugins/ceph/capacity/view.ts");
let topology: typeof import("../../plugins/ceph/topology/view.ts");
let places: typeof import("../../plugins/ceph/topology/words.ts");

beforeAll(async () => {
  vi.stubGlobal("cockpit", {
    gettext: (text: string) => text,
    ngettext: (one: string, many: string, count: number) => (count === 1 ? one : many),
    language: "en",
  });
  away = await import("../../plugins/ceph/away.tsx");
  actions = await import("../../plugins/ceph/actions/words.ts");
  health = await import("../../plugins/ceph/health/words.ts");
  capacity = await import("../../plugins/ceph/capacity/words.ts");
  pools = await import("../../plugins/ceph/capacity/view.ts");
  topology = await import("../../plugins/ceph/topology/view.ts");
  places = await import("../../plugins/ceph/topology/words.ts");
});

const readable = (element: ReactNode) =>
  renderToStaticMarkup(element)
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");

const now = "2026-11-22T12:00:00.000Z";

test.each(cephStates.filter((state) => state !== "ready"))(
  "of a cluster that is %s the page says what the agent says, under a title of its own",
  (state) => {
    const status = { state, since: now, reason: "This is why.", version: "", fsid: "" };
    const words = readable(createElement(away.Away, { status }));
    expect(words).toContain("This is why.");
    const others = cephStates
      .filter((other) => other !== state && other !== "ready")
      .map((other) => readable(createElement(away.Away, { status: { ...status, state: other } })));
    expect(others).not.toContain(words);
    const isAbsent = state === "notInstalled" || state === "notConfigured";
    expect(words.includes("is unknown until then")).toBe(!isAbsent && state !== "starting");
  },
);

const check = (title: string, muted = false) => ({ title, muted }) as HealthCheck;

test("the verdict is good only where nothing is wrong, nothing is muted and the answer is new", () => {
  const of = (
    severity: CephHealth["severity"],
    checks: HealthCheck[] = [],
    stale = false,
    silent = 0,
  ) => health.judge({ severity, checks } as CephHealth, stale, silent);
  expect(of("ok").verdict).toBe("good");
  expect(of("ok", [], true).verdict).toBe("unknown");
  expect(of("ok", [], false, 2)).toMatchObject({
    ...{ verdict: "warning", sentence: expect.stringContaining("2 daemons do not answer") },
  });
  expect(of("ok", [check("OSDs are down", true)])).toMatchObject({
    ...{ verdict: "warning", sentence: expect.stringContaining("1 more is muted") },
  });
  expect(of("warning", [check("OSDs are down")])).toMatchObject({
    ...{ verdict: "warning", sentence: expect.stringContaining("OSDs are down.") },
  });
  expect(of("error", [check("The cluster is full")]).verdict).toBe("bad");
});

const growth: Growth = {
  ...{ basis: "measured", since: now, samples: 100, kibPerDay: 1024 },
  ...{ daysUntilNearlyFull: 9.5, daysUntilFull: 20.9 },
};

test("days are told rounded down, and never where there are none", () => {
  expect(capacity.untilWords(growth)).toContain("nearly full in 9 days, and full in 20 days");
  const never = { ...growth, daysUntilNearlyFull: null, daysUntilFull: null };
  expect(capacity.untilWords(never)).toContain("never full");
  const full = { ...growth, daysUntilNearlyFull: 0, daysUntilFull: 0 };
  expect(capacity.untilWords(full)).toContain("full already");
  const nearly = { ...growth, daysUntilNearlyFull: 0, daysUntilFull: 0.4 };
  expect(capacity.untilWords(nearly)).toContain("nearly full already, and full in less than a day");
  expect(capacity.growthWords(growth)).toContain("1 MiB a day, measured 100 times");
  expect(capacity.growthWords({ ...growth, kibPerDay: -1024 })).toContain("shrinks by 1 MiB");
  expect(capacity.growthWords({ ...growth, basis: "average" })).toContain("on average");
});

test("redundancy is told by what may be lost", () => {
  const pool: Pool = v.parse(poolSchema, {
    ...{ id: 1, name: "a", kind: "replicated", size: 3, minSize: 2, erasure: null, factor: 3 },
    ...{ mayLose: 2, storedKiB: 0, usedKiB: 0, availableKiB: 0, quotaKiB: 0, objects: 0, pgs: 8 },
    ...{ rule: "uk", applications: [] },
  });
  expect(capacity.redundancyWords(pool)).toBe("3 copies, 2 may be lost");
  const single: Pool = { ...pool, size: 1, factor: 1, mayLose: 0 };
  expect(capacity.redundancyWords(single)).toBe("1 copy, none may be lost");
  const coded: Pool = { ...pool, kind: "erasure", erasure: { k: 4, m: 2 }, mayLose: 2 };
  expect(capacity.redundancyWords(coded)).toBe("4 parts and 2 for repair, 2 may be lost");
  expect(capacity.redundancyWords({ ...coded, erasure: null, mayLose: null })).toBe("unknown");
});

test("a bucket is whole only where every OSD is up and in", () => {
  const sums = { osds: 3, up: 3, in: 3, destroyed: 0 } as Sums;
  expect(places.isWhole(sums)).toBe(true);
  expect(places.upWords(sums)).toBe("3 OSDs, all up");
  const worse = { ...sums, up: 2, in: 1, destroyed: 1 };
  expect(places.isWhole(worse)).toBe(false);
  expect(places.upWords(worse)).toBe("2 of 3 OSDs up, 1 is out, 1 destroyed");
  expect(places.upWords({ ...sums, osds: 0 })).toBe("no OSD");
});

test("what anybody types into the address becomes a question that the agent takes", () => {
  const place = (options: Record<string, string[]>): Place => ({ path: ["topology"], options });
  const odd = place({
    ...{ text: ["x".repeat(500)], state: ["down", "<b>"], under: ["y".repeat(5000)] },
    ...{ detail: ["planets"], rows: ["7"], sort: ["-evil"], cursor: ["z".repeat(999)] },
  });
  const tree = topology.filterOf(topology.readTopologyView(odd));
  expect(v.parse(topologyFilterSchema, tree)).toMatchObject({ state: ["down"], detail: "" });
  const list = pools.filterOf(pools.readPoolView(odd));
  expect(v.parse(capacityFilterSchema, list)).toMatchObject({ sort: "name", descending: true });
});

test("what nobody can approve is refused before anybody asks for it", () => {
  const of = (verdict: string, full: number[]) =>
    actions.refusalOf({ residency: { verdict, reasons: [] }, passes: { full } } as never);
  expect(of("holds", [])).toBe("");
  expect(of("unknown", [])).toBe("");
  expect(of("breaks", [])).toContain("nobody can approve");
  expect(of("holds", [7, 8])).toContain("osd.7 would be full");
});
