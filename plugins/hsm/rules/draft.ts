/** Rules as a person types them, before they are sent. */
import { type Rules, rulesSchema } from "../../../agent/hsm/jurisdiction/rules.ts";
import { problemOf } from "../../lib/check.ts";

export interface RulesDraft {
  live: string;
  use: string;
}

/** Regions in capital letters, however they were separated. */
export function regionList(text: string): string[] {
  return text
    .toUpperCase()
    .split(/[\s,;]+/)
    .filter(Boolean);
}

export function draftOf({ live, use }: Rules): RulesDraft {
  return { live: live.join(", "), use: use.join(", ") };
}

export function rulesOf({ live, use }: RulesDraft): Rules {
  return { live: regionList(live), use: regionList(use) };
}

/** What is wrong with each field, in the contract's words; empty where nothing is. */
export function rulesProblems(draft: RulesDraft): Record<keyof RulesDraft, string> {
  const { live, use } = rulesOf(draft);
  return {
    live: problemOf(rulesSchema.entries.live, live),
    use: problemOf(rulesSchema.entries.use, use),
  };
}

export function sameRules(one: Rules, other: Rules): boolean {
  const same = (some: readonly string[], others: readonly string[]) =>
    [...some].sort().join() === [...others].sort().join();
  return same(one.live, other.live) && same(one.use, other.use);
}
