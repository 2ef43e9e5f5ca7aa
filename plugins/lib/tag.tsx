/** A coloured word: state, classification, verdict. The word alone carries the meaning. */
import type { ComponentType, ReactNode } from "react";

/** Written out, since the build takes rules out of the style sheet whose names occur nowhere. */
const modifiers = {
  grey: "",
  green: " pf-m-green",
  blue: " pf-m-blue",
  orange: " pf-m-orange",
  red: " pf-m-red",
  purple: " pf-m-purple",
  teal: " pf-m-teal",
};

export type TagColor = keyof typeof modifiers;

interface Props {
  color: TagColor;
  icon?: ComponentType;
  children: ReactNode;
}

export function Tag({ color, icon: Icon, children }: Props) {
  return (
    <span className={`pf-v6-c-label pf-m-compact${modifiers[color]}`}>
      <span className="pf-v6-c-label__content">
        {Icon && (
          <span className="pf-v6-c-label__icon">
            <Icon />
          </span>
        )}
        <span className="pf-v6-c-label__text">{children}</span>
      </span>
    </span>
  );
}
