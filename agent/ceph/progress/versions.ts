/** Which versions run, and which daemons are behind the newest. */
import type { ClusterFacts } from "../facts/facts.ts";
import { countVersions, isTried } from "../link/releases.ts";
import type { Progress } from "./answers.ts";

const mostNames = 50;

/** The newest first. */
export function versionsOf(facts: ClusterFacts): Progress["versions"] {
  const sorted = countVersions(facts.need("versions"));
  const [newest] = sorted[0] ?? [];
  const names = namesBy(facts);
  return sorted.map(([version, daemons]) => ({
    ...{ version, daemons, tried: isTried(version) },
    names: version === newest ? [] : (names.get(version) ?? []).slice(0, mostNames),
  }));
}

function namesBy(facts: ClusterFacts): Map<string, string[]> {
  const names = new Map<string, string[]>();
  const add = (name: string, version: string) => {
    if (version !== "") names.set(version, [...(names.get(version) ?? []), name]);
  };
  for (const kind of ["mon", "mgr", "mds"] as const) {
    for (const { name, ceph_version_short } of facts.get(`${kind}Metadata`) ?? []) {
      add(`${kind}.${name}`, ceph_version_short);
    }
  }
  for (const { id, ceph_version_short } of facts.get("osdMetadata") ?? []) {
    add(`osd.${id}`, typeof ceph_version_short === "string" ? ceph_version_short : "");
  }
  return names;
}
