/** Rules as a person types them, before they are sent. */
import { quorumSettingSchema } from "../../../agent/approvals/quorum.ts";
import { type Rules, rulesSchema } from "../../../agent/hsm/jurisdiction/rules.ts";
import { problemOf } from "../../lib/check.ts";

export interface RulesDraft {
  live: string;
  use: string;
  /** How many must approve beside who asks, and who may: `1010:jane` each; empty for any officer. */
  needed: string;
  approvers: string;
}

/** Regions in capital letters, however they were separated. */
export function regionList(text: string): string[] {
  return words(text.toUpperCase());
}

function words(text: string): string[] {
  return text.split(/[\s,;]+/).filter(Boolean);
}

export function draftOf({ live, use, quorum }: Rules): RulesDraft {
  return {
    live: live.join(", "),
    use: use.join(", "),
    needed: String(quorum?.needed ?? 1),
    approvers: (quorum?.approvers ?? []).join(", "),
  };
}

/** One officer of all is what holds where no quorum is set, so that is not sent. */
export function rulesOf({ live, use, needed, approvers }: RulesDraft): Rules {
  const people = words(approvers);
  const count = needed.trim() === "" ? Number.NaN : Number(needed);
  const plain = count === 1 && people.length === 0;
  const quorum = { needed: count, ...(people.length > 0 ? { approvers: people } : {}) };
  return { live: regionList(live), use: regionList(use), ...(plain ? {} : { quorum }) };
}

/** What is wrong with each field, in the contract's words; empty where nothing is. */
export function rulesProblems(draft: RulesDraft): Record<keyof RulesDraft, string> {
  const { live, use, quorum = { needed: 1 } } = rulesOf(draft);
  const entries = quorumSettingSchema.entries;
  return {
    live: problemOf(rulesSchema.entries.live, live),
    use: problemOf(rulesSchema.entries.use, use),
    needed: problemOf(entries.needed, quorum.needed),
    approvers: problemOf(entries.approvers, quorum.approvers),
  };
}

export function sameRules(one: Rules, other: Rules): boolean {
  const plain = ({ live, use, quorum }: Rules) =>
    JSON.stringify([[...live].sort(), [...use].sort(), quorum?.needed, quorum?.approvers]);
  return plain(one) === plain(other);
}
