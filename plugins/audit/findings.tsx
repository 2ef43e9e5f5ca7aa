/** What a verification came to, in words. */
import type { Finding, Verification } from "../../agent/audit/answers.ts";
import { _, format, ngettext, number } from "../lib/i18n.ts";
import { Tag, type TagColor } from "../lib/tag.tsx";

export const verificationColors: Record<Verification["state"], TagColor> = {
  intact: "green",
  damaged: "red",
  failed: "orange",
  never: "grey",
};

export function verificationName(state: Verification["state"]): string {
  const names = {
    intact: _("intact"),
    damaged: _("damaged"),
    failed: _("could not be verified"),
    never: _("never verified"),
  };
  return names[state];
}

/** For example “12,000 events in 3 s, 0 errors and 1 warning”. */
export function verificationWords({ size, seconds, errors, warnings }: Verification): string {
  return format(
    _("$0 in $1 s: $2, $3"),
    ngettext("$0 event", "$0 events", size),
    number(seconds, 1),
    ngettext("$0 error", "$0 errors", errors),
    ngettext("$0 warning", "$0 warnings", warnings),
  );
}

export function Findings({ verified }: { verified: Verification }) {
  const { findings, errors, warnings } = verified;
  const more = errors + warnings - findings.length;
  if (findings.length === 0) return null;
  return (
    <>
      <ul className="au-findings">
        {findings.map((finding) => (
          <Found key={`${finding.code} ${finding.where}`} finding={finding} />
        ))}
      </ul>
      {more > 0 && (
        <p className="ds-subtle">
          {ngettext("$0 more is not shown.", "$0 more are not shown.", more)}
        </p>
      )}
    </>
  );
}

function Found({ finding }: { finding: Finding }) {
  const bad = finding.severity === "error";
  return (
    <li data-finding={finding.code}>
      <Tag color={bad ? "red" : "orange"}>{bad ? _("error") : _("warning")}</Tag> {finding.text}{" "}
      <span className="ds-subtle">
        {finding.where} · <code>{finding.code}</code>
      </span>
    </li>
  );
}
