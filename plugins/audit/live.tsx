/** Whether the list follows the record, how much matches, and what waits to be shown. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import type { Summary } from "../../agent/audit/answers.ts";
import type { PageError } from "../lib/errors.ts";
import { _, format, ngettext } from "../lib/i18n.ts";
import { Tag } from "../lib/tag.tsx";
import { changeCursor } from "./view.ts";

interface Props {
  /** False on older pages and in periods that are over: nothing new comes there. */
  newest: boolean;
  paused: boolean;
  pause: (paused: boolean) => void;
  /** Events that came and are not shown yet. */
  waiting: number;
  show: () => void;
  summary: Summary | undefined;
  error: PageError | undefined;
}

export function LiveBar(props: Props) {
  const { newest, paused, waiting, summary, error } = props;
  return (
    <div className="ds-toolbar au-live">
      {newest ? (
        <>
          <Tag color={paused ? "grey" : "blue"}>{paused ? _("paused") : _("live")}</Tag>
          <Button variant="link" size="sm" isInline onClick={() => props.pause(!paused)}>
            {paused ? _("Go on following") : _("Pause")}
          </Button>
        </>
      ) : (
        <Button variant="link" size="sm" isInline onClick={() => changeCursor("")}>
          {_("Back to the newest")}
        </Button>
      )}
      <span aria-live="polite">
        {waiting > 0 && (
          <Button variant="secondary" size="sm" onClick={props.show}>
            {ngettext("Show $0 new event", "Show $0 new events", waiting)}
          </Button>
        )}
      </span>
      <span className="ds-grow" />
      {error && (
        <span className="ds-bad">{format(_("What is new is not known: $0"), error.message)}</span>
      )}
      {summary && (
        <span className="ds-subtle">
          {summary.complete
            ? ngettext("$0 event matches", "$0 events match", summary.total)
            : ngettext(
                "$0 event matches in the newest part that was searched",
                "$0 events match in the newest part that was searched",
                summary.total,
              )}
        </span>
      )}
    </div>
  );
}
