/** Denials that are alike, counted: a broken program makes thousands of the same. */
import { reaches } from "../context.ts";
import { parseType } from "../policy/names.ts";
import { detailsOf } from "./details.ts";
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
  readonly paths: string[];
  readonly ports: number[];
  /** Counts up; the highest is what came last. */
  order: number;
  /** Time of the denial that the details are of. */
  sampled: number;
}

export const mostSeen = 8;
const sampleEveryMs = 10_000;

export interface GroupsStatus {
  groups: number;
  /** Groups that had to go for newer ones, and the denials in them. */
  droppedGroups: number;
  droppedDenials: number;
}

export class DenialGroups {
  readonly #groups = new Map<string, DenialGroup>();
  readonly #most: number;
  #order = 0;
  #droppedGroups = 0;
  #droppedDenials = 0;

  /** @param most groups that are kept; about 2 KiB each */
  constructor(most = 2_000) {
    this.#most = most;
  }

  add(denial: Denial): DenialGroup {
    const { range: from } = denial.source;
    const { range: to } = denial.target;
    const reach = from === undefined || to === undefined ? undefined : reaches(from, to);
    const key = keyOf(denial, reach);
    let group = this.#groups.get(key);
    if (group === undefined) {
      // Some at a time: a map from which the first is taken again and again is slow.
      if (this.#groups.size >= this.#most) this.#dropOldest(Math.ceil(this.#most / 10));
      group = begin(denial, key, reach);
      this.#groups.set(key, group);
    }
    this.#order += 1;
    group.order = this.#order;
    count(group, denial);
    return group;
  }

  get(key: string): DenialGroup | undefined {
    return this.#groups.get(key);
  }

  /** What came last comes first. */
  list(): DenialGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.order - a.order);
  }

  status(): GroupsStatus {
    return {
      groups: this.#groups.size,
      droppedGroups: this.#droppedGroups,
      droppedDenials: this.#droppedDenials,
    };
  }

  #dropOldest(many: number): void {
    for (const { key, count } of this.list().slice(-many)) {
      this.#groups.delete(key);
      this.#droppedGroups += 1;
      this.#droppedDenials += count;
    }
  }
}

function keyOf(denial: Denial, reach: boolean | undefined): string {
  const { by, decision, source, target, permissions } = denial;
  const level = reach === undefined ? "" : reach ? "reaches" : "apart";
  return `${by} ${decision} ${source.type} ${target.type} ${denial.class} ${level} ${permissions.text}`;
}

function begin(denial: Denial, key: string, reach: boolean | undefined): DenialGroup {
  const { by, decision, source, target, permissions } = denial;
  return {
    key,
    by,
    decision,
    sourceType: source.type,
    targetType: target.type,
    class: denial.class,
    permissions: permissions.names,
    sourceSlot: parseType(source.type)?.slot,
    targetSlot: parseType(target.type)?.slot,
    levelsReach: reach,
    count: 0,
    passed: 0,
    first: denial.time,
    last: denial.time,
    source: source.text,
    target: target.text,
    details: {},
    paths: [],
    ports: [],
    order: 0,
    sampled: denial.time,
  };
}

function count(group: DenialGroup, denial: Denial): void {
  group.count += 1;
  if (denial.permissive === true) group.passed += 1;
  const sample = group.count <= mostSeen || denial.time >= group.sampled + sampleEveryMs;
  group.first = Math.min(group.first, denial.time);
  group.last = Math.max(group.last, denial.time);
  if (!sample) return;
  group.sampled = denial.time;
  group.source = denial.source.text;
  group.target = denial.target.text;
  group.details = detailsOf(denial);
  const { path, port } = group.details;
  if (path !== undefined) keepSome(group.paths, path);
  if (port !== undefined) keepSome(group.ports, port);
}

function keepSome<T>(seen: T[], value: T): void {
  if (seen.length < mostSeen && !seen.includes(value)) seen.push(value);
}
