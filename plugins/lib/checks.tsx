/** Verdicts with their facts, what to do, and what a sceptic runs himself; worst first. */
import type { ReactNode } from "react";
import type { Check } from "../../agent/node/contract.ts";
import { verdictColors, verdictName } from "./assurance.tsx";
import { Command } from "./help.tsx";
import { Tag } from "./tag.tsx";

const order: readonly Check["verdict"][] = ["bad", "warning", "unknown", "good"];

/** What a check found, and how to check it. */
export interface Checked {
  id: string;
  title: string;
  verdict: Check["verdict"];
  fact: string;
  remedy?: string | undefined;
  command: string;
}

interface Props<C extends Checked> {
  checks: readonly C[];
  /** Stands beside the title, for example the age. */
  beside?: (check: C) => ReactNode;
  /** Stands below, for example where to read more. */
  below?: (check: C) => ReactNode;
}

export function Checks<C extends Checked>({ checks, beside, below }: Props<C>) {
  const sorted = [...checks].sort(
    (one, other) => order.indexOf(one.verdict) - order.indexOf(other.verdict),
  );
  return (
    <ul className="ds-checks">
      {sorted.map((check) => (
        <li key={check.id} data-check={check.id} data-verdict={check.verdict}>
          <div className="ds-job-head">
            <Tag color={verdictColors[check.verdict]}>{verdictName(check.verdict)}</Tag>
            <strong>{check.title}</strong>
            <span className="ds-grow" />
            {beside?.(check)}
          </div>
          <p>{check.fact}</p>
          {check.remedy && <p className="ds-subtle">{check.remedy}</p>}
          <Command text={check.command} />
          {below?.(check)}
        </li>
      ))}
    </ul>
  );
}
