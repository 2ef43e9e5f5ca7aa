/** Paths of what a tenant keeps outside Incus: volumes on Ceph, by the newest proof of where it is, and keys. */
import type { Residency } from "../../ceph/residency/answers.ts";
import type { Finding, PoolVerdict } from "../../ceph/residency/verdict.ts";
import type { DataPath } from "./answers.ts";

export interface KeptVolume {
  name: string;
  /** Empty while it is not made. */
  pool: string;
}

export interface KeptToken {
  driver: string;
  label: string;
  region: string;
}

export interface Kept {
  volumes: readonly KeptVolume[];
  /** The newest proof; what it found is on record as ceph.Residency. */
  residency: Residency;
  tokens: readonly KeptToken[];
}

const command = "dsecos ceph residency";
/** Of each pool, so that one that leaks everywhere does not hide the others. */
const mostFindings = 5;

export function keptPaths(tenant: string, { volumes, residency, tokens }: Kept): DataPath[] {
  const made = volumes.filter(({ pool }) => pool !== "");
  return [
    ...made.flatMap((volume) => volumePaths(volume, residency)),
    ...tokens.map(({ driver, label, region }) => ({
      ...{ kind: "key" as const, from: `tenant ${tenant}`, to: `token ${label} of ${driver}` },
      ...{ jurisdiction: region, state: "taken" as const, command: "dsecos hsm tokens" },
      evidence: `Keys of the tenant are in this token; the file of its driver says that it is in ${region}.`,
    })),
  ];
}

function volumePaths({ name, pool }: KeptVolume, { state, at, error, map, verdict }: Residency) {
  const path = { kind: "volume" as const, from: `volume ${name}`, command };
  const unknown = (evidence: string): DataPath[] => [
    { ...path, to: `pool ${pool}`, jurisdiction: "", state: "unknown", evidence },
  ];
  if (state !== "proved" || verdict === null) {
    return unknown(error || "Where pools are was not proved yet since the agent started.");
  }
  const found = verdict.pools.find((one) => one.pool === pool);
  if (found === undefined) return unknown("Nobody signed where this pool may be.");
  if (found.verdict === "proven") {
    const { possible, having, pgs } = found.counts;
    const evidence = `Proved at ${at}, epoch ${verdict.epoch}, by the signed map ${map}: ${possible} OSDs that its rule could choose, ${having} that have it in ${pgs} groups, and no way out.`;
    return found.allowed.map(
      (jurisdiction): DataPath => ({
        ...{ ...path, to: `pool ${pool} in ${jurisdiction}`, jurisdiction },
        ...{ state: "taken", evidence },
      }),
    );
  }
  const violations = found.findings.filter(({ effect }) => effect === "violates");
  if (violations.length === 0) return unknown(found.findings[0]?.sentence ?? "It is not proven.");
  return violations.slice(0, mostFindings).map(
    (finding): DataPath => ({
      ...{ ...path, to: wayOut(found, finding), jurisdiction: placeIn(finding) },
      ...{ state: finding.mechanism === "rule" ? "possible" : "taken", evidence: finding.sentence },
    }),
  );
}

function wayOut({ pool }: PoolVerdict, { osd, rule, mechanism }: Finding): string {
  const by = rule === undefined ? "" : ` by rule ${rule}`;
  return osd === undefined
    ? `pool ${pool} and out of it (${mechanism})`
    : `pool ${pool} on osd.${osd}${by}`;
}

/** Findings say it in their sentence; empty where they say that nobody knows. */
function placeIn({ sentence }: Finding): string {
  return /\bin ([A-Z]{2})\b/.exec(sentence)?.[1] ?? "";
}
