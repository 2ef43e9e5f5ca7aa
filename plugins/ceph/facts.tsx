/** Names and what is behind them, of what a row has more to say. */
import type { ReactNode } from "react";

export function Facts({
  facts,
}: {
  facts: readonly (readonly [title: string, value: ReactNode])[];
}) {
  return (
    <dl className="ds-facts">
      {facts.map(([title, value]) => (
        <div key={title} className="ce-fact">
          <dt>{title}</dt>
          <dd className="ce-code">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
