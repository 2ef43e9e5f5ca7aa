/** Denials that are alike, counted: a broken program makes thousands of the same. */
import { parseContext, parseRange, reaches } from "../context.ts";
import { parseType } from "../policy/names.ts";
import { detailsOf } from "./details.ts";
import { ownText } from "./parse.ts";
import type { Denial, Details } from "./types.ts";

export interface DenialGroup {
  /** Stays the same for denials that are alike, over restarts too. */
  readonly key: string;
  readonly by: Denial["by"];
  readonly decision: Denial["decision"];
  readonly sourceType: string;
  readonly targetType: string;
  readonly class: string;
  readonly permissions: readonly string[];
  /** Slots of the tenants whose types these are; undefined for types of the host. */
  readonly sourceSlot: number | undefined;
  readonly targetSlot: number | undefined;
  /** Whether the source's level reaches the target's; undefined without levels. */
  readonly levelsReach: boolean | undefined;
  count: number;
  /** Of these, how many were let pass because of permissive mode or a permissive domain. */
  passed: number;
  /** Milliseconds since 1970, by the records' own times. */
  first: number;
  last: number;
  /** Contexts and details of one of the newest. */
  source: string;
  target: string;
  details: Details;
  /** Some different objects, at most {@link mostSeen}. */
  readonly paths: Set<string>;
  readonly ports: Set<number>;
}

export const mostSeen = 8;
const sampleEveryMs = 1_000;

export interface GroupsStatus {
  groups: number;
  /** Groups that had to go for newer ones, and the denials in them. */
  droppedGroups: number;
  droppedDenials: number;
}

export class DenialGroups {
  /** In order of what came last. */
  readonly #groups = new Map<string, DenialGroup>();
  readonly #most: number;
  #droppedGroups = 0;
  #droppedDenials = 0;

  /** @param most groups that are kept; about 2 KiB each */
  constructor(most = 2_000) {
    this.#most = most;
  }

  add(denial: Denial): DenialGroup {
    const reach = levelsReach(denial);
    const key = keyOf(denial, reach);
    const known = this.#groups.get(key);
    const group = known ?? begin(denial, key, reach);
    if (known !== undefined) this.#groups.delete(key);
    this.#groups.set(group.key, group);
    count(group, denial, known === undefined);
    if (this.#groups.size > this.#most) this.#dropFirst();
    return group;
  }

  get(key: string): DenialGroup | undefined {
    return this.#groups.get(key);
  }

  /** The newest first. */
  list(): DenialGroup[] {
    return [...this.#groups.values()].reverse();
  }

  status(): GroupsStatus {
    return {
      groups: this.#groups.size,
      droppedGroups: this.#droppedGroups,
      droppedDenials: this.#droppedDenials,
    };
  }

  #dropFirst(): void {
    const [first] = this.#groups.values();
    if (first === undefined) return;
    this.#groups.delete(first.key);
    this.#droppedGroups += 1;
    this.#droppedDenials += first.count;
  }
}

function keyOf(denial: Denial, reach: boolean | undefined): string {
  const { by, decision, sourceType, targetType, permissions } = denial;
  const level = reach === undefined ? "" : reach ? "reaches" : "apart";
  return `${by} ${decision} ${sourceType} ${targetType} ${denial.class} ${permissions.join(",")} ${level}`;
}

/** The same pairs come again and again. */
const pairs = new Map<string, boolean | undefined>();
const mostPairs = 20_000;

function levelsReach({ source, target }: Denial): boolean | undefined {
  const pair = `${source} ${target}`;
  if (pairs.has(pair)) return pairs.get(pair);
  const from = parseRange(parseContext(source)?.range ?? "");
  const to = parseRange(parseContext(target)?.range ?? "");
  const answer = from === undefined || to === undefined ? undefined : reaches(from, to);
  if (pairs.size >= mostPairs) pairs.clear();
  pairs.set(pair, answer);
  return answer;
}

function begin(denial: Denial, key: string, reach: boolean | undefined): DenialGroup {
  const { by, decision, sourceType, targetType, permissions, source, target } = denial;
  return {
    ...{ key: ownText(key), by, decision, sourceType, targetType, permissions, source, target },
    class: denial.class,
    sourceSlot: parseType(sourceType)?.slot,
    targetSlot: parseType(targetType)?.slot,
    levelsReach: reach,
    count: 0,
    passed: 0,
    first: denial.time,
    last: Number.NEGATIVE_INFINITY,
    details: {},
    paths: new Set(),
    ports: new Set(),
  };
}

function count(group: DenialGroup, denial: Denial, isNew: boolean): void {
  group.count += 1;
  if (denial.permissive === true) group.passed += 1;
  group.first = Math.min(group.first, denial.time);
  const sample = isNew || group.count <= mostSeen || denial.time >= group.last + sampleEveryMs;
  group.last = Math.max(group.last, denial.time);
  if (!sample) return;
  group.source = denial.source;
  group.target = denial.target;
  group.details = detailsOf(denial);
  const { path, port } = group.details;
  if (path !== undefined && group.paths.size < mostSeen) group.paths.add(path);
  if (port !== undefined && group.ports.size < mostSeen) group.ports.add(port);
}
