/** Which releases of Ceph the agent works with, and what it says of a cluster that runs others. */
import * as v from "valibot";

/** The oldest whose answers are read. */
const oldest = { major: 16, minor: 2, name: "16.2" };
/** Those that the agent is tried with: Debian 12's and Debian 13's. */
const tried: readonly number[] = [16, 18];
const stable = 2;

/** By kind of daemon, and `overall`: how many there are of each version. */
export const versionsSchema = v.record(v.string(), v.record(v.string(), v.number()));

/**
 * @param text such as `ceph version 18.2.7 (…) reef (stable)`
 * @returns such as 18.2.7, or what there is where it has no such number
 */
export const versionIn = (text: string): string =>
  /\b\d+\.\d+\.\d+\b/.exec(text)?.[0] ?? text.slice(0, 100);

/** Undefined where it has none: what somebody built from source may call itself anything. */
function numbersOf(version: string): { major: number; minor: number } | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version) ?? [];
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}

/** Whether it is of a release that the agent is tried with. */
export function isTried(version: string): boolean {
  const numbers = numbersOf(version);
  return numbers !== undefined && tried.includes(numbers.major) && numbers.minor === stable;
}

function isOld(version: string): boolean {
  const numbers = numbersOf(version);
  if (numbers === undefined) return false;
  const { major, minor } = numbers;
  return major < oldest.major || (major === oldest.major && minor < oldest.minor);
}

const byAge = ([one]: [string, number], [other]: [string, number]): number =>
  other.localeCompare(one, "en", { numeric: true });

/** @returns each version and how many daemons run it, the newest first, and those without numbers last */
export function countVersions(answer: v.InferOutput<typeof versionsSchema>): [string, number][] {
  const counts = new Map<string, number>();
  for (const [kind, texts] of Object.entries(answer)) {
    if (kind === "overall") continue;
    for (const [text, count] of Object.entries(texts)) {
      const version = versionIn(text);
      counts.set(version, (counts.get(version) ?? 0) + count);
    }
  }
  const all = [...counts].sort(byAge);
  const isNumbered = ([version]: [string, number]) => numbersOf(version) !== undefined;
  return [...all.filter(isNumbered), ...all.filter((one) => !isNumbered(one))];
}

export interface Releases {
  /** Something runs what is too old to be read. */
  old: boolean;
  /** What is wrong and what to do; empty where all run one version that is new enough. */
  reason: string;
}

/**
 * @param monitor version of the one that answers
 * @param answer monitors' to `versions`; undefined where they had none
 */
export function judgeReleases(monitor: string, answer: unknown): Releases {
  const read = v.safeParse(versionsSchema, answer);
  const all = read.success ? countVersions(read.output) : [];
  // What has no number is not known to be behind.
  const counts = all.filter(([version]) => numbersOf(version) !== undefined);
  if (counts.length === 0) counts.push([monitor, 1]);
  const old = counts.some(([version]) => isOld(version));
  const [[newest] = [monitor], ...behind] = counts;
  if (behind.length === 0) {
    const reason = `The cluster runs Ceph ${newest}, and the agent needs ${oldest.name} or newer; upgrade the cluster, its monitors first.`;
    return { old, reason: old ? reason : "" };
  }
  const left = behind.map(([version, count]) => `${count} on ${version}`).join(" and ");
  const needs = old ? `; the agent needs ${oldest.name} or newer on all` : "";
  return {
    old,
    reason: `An upgrade to Ceph ${newest} is not over: of its daemons, ${left} are left${needs}. Upgrade them too; ceph versions tells when none is left.`,
  };
}
