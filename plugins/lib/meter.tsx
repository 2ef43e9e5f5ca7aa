/** A small bar: how much of a limit is taken, coloured and in words. */
import { _, format, percent } from "./i18n.ts";

interface Props {
  /** Names the bar for screen readers, for example “CPU of mod-defense”. */
  label: string;
  used: number;
  limit: number;
  write: (amount: number) => string;
}

export function levelOf(share: number): "" | "warning" | "danger" {
  if (share >= 1) return "danger";
  return share >= 0.85 ? "warning" : "";
}

function inWords(level: string): string {
  if (level === "danger") return _("full");
  return level === "warning" ? _("nearly full") : "";
}

export function Meter({ label, used, limit, write }: Props) {
  const share = limit > 0 ? used / limit : 0;
  const level = levelOf(share);
  const words = inWords(level);
  const text = format(_("$0 of $1"), write(used), write(limit));
  return (
    <div className={`ds-meter ${level ? `ds-${level}` : ""}`}>
      <div className="ds-meter-text">
        <span>{text}</span>
        {words && <span className="ds-meter-words">{words}</span>}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: browsers draw <meter> each in its own way. */}
      <div
        className="ds-meter-bar"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(Math.min(share, 1) * 100)}
        aria-valuetext={`${text}, ${percent(share)}${words ? `, ${words}` : ""}`}
      >
        <div className="ds-meter-fill" style={{ inlineSize: `${Math.min(share, 1) * 100}%` }} />
      </div>
    </div>
  );
}
