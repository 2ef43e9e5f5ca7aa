/** What is stopped in the cluster, until when and by whom; and stopping something for a while. */
import type { FlagRow, Window } from "../../../agent/ceph/actions/answers.ts";
import { ceph } from "../../../agent/ceph/contract.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { client } from "../../lib/client.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _, dateTime, format, relativeTime } from "../../lib/i18n.ts";
import { Failure, Loading, Stale } from "../../lib/states.tsx";
import { everyMs, flagsChange } from "./changes.ts";
import { openAct } from "./open.tsx";
import { isWindowFlag } from "./window-flags.ts";

/** @param whole with the button that begins a window, and a word where nothing is stopped */
export function Windows({ whole }: { whole: boolean }) {
  const access = useAccess();
  const query = useQuery("flags", () => client(ceph).Flags(), {
    ...{ every: everyMs, changes: flagsChange },
  });
  const { data, error } = query;
  if (!data) {
    if (!whole) return null;
    return error ? <Failure error={error} retry={query.refresh} /> : <Loading rows={2} />;
  }
  if (!whole && data.flags.length === 0 && data.problem === "") return null;
  const title = _("Stopped for a while");
  return (
    <section className="ds-panel ds-stack" aria-label={title} data-windows={data.flags.length}>
      <div className="ds-job-head">
        <h2 className="pf-v6-c-title pf-m-md">{title}</h2>
        <span className="ds-grow" />
        {whole && (
          <ActionButton
            variant="secondary"
            why={access.why(ceph, "storage")}
            onClick={() => openAct(({ SetFlagDialog }) => <SetFlagDialog />)}
          >
            {_("Stop something for a while")}
          </ActionButton>
        )}
      </div>
      <Stale error={error} />
      {data.problem && <p className="ds-bad">{data.problem}</p>}
      {data.flags.length === 0 && <p>{_("Nothing is stopped.")}</p>}
      {data.flags.map((row) => (
        <Flag key={row.flag} row={row} why={access.why(ceph, "storage")} />
      ))}
    </section>
  );
}

function Flag({ row, why }: { row: FlagRow; why: string | undefined }) {
  const { flag, means, until, windows, trouble, isSet } = row;
  return (
    <article className="ds-stack" data-flag={flag}>
      <div className="ds-job-head">
        <h3 className="ce-subtitle">{flag}</h3>
        <span>{means}</span>
        <span className="ds-grow" />
        {isWindowFlag(flag) && (
          <ActionButton
            variant="link"
            why={why}
            onClick={() => openAct(({ EndFlagDialog }) => <EndFlagDialog flag={flag} />)}
          >
            {format(_("End $0 now"), flag)}
          </ActionButton>
        )}
      </div>
      {trouble && <p className="ds-bad">{trouble}</p>}
      <p>
        {until === null
          ? isSet && _("It was set by hand and does not end by itself.")
          : format(_("ends on $0, $1"), dateTime(until), relativeTime(until))}
      </p>
      {windows.map((window) => (
        <WindowLine key={window.id} window={window} />
      ))}
    </article>
  );
}

function WindowLine({ window: { by, node, reason, at, until } }: { window: Window }) {
  const who = format(_("by $0 on $1, from $2 until $3"), by, node, dateTime(at), dateTime(until));
  return (
    <p className="ds-subtle">
      {who}: {reason}
    </p>
  );
}
