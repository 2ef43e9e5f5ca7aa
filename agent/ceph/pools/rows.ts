/** Pools as operators see them: what each is, where its rule reaches, and what puts its data at risk. */
import type { Pool } from "../capacity/answers.ts";
import type { FactOf } from "../facts/schemas.ts";
import type { PoolVerdict } from "../residency/verdict.ts";
import type { PoolDetail } from "./answers.ts";
import type { Reaches } from "./reach.ts";
import { stepWords } from "./steps.ts";

export type ProvedPool = Pick<PoolVerdict, "id" | "allowed" | "verdict">;

/** The newest proof, as far as it speaks of pools; null where there is none of this cluster. */
export interface Proof {
  pools: readonly ProvedPool[];
}

export interface PoolRowsInput {
  counted: readonly Pool[];
  map: FactOf<"osdmap">;
  rules: FactOf<"crush">["rules"];
  reaches: Reaches;
  autoscale: FactOf<"autoscale"> | undefined;
  proof: Proof | null;
}

export function poolRows(input: PoolRowsInput): PoolDetail[] {
  const ofMap = new Map(input.map.pools.map((pool) => [pool.pool, pool]));
  const rules = new Map(input.rules.map((rule) => [rule.rule_id, rule]));
  const advised = new Map(input.autoscale?.map((one) => [one.pool_id, one]));
  const proved = new Map(input.proof?.pools.map((one) => [one.id, one]));
  return input.counted.flatMap((counted): PoolDetail[] => {
    const pool = ofMap.get(counted.id);
    if (pool === undefined) return [];
    const rule = rules.get(pool.crush_rule);
    const found = input.reaches.byRule.get(pool.crush_rule);
    const advice = advised.get(counted.id);
    const proof = proved.get(counted.id);
    const row: Omit<PoolDetail, "troubles"> = {
      ...counted,
      jurisdictions: found?.jurisdictions ?? [],
      certain: found?.certain ?? false,
      steps: rule?.steps.map(stepWords) ?? [],
      autoscale: pool.pg_autoscale_mode,
      pgsTarget: pool.pg_num_target ?? pool.pg_num,
      pgsAdvised: advice === undefined ? null : advice.pg_num_final,
      quotaObjects: pool.quota_max_objects,
      flags: pool.flags_names.split(",").filter(Boolean),
      verdict: proof?.verdict ?? (input.proof === null ? "never" : "undemanded"),
      allowed: [...(proof?.allowed ?? [])].sort(),
    };
    return [{ ...row, troubles: troublesOf(row) }];
  });
}

/** Shares of a quota from which on it is said that it fills. */
const nearQuota = 0.9;

function troublesOf(pool: Omit<PoolDetail, "troubles">): string[] {
  const { kind, size, minSize, mayLose, applications, rule, flags, quotaKiB, quotaObjects } = pool;
  const named = `ceph osd pool set ${pool.name}`;
  const is = (flag: string) => flags.includes(flag);
  return [
    rule === "" &&
      "Its placement rule is not in the CRUSH map, so nobody can say where its data lies.",
    pool.verdict === "violated" &&
      `Its data is or could come to lie outside ${pool.allowed.join(", ")}; the overview says why.`,
    kind === "replicated" && size === 1
      ? `It has one copy, and what is on an OSD that is lost is lost; run: ${named} size 3`
      : mayLose === 0 && "It may lose no OSD; give it a code with parts for repair.",
    kind === "replicated" &&
      size > 1 &&
      minSize === 1 &&
      `It takes writes while a single copy is left, and loses them with it; run: ${named} min_size 2`,
    kind === "erasure" &&
      pool.erasure !== null &&
      minSize <= pool.erasure.k &&
      pool.erasure.m > 0 &&
      `It takes writes while no part may be lost any more; run: ${named} min_size ${pool.erasure.k + 1}`,
    applications.length === 0 &&
      `Nobody said what it is for, so that keys bound to an application do not reach it; run: ceph osd pool application enable ${pool.name} NAME`,
    (is("full") || is("full_quota")) && "It is full and takes no writes.",
    (is("noscrub") || is("nodeep-scrub")) &&
      "It is not scrubbed, so that what rots on a disk is not found.",
    quotaKiB > 0 &&
      pool.storedKiB >= quotaKiB * nearQuota &&
      "What it stores is close to its quota.",
    quotaObjects > 0 &&
      pool.objects >= quotaObjects * nearQuota &&
      "Its objects are as many as its quota lets be, or nearly.",
  ].filter((trouble) => typeof trouble === "string");
}
