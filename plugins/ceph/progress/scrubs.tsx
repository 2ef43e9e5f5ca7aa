/** Scrubs that run, and placement groups that are late for one. */
import type { Progress } from "../../../agent/ceph/progress/answers.ts";
import { _, dateTime, format, ngettext, number } from "../../lib/i18n.ts";

export function Scrubs({ scrub }: Pick<Progress, "scrub">) {
  const { running, deep, late, deepLate, overdue } = scrub;
  const hidden = late + deepLate - overdue.length;
  return (
    <section className="ds-panel ds-stack" data-late={late + deepLate}>
      <h2 className="pf-v6-c-title pf-m-md">{_("Scrubs")}</h2>
      <p>
        {running === 0
          ? _("None runs now.")
          : format(_("$0 run now, $1 of them deep."), number(running), number(deep))}
      </p>
      {late + deepLate === 0 ? (
        <p>{_("By Ceph’s own limits none is late.")}</p>
      ) : (
        <p className="ds-bad">
          {ngettext(
            "$0 placement group was not scrubbed in time,",
            "$0 placement groups were not scrubbed in time,",
            late,
          )}{" "}
          {ngettext("$0 not deeply.", "$0 not deeply.", deepLate)}
        </p>
      )}
      {overdue.length > 0 && (
        <ul className="ce-details">
          {overdue.map(({ pg, deep: isDeep, since }) => (
            <li key={`${pg} ${isDeep}`}>
              <strong className="ce-code">{pg}</strong>{" "}
              {format(isDeep ? _("not deeply since $0") : _("not since $0"), whenOf(since))}
            </li>
          ))}
        </ul>
      )}
      {hidden > 0 && overdue.length > 0 && (
        <p className="ds-subtle">{format(_("and $0 more"), number(hidden))}</p>
      )}
    </section>
  );
}

/** Ceph writes microseconds and a zone without a colon; what is no time is shown as it is. */
function whenOf(text: string): string {
  const time = new Date(text.replace(/(\.\d{3})\d*/, "$1").replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
  return Number.isNaN(time.getTime()) ? text : dateTime(time.toISOString());
}
