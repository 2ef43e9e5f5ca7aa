/** Denials since the agent started, and why: asked of the loaded policy once for each kind. */
import type { KernelEvent } from "../../audit/sources/auditd/assemble.ts";
import { DsecosError } from "../../bus/errors.ts";
import { holdersOf, type SlotHolders } from "../holders.ts";
import type { DenialFilter, DenialPage } from "./answers.ts";
import type { DenialExplanation } from "./explain.ts";
import { type DenialGroup, DenialGroups } from "./groups.ts";
import { findingsOf } from "./parse.ts";

/** Explanations are 15 to 50 ms of another thread each. */
const mostAtOnce = 100;
const mostKept = 4_000;

/** @returns undefined where no policy is loaded; else explanations in the order of the groups. */
export type Explain = (
  groups: readonly DenialGroup[],
) => Promise<{ policy: string; answers: DenialExplanation[] } | undefined>;

export class Denials {
  readonly #groups = new DenialGroups();
  readonly #since = new Date().toISOString();
  readonly #explain: Explain;
  readonly #slotHolders: SlotHolders;
  /** By key of the group; of one policy. */
  readonly #explained = new Map<string, DenialExplanation>();
  #policy = "";
  #unreadable = 0;

  constructor(explain: Explain, slotHolders: SlotHolders) {
    this.#explain = explain;
    this.#slotHolders = slotHolders;
  }

  /** Throws nothing, whatever the event holds. */
  hear(event: KernelEvent): void {
    for (const finding of findingsOf(event)) {
      if (finding.what === "denial") this.#groups.add(finding);
      else if (finding.what === "unreadable") this.#unreadable += 1;
      // With another policy, or another state of a boolean, the reasons are others.
      else if (finding.what === "change") this.#explained.clear();
    }
  }

  /** @throws DsecosError for a cursor that is of no page */
  async list({ text, cursor, limit }: DenialFilter): Promise<DenialPage> {
    const before = cursor === "" ? Number.POSITIVE_INFINITY : placeOf(cursor);
    const fits = this.#groups
      .list()
      .filter((group) => group.order < before && (text === undefined || has(group, text)));
    const rows = fits.slice(0, Math.min(limit, mostAtOnce));
    await this.#learn(rows);
    const { droppedGroups, droppedDenials } = this.#groups.status();
    const holders = this.#slotHolders();
    return {
      rows: rows.map((group) => this.#told(group, holders)),
      next: fits.length > rows.length ? String(rows.at(-1)?.order ?? "") : "",
      since: this.#since,
      dropped: { groups: droppedGroups, denials: droppedDenials },
      unreadable: this.#unreadable,
    };
  }

  async #learn(groups: readonly DenialGroup[]): Promise<void> {
    const unknown = groups.filter(({ key }) => !this.#explained.has(key));
    if (unknown.length === 0) return;
    const found = await this.#explain(unknown);
    if (found === undefined) return;
    const changed = found.policy !== this.#policy;
    if (changed || this.#explained.size > mostKept) this.#explained.clear();
    this.#policy = found.policy;
    found.answers.forEach((answer, i) => {
      this.#explained.set((unknown[i] as DenialGroup).key, answer);
    });
    // What was known of the others was of another policy.
    if (changed && unknown.length < groups.length) await this.#learn(groups);
  }

  #told(group: DenialGroup, holders: ReadonlyMap<number, string>): DenialPage["rows"][number] {
    const { order: _order, sampled: _sampled, levelsReach: _reach, ...rest } = group;
    const { first, last, sourceSlot, targetSlot, permissions, details } = rest;
    return {
      ...rest,
      permissions: [...permissions],
      ...(sourceSlot === undefined ? {} : { sourceSlot }),
      ...(targetSlot === undefined ? {} : { targetSlot }),
      ...holdersOf({ source: group.sourceType, target: group.targetType }, holders),
      first: new Date(first).toISOString(),
      last: new Date(last).toISOString(),
      details: { ...details } as DenialPage["rows"][number]["details"],
      explanation: explanationOf(this.#explained.get(group.key)),
    };
  }
}

/** What travels: plain data, and of mislabelled files what a person needs. */
function explanationOf(
  found: DenialExplanation | undefined,
): DenialPage["rows"][number]["explanation"] {
  if (found === undefined) return null;
  return JSON.parse(JSON.stringify(found));
}

function has(group: DenialGroup, text: string): boolean {
  const { sourceType, targetType, class: of, permissions, paths } = group;
  return [sourceType, targetType, of, ...permissions, ...paths].some((part) => part.includes(text));
}

function placeOf(cursor: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(cursor)) return Number(cursor);
  throw new DsecosError("InvalidArgument", "This cursor is not from a page of denials.");
}
