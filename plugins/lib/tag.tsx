/** A coloured word: state, classification, verdict. The word alone carries the meaning. */
import type { ReactNode } from "react";

export type TagColor = "grey" | "green" | "blue" | "orange" | "red" | "purple" | "teal";

export function Tag({ color, children }: { color: TagColor; children: ReactNode }) {
  const modifier = color === "grey" ? "" : ` pf-m-${color}`;
  return (
    <span className={`pf-v6-c-label pf-m-compact${modifier}`}>
      <span className="pf-v6-c-label__content">
        <span className="pf-v6-c-label__text">{children}</span>
      </span>
    </span>
  );
}
