/** What weakens this node's promises, on every page. Nothing here can be dismissed. */
import WarningIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import { type Check, node } from "../../agent/node/contract.ts";
import { client } from "./client.ts";
import { isToldByPage } from "./errors.ts";
import { Command } from "./help.tsx";
import { useQuery } from "./hooks.ts";
import { _, ngettext, relativeTime } from "./i18n.ts";
import { Tag, type TagColor } from "./tag.tsx";

export const verdictColors: Record<Check["verdict"], TagColor> = {
  good: "green",
  warning: "orange",
  bad: "red",
  unknown: "grey",
};

export function verdictName(verdict: Check["verdict"]): string {
  const names = {
    good: _("good"),
    warning: _("weak"),
    bad: _("bad"),
    unknown: _("unknown"),
  };
  return names[verdict];
}

const everyMinute = 60_000;

export function AssuranceBanner() {
  const { data, error } = useQuery("checks", () => client(node).Check(), { every: everyMinute });
  const flags = (data ?? []).filter(({ verdict }) => verdict !== "good");
  if (error && !data) {
    // Not knowing is not being safe; where the agent is gone the page itself says so.
    if (isToldByPage(error)) return null;
    return (
      <section className="ds-banner" aria-label={_("Assurance")}>
        <WarningIcon /> {_("What can be relied on here is unknown:")} {error.message}
      </section>
    );
  }
  if (flags.length === 0) return null;
  return (
    <section className="ds-banner" aria-label={_("Assurance")}>
      <details>
        <summary>
          <WarningIcon />
          <strong>
            {ngettext(
              "$0 thing weakens what this node promises",
              "$0 things weaken what this node promises",
              flags.length,
            )}
          </strong>
          <span className="ds-banner-titles">{flags.map(({ title }) => title).join(" · ")}</span>
        </summary>
        <ul>
          {flags.map((check) => (
            <li key={check.id}>
              <Tag color={verdictColors[check.verdict]}>{verdictName(check.verdict)}</Tag>{" "}
              <strong>{check.title}</strong>: {check.fact} {check.remedy}
              <Command text={check.command} />
              <span className="ds-subtle">{relativeTime(check.checkedAt)}</span>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
