/** Words for times that are left. */
import { _, ngettext } from "../../lib/i18n.ts";

const [minute, hour, day] = [60, 3600, 86_400];

/** @param seconds null where nobody can tell */
export function leftWords(seconds: number | null): string {
  if (seconds === null) return _("nobody can tell yet how long it takes");
  if (seconds < minute) return _("less than a minute left");
  if (seconds < 2 * hour) {
    return ngettext("$0 minute left", "$0 minutes left", Math.ceil(seconds / minute));
  }
  if (seconds < 2 * day) {
    return ngettext("$0 hour left", "$0 hours left", Math.ceil(seconds / hour));
  }
  return ngettext("$0 day left", "$0 days left", Math.ceil(seconds / day));
}
