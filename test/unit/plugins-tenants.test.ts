import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Instance } from "../../agent/instances/contract.ts";
import type { Tenant } from "../../agent/tenants/contract.ts";
import { pathsOf } from "../../plugins/lib/chart.tsx";

let view: typeof import("../../plugins/tenants/view.ts");
let live: typeof import("../../plugins/tenants/live.ts");
let draft: typeof import("../../plugins/tenants/draft.ts");

beforeAll(async () => {
  vi.stubGlobal("cockpit", { gettext: (text: string) => text });
  view = await import("../../plugins/tenants/view.ts");
  live = await import("../../plugins/tenants/live.ts");
  draft = await import("../../plugins/tenants/draft.ts");
});

const at = (options: Record<string, string[]>) => view.readView({ path: [], options });

describe("address", () => {
  test("says what is shown", () => {
    const read = at({
      search: ["defense"],
      state: ["active", "suspended"],
      jurisdiction: ["UK"],
      troubled: ["yes"],
      sort: ["-cpu"],
      page: ["3"],
      rows: ["20"],
    });
    expect(read).toEqual({
      filter: {
        search: "defense",
        state: ["active", "suspended"],
        classification: [],
        jurisdiction: ["UK"],
        troubled: true,
        sort: "cpu",
        descending: true,
      },
      page: 3,
      perPage: 20,
    });
    expect(view.isFiltered(read)).toBe(true);
  });

  test("may be anything", () => {
    const read = at({ state: ["asleep"], sort: ["-colour"], page: ["-2"], rows: ["1e9"] });
    expect(read.filter.state).toEqual([]);
    expect(read.filter.sort).toBe("name");
    expect(read.filter.descending).toBe(false);
    expect(read.page).toBe(1);
    expect(read.perPage).toBe(50);
  });
});

describe("live use", () => {
  const instance = (cpuSeconds: number, ramKib: number) =>
    ({ name: "web", live: { cpuSeconds, ramKib, storageKib: 0, processes: 1 } }) as Instance;

  test("CPU is a rate, and a restart does not make it negative", () => {
    const tracks: import("../../plugins/tenants/live.ts").Tracks = new Map();
    live.follow(tracks, [instance(10, 5)], 1000);
    live.follow(tracks, [instance(12, 6)], 5000);
    live.follow(tracks, [instance(1, 6)], 9000);
    expect(live.together(tracks).cpu).toEqual([
      { at: 5000, value: 0.5 },
      { at: 9000, value: 0 },
    ]);
    expect(live.together(tracks).ram).toHaveLength(3);
    live.follow(tracks, [], 10_000);
    expect(tracks.size).toBe(0);
  });

  test("is drawn from its own time to now", () => {
    const points = [
      { at: 0, value: 0 },
      { at: 60_000, value: 1 },
    ];
    const { line, area } = pathsOf(points, 120_000, 1);
    expect(line).toBe("M120.0 55.0L240.0 3.0");
    expect(area.endsWith("L240.0 56L120.0 56Z")).toBe(true);
    expect(pathsOf(points, 120_000, 1, (points.at(-1)?.at ?? 0) + 60_000).line).toBe(
      "M0.0 55.0L120.0 3.0",
    );
    expect(pathsOf([], 120_000, 1)).toEqual({ line: "", area: "" });
  });
});

describe("dialogs", () => {
  const tenant = {
    name: "mod-defense",
    displayName: "Defense",
    classification: "secret",
    jurisdiction: "UK",
    quota: { cpu: "128", ram: "1TB", storage: "50TB" },
    contacts: ["soc@defense.example"],
  } as Tenant;

  test("send only what differs", () => {
    const typed = {
      displayName: "Defense",
      classification: "secret" as const,
      jurisdiction: "UK",
      cpu: "64",
      ram: "1TB",
      storage: "50TB",
      contacts: "soc@defense.example, duty@defense.example",
    };
    expect(draft.changesOf(tenant, typed)).toEqual({
      quota: { cpu: "64" },
      contacts: ["soc@defense.example", "duty@defense.example"],
    });
  });

  test("suggest a domain for a name", () => {
    expect(draft.domainFor("mod-defense")).toBe("mod_defense_t");
    expect(draft.domainFor("")).toBe("");
  });
});
