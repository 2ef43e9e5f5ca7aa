/** Pools: what each stores, what that takes on devices, and how many OSDs it may lose. */
import type { Pool } from "./answers.ts";
import type { CrushRule, PoolOfMap, Profiles, UseOfPool } from "./input.ts";

const kib = (bytes: number): number => Math.floor(bytes / 1024);

export interface PoolsInput {
  pools: readonly PoolOfMap[];
  profiles: Profiles;
  rules: readonly CrushRule[];
  use: readonly UseOfPool[];
}

export function countPools({ pools, profiles, rules, use }: PoolsInput): Pool[] {
  const uses = new Map(use.map((one) => [one.id, one.stats]));
  const names = new Map(rules.map(({ rule_id, rule_name }) => [rule_id, rule_name]));
  return pools.map((pool) => {
    const stats = uses.get(pool.pool);
    const kind = pool.type === 1 ? "replicated" : pool.type === 3 ? "erasure" : "unknown";
    const erasure = kind === "erasure" ? partsOf(profiles[pool.erasure_code_profile]) : null;
    return {
      ...{ id: pool.pool, name: pool.pool_name, kind, size: pool.size, minSize: pool.min_size },
      ...{ erasure, pgs: pool.pg_num, rule: names.get(pool.crush_rule) ?? "" },
      factor: kind === "replicated" ? pool.size : erasure && (erasure.k + erasure.m) / erasure.k,
      mayLose: kind === "replicated" ? pool.size - 1 : (erasure?.m ?? null),
      storedKiB: kib(stats?.stored ?? 0),
      usedKiB: kib(stats?.bytes_used ?? 0),
      availableKiB: kib(stats?.max_avail ?? 0),
      quotaKiB: kib(pool.quota_max_bytes),
      objects: stats?.objects ?? 0,
      applications: Object.keys(pool.application_metadata).sort(),
    };
  });
}

function partsOf(profile: Profiles[string] | undefined): Pool["erasure"] {
  const [k, m] = [Number(profile?.k), Number(profile?.m)];
  const isKnown = Number.isInteger(k) && Number.isInteger(m) && k > 0 && m >= 0;
  return isKnown ? { k, m } : null;
}
