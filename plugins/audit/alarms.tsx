/** What needs somebody now: gaps, stale witnesses, clocks that were set. Above everything else. */
import WarningIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import type { Alarm } from "../../agent/audit/answers.ts";
import { useNow } from "../lib/hooks.ts";
import { _, dateTime, format, relativeTime } from "../lib/i18n.ts";

export function Alarms({ alarms }: { alarms: readonly Alarm[] }) {
  const now = useNow();
  // The place is always there, so that a new alarm is read aloud.
  return (
    <div role="status" aria-live="assertive">
      {alarms.length > 0 && (
        <section className="au-alarms ds-stack" aria-label={_("Alarms")}>
          {alarms.map(({ kind, since, text, todo }) => (
            <article key={`${kind} ${text}`} className="au-alarm" data-alarm={kind}>
              <WarningIcon />
              <div>
                <strong>{text}</strong>{" "}
                {since && (
                  <span className="ds-subtle">
                    {format(_("since $0"), dateTime(since))} ({relativeTime(since, now)})
                  </span>
                )}
                <p>{todo}</p>
              </div>
            </article>
          ))}
        </section>
      )}
    </div>
  );
}
