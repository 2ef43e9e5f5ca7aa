/** Where the audit log is copied to, and how long copies are held there. */
import type { LogCopies } from "../../../agent/ceph/objects/retention/answers.ts";
import { _, dateTime, format, ngettext, size } from "../../lib/i18n.ts";
import { Tag, type TagColor } from "../../lib/tag.tsx";
import { days } from "./words.ts";

const colors: Record<LogCopies["state"], TagColor> = {
  none: "orange",
  ok: "green",
  warning: "orange",
  alarm: "red",
  unknown: "grey",
};

export function LogPanel({ log }: { log: LogCopies }) {
  const names = {
    none: _("nowhere"),
    ok: _("complete"),
    warning: _("not complete"),
    alarm: _("alarm"),
    unknown: _("not looked at yet"),
  };
  return (
    <section className="ds-panel ds-stack" data-log={log.state}>
      <h2 className="pf-v6-c-title pf-m-md">{_("Copies of the audit log")}</h2>
      <p>
        <Tag color={colors[log.state]}>{names[log.state]}</Tag> {log.text}
      </p>
      {log.state !== "none" && (
        <dl className="ds-facts">
          <dt>{_("Where")}</dt>
          <dd className="ce-code">{log.target}</dd>
          <dt>{_("What is there")}</dt>
          <dd>
            {format(
              _("$0, $1"),
              ngettext("$0 file", "$0 files", log.files),
              size(log.bytes / 1024),
            )}
          </dd>
          <dt>{_("Held")}</dt>
          <dd>
            {log.until === ""
              ? _("by nothing: whoever is root there removes copies")
              : format(
                  _("each $0 from when it was made; one that is made now until $1"),
                  days(log.retention),
                  dateTime(log.until),
                )}
          </dd>
        </dl>
      )}
    </section>
  );
}
