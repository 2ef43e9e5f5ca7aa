/** Which versions run, and which daemons are behind the newest. */
import type { ClusterFacts } from "../facts/facts.ts";
import type { Progress } from "./answers.ts";

const mostNames = 50;

/** `ceph version 16.2.15 (…) pacific (stable)` */
const versionIn = (text: string): string =>
  /\b\d+\.\d+\.\d+\b/.exec(text)?.[0] ?? text.slice(0, 100);

/** The newest first. */
export function versionsOf(facts: ClusterFacts): Progress["versions"] {
  const counts = new Map<string, number>();
  for (const [kind, texts] of Object.entries(facts.need("versions"))) {
    if (kind === "overall") continue;
    for (const [text, count] of Object.entries(texts)) {
      const version = versionIn(text);
      counts.set(version, (counts.get(version) ?? 0) + count);
    }
  }
  const sorted = [...counts].sort(([a], [b]) => compare(b, a));
  const [newest] = sorted[0] ?? [];
  const names = namesBy(facts);
  return sorted.map(([version, daemons]) => ({
    ...{ version, daemons },
    names: version === newest ? [] : (names.get(version) ?? []).slice(0, mostNames),
  }));
}

function compare(one: string, other: string): number {
  return one.localeCompare(other, "en", { numeric: true });
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
