import { describe, expect, test } from "vitest";
import { ClusterFacts } from "../../agent/ceph/facts/facts.ts";
import type { FactName } from "../../agent/ceph/facts/sources.ts";
import { explainCode, knownCodes } from "../../agent/ceph/health/explain.ts";
import { healthQuestion } from "../../agent/ceph/health/question.ts";

const addresses = { addrvec: [{ type: "v2", addr: "127.0.0.1:3300", nonce: 0 }] };
const version = "ceph version 16.2.15 (618f44) pacific (stable)";

/** As a cluster of Ceph 16 answers, with fewer members. */
const answers: Partial<Record<FactName, unknown>> = {
  status: {
    fsid: "f",
    quorum_names: ["a", "c"],
    monmap: { num_mons: 3 },
    osdmap: { num_osds: 8, num_up_osds: 7, num_in_osds: 8 },
    pgmap: {
      pgs_by_state: [
        { state_name: "active+clean", count: 20 },
        { state_name: "active+clean+scrubbing+deep", count: 3 },
        { state_name: "active+undersized+degraded", count: 2 },
      ],
      ...{ num_pgs: 25, num_pools: 3, num_objects: 30 },
      ...{ bytes_used: 2048, bytes_avail: 6144, bytes_total: 8192 },
      ...{ degraded_objects: 4, degraded_total: 90 },
    },
    fsmap: { by_rank: [], "up:standby": 1 },
    mgrmap: { available: true, num_standbys: 1 },
    progress_events: {
      one: { message: "Global Recovery Event (5s)\n      [====....]", progress: 0.456 },
    },
  },
  health: {
    status: "HEALTH_WARN",
    checks: {
      MON_DOWN: {
        severity: "HEALTH_WARN",
        summary: { message: "1/3 mons down", count: 1 },
        detail: [{ message: "mon.b (rank 1) is down" }],
        muted: false,
      },
      OSD_FULL: { severity: "HEALTH_ERR", summary: { message: "1 full osd(s)", count: 1 } },
      FROM_THE_FUTURE: { severity: "HEALTH_WARN", summary: { message: "strange\nthings" } },
      OSD_DOWN: { severity: "HEALTH_ERR", summary: { message: "muted" }, muted: true },
    },
  },
  osdmap: {
    ...{ epoch: 30, fsid: "f", flags_set: ["noout", "sortbitwise"], pools: [], osds: [] },
    ...{ created: "2026-01-31T12:00:00.000000+0000" },
    ...{ full_ratio: 0.95, backfillfull_ratio: 0.9, nearfull_ratio: 0.85 },
    ...{ require_osd_release: "pacific", erasure_code_profiles: {} },
  },
  monmap: {
    epoch: 1,
    mons: ["a", "b", "c"].map((name, rank) => ({ name, rank, public_addrs: addresses })),
  },
  mgrmap: {
    ...{ active_name: "x", active_addrs: addresses, available: true },
    ...{ standbys: [{ name: "y" }], modules: ["iostat"] },
  },
  fsmap: {
    standbys: [],
    filesystems: [
      {
        id: 1,
        mdsmap: {
          ...{ fs_name: "fs", max_mds: 2 },
          info: {
            gid_1: { name: "a", state: "up:active" },
            gid_2: { name: "b", state: "up:replay" },
          },
        },
      },
    ],
  },
  versions: {
    mon: { [version]: 3 },
    osd: { [version.replace("16.2.15", "17.2.6")]: 8 },
    overall: {},
  },
};

function factsOf(changes: Partial<Record<FactName, unknown>> = {}, problems = {}): ClusterFacts {
  const facts = new ClusterFacts(undefined, problems);
  for (const [name, value] of Object.entries({ ...answers, ...changes })) {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    facts.put(name as FactName, "2026-01-31T12:00:00.000Z", bytes);
  }
  return facts;
}

describe("health", () => {
  const health = healthQuestion.answer(factsOf());

  test("has the worst first, and what is muted last", () => {
    expect(health.checks.map(({ code }) => code)).toEqual([
      "OSD_FULL",
      "FROM_THE_FUTURE",
      "MON_DOWN",
      "OSD_DOWN",
    ]);
    expect(health.severity).toBe("warning");
  });

  test("explains a code, and says of one that it does not know it", () => {
    const [full, strange, down] = health.checks;
    expect(full).toMatchObject({ known: true, severity: "error", says: "1 full osd(s)" });
    expect(full?.risk).toContain("write");
    expect(down).toMatchObject({ details: ["mon.b (rank 1) is down"], detailCount: 1 });
    expect(strange).toMatchObject({ known: false, says: "strange things", risk: "Unknown." });
  });

  test("counts what there is", () => {
    expect(health).toMatchObject({
      monitors: { total: 3, quorum: ["a", "c"], missing: ["b"] },
      manager: { active: "x", standbys: 1, problem: "" },
      fileSystems: [{ name: "fs", wanted: 2, active: ["a"] }],
      groups: { total: 25, clean: 23 },
      scrub: { running: 3, deep: 3 },
      recovery: { degraded: 4, copies: 90, misplaced: 0 },
      room: { totalKiB: 8, usedKiB: 2, freeKiB: 6 },
      progress: [{ what: "Global Recovery Event (5s)", percent: 46 }],
      mixedVersions: true,
      flags: [{ flag: "noout", means: expect.stringContaining("not made again") }],
    });
  });

  test("says why a manager is not asked", () => {
    const silent = healthQuestion.answer(factsOf({}, { pgStat: "It hangs." }));
    expect(silent.manager).toMatchObject({ active: "x", problem: "It hangs." });
    const status = answers.status as object;
    const none = { ...status, mgrmap: { available: false, num_standbys: 0 } };
    const without = healthQuestion.answer(factsOf({ status: none }));
    expect(without.manager).toMatchObject({
      active: "",
      problem: expect.stringMatching(/^No manager/),
    });
  });

  test("a word of severity that nobody knows is as bad as can be", () => {
    const health = { status: "HEALTH_STRANGE", checks: {} };
    expect(healthQuestion.answer(factsOf({ health })).severity).toBe("error");
  });

  test("an answer of another form is told with its place, and never taken for well", () => {
    const status = { ...(answers.status as object), osdmap: {} };
    const ask = () => healthQuestion.answer(factsOf({ status }));
    expect(ask).toThrow(expect.objectContaining({ code: "Unavailable" }));
    expect(ask).toThrow(/status is of another form.*osdmap\.num_osds/);
    const missing = new ClusterFacts();
    expect(() => healthQuestion.answer(missing)).toThrow("has not answered status yet");
  });
});

describe("explanations", () => {
  test("are whole sentences in every part, with a command", () => {
    expect(knownCodes.length).toBeGreaterThan(80);
    for (const code of knownCodes) {
      const { title, cause, risk, remedy, command } = explainCode(code) ?? {};
      for (const text of [cause, risk, remedy]) expect(text, code).toMatch(/^[A-Z].*\.$/);
      expect(title, code).toMatch(/^[A-Zc].*[^.]$/);
      expect(command, code).toMatch(/^[a-z]/);
    }
  });

  test("know every part of the tree that can be down", () => {
    expect(explainCode("OSD_DATACENTER_DOWN")?.title).toBe("All OSDs of a datacenter are down");
    expect(explainCode("OSD_DOWN")?.title).toBe("OSDs are down");
    expect(explainCode("OSD_WHATEVER")).toBeUndefined();
  });
});
