/** How the cluster is, out of what it says of itself. */
import type { ClusterFacts } from "../facts/facts.ts";
import type { FactOf } from "../facts/schemas.ts";
import type { CephHealth, HealthCheck } from "./answers.ts";
import { explainCode } from "./explain.ts";
import { stoppingFlags } from "./flags.ts";

const mostDetails = 20;
const mostWords = 500;
const severityOf = { HEALTH_OK: "ok", HEALTH_WARN: "warning", HEALTH_ERR: "error" } as const;
const ranks = { error: 0, warning: 1, ok: 2 };
const kib = (bytes: number) => Math.round(bytes / 1024);
const short = (words: string) => words.replace(/\s+/g, " ").trim().slice(0, mostWords);

/** What is no word of Ceph's is as bad as can be. */
const severity = (word: string) => severityOf[word as keyof typeof severityOf] ?? "error";

const unknown = {
  title: "A health code that this agent does not know",
  cause:
    "Ceph's own words are all that is known of it; this agent knows the codes of Ceph 16 to 18.",
  risk: "Unknown.",
  remedy: "Look the code up in the documentation of the cluster's version.",
  command: "ceph health detail",
};

function checkOf(code: string, check: FactOf<"health">["checks"][string]): HealthCheck {
  const explanation = explainCode(code);
  return {
    code,
    severity: severity(check.severity),
    known: explanation !== undefined,
    ...(explanation ?? unknown),
    says: short(check.summary.message),
    count: check.summary.count,
    details: check.detail.slice(0, mostDetails).map(({ message }) => short(message)),
    detailCount: check.detail.length,
    muted: check.muted,
  };
}

function checksOf(checks: FactOf<"health">["checks"]): HealthCheck[] {
  const all = Object.entries(checks).map(([code, check]) => checkOf(code, check));
  const rank = (check: HealthCheck) => ranks[check.severity] + (check.muted ? 10 : 0);
  return all.sort((a, b) => rank(a) - rank(b) || a.code.localeCompare(b.code));
}

/** `ceph version 16.2.15 (…) pacific (stable)` */
const versionIn = (words: string) => /\b\d+\.\d+\.\d+\b/.exec(words)?.[0] ?? short(words);

function versionsOf(versions: FactOf<"versions">): CephHealth["versions"] {
  return Object.entries(versions).flatMap(([kind, counts]) => {
    if (kind === "overall") return [];
    const rows = Object.entries(counts);
    return rows.map(([words, daemons]) => ({ kind, version: versionIn(words), daemons }));
  });
}

function groupsOf({ num_pgs, pgs_by_state }: FactOf<"status">["pgmap"]) {
  const having = (...flags: string[]) =>
    pgs_by_state
      .filter(({ state_name }) => flags.every((flag) => state_name.split("+").includes(flag)))
      .reduce((sum, { count }) => sum + count, 0);
  const states = pgs_by_state.map(({ state_name, count }) => ({ state: state_name, count }));
  return {
    groups: { total: num_pgs, clean: having("active", "clean"), states },
    scrub: { running: having("scrubbing"), deep: having("scrubbing", "deep") },
  };
}

function recoveryOf(map: FactOf<"status">["pgmap"]): CephHealth["recovery"] {
  return {
    degraded: map.degraded_objects,
    misplaced: map.misplaced_objects,
    copies: Math.max(map.degraded_total, map.misplaced_total),
    unfound: map.unfound_objects,
    kibPerSecond: kib(map.recovering_bytes_per_sec),
    objectsPerSecond: map.recovering_objects_per_sec,
  };
}

function fileSystemsOf({ filesystems }: FactOf<"fsmap">): CephHealth["fileSystems"] {
  return filesystems.map(({ mdsmap }) => ({
    name: mdsmap.fs_name,
    wanted: mdsmap.max_mds,
    active: Object.values(mdsmap.info).flatMap(({ name, state }) =>
      state === "up:active" ? name : [],
    ),
  }));
}

function answer(facts: ClusterFacts): CephHealth {
  const [status, health] = [facts.need("status"), facts.need("health")];
  const [osdmap, monmap] = [facts.need("osdmap"), facts.need("monmap")];
  const [mgrmap, fsmap] = [facts.need("mgrmap"), facts.need("fsmap")];
  const versions = versionsOf(facts.need("versions"));
  const { pgmap } = status;
  const names = monmap.mons.map(({ name }) => name);
  const isActive = status.mgrmap.available;
  return {
    at: facts.at("status", "health"),
    severity: severity(health.status),
    checks: checksOf(health.checks),
    monitors: {
      total: names.length,
      quorum: status.quorum_names,
      missing: names.filter((name) => !status.quorum_names.includes(name)),
    },
    manager: {
      active: isActive ? mgrmap.active_name : "",
      standbys: status.mgrmap.num_standbys,
      problem: isActive
        ? (facts.problems.pgStat ?? "")
        : "No manager is active; start one, and figures, scrubs and progress come back.",
    },
    fileSystems: fileSystemsOf(fsmap),
    standbyMds: status.fsmap["up:standby"],
    osds: {
      total: status.osdmap.num_osds,
      up: status.osdmap.num_up_osds,
      in: status.osdmap.num_in_osds,
    },
    pools: pgmap.num_pools,
    ...groupsOf(pgmap),
    room: {
      totalKiB: kib(pgmap.bytes_total),
      usedKiB: kib(pgmap.bytes_used),
      freeKiB: kib(pgmap.bytes_avail),
    },
    recovery: recoveryOf(pgmap),
    progress: Object.values(status.progress_events).map(({ message, progress }) => ({
      what: short(message.split("\n")[0] ?? ""),
      percent: Math.round(Math.min(1, Math.max(0, progress)) * 100),
    })),
    versions,
    mixedVersions: new Set(versions.map(({ version }) => version)).size > 1,
    flags: stoppingFlags(osdmap.flags_set),
  };
}

export const healthQuestion = {
  needs: ["status", "health", "osdmap", "monmap", "mgrmap", "fsmap", "versions"],
  likes: ["pgStat"],
  answer,
} as const;
