/** What is stopped in the cluster, until when and by whom; and stopping something for a while. */
import { useState } from "react";
import {
  type FlagRow,
  minutesSchema,
  type Window,
  windowFlags,
} from "../../../agent/ceph/actions/answers.ts";
import { ceph } from "../../../agent/ceph/contract.ts";
import { reasonSchema } from "../../../agent/hsm/keys/answers.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { askFor } from "../../lib/ask.ts";
import { useAccess } from "../../lib/capabilities.tsx";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog, showDialog } from "../../lib/dialog.tsx";
import { ChoiceField, TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, dateTime, format, relativeTime } from "../../lib/i18n.ts";
import { Failure, Loading, Stale } from "../../lib/states.tsx";
import { everyMs, flagsChange } from "./changes.ts";

type WindowFlag = (typeof windowFlags)[number];

const isWindowFlag = (flag: string): flag is WindowFlag =>
  windowFlags.some((known) => known === flag);

function flagWords(flag: WindowFlag): string {
  const words = {
    noout: _("noout: OSDs that stay down are not given up"),
    norebalance: _("norebalance: data moves only where a copy is lost"),
    nobackfill: _("nobackfill: data is not moved"),
    norecover: _("norecover: lost copies are not made again"),
    noscrub: _("noscrub: data is not checked"),
    "nodeep-scrub": _("nodeep-scrub: data is not read through"),
    nosnaptrim: _("nosnaptrim: deleted snapshots are not removed"),
  };
  return words[flag];
}

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
            onClick={() => showDialog(<SetFlagDialog />)}
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
            onClick={() => showDialog(<EndFlagDialog flag={flag} />)}
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

function SetFlagDialog() {
  const [flag, setFlag] = useState<WindowFlag>("noout");
  const [minutes, setMinutes] = useState("60");
  const [reason, setReason] = useState("");
  const wanted = minutes.trim() === "" ? Number.NaN : Number(minutes);
  const problem = problemOf(minutesSchema, wanted);
  const reasonProblem = problemOf(reasonSchema, reason);
  const invalid = problem !== "" || reasonProblem !== "";
  const end = new Date(Date.now() + wanted * 60_000);
  return (
    <Dialog
      title={_("Stop something for a while")}
      action={_("Stop it")}
      invalid={invalid}
      run={() =>
        askFor(() => client(ceph).SetFlag(flag, wanted, reason), format(_("$0 is set"), flag))
      }
    >
      <p>
        {_(
          "For work on a host, for example. It ends by itself at the time below, also when this node is off: any node’s agent ends it.",
        )}
      </p>
      <ChoiceField
        label={_("What is stopped")}
        value={flag}
        change={(value) => isWindowFlag(value) && setFlag(value)}
        options={windowFlags.map((value) => ({ value, label: flagWords(value) }))}
      />
      <TextField
        label={_("Minutes")}
        type="number"
        required
        value={minutes}
        problem={problem}
        hint={problem === "" ? format(_("until $0"), dateTime(end.toISOString())) : ""}
        change={setMinutes}
      />
      <TextField
        label={_("Reason")}
        required
        autoFocus
        value={reason}
        problem={reasonProblem}
        hint={_("for the record")}
        change={setReason}
      />
      {!invalid && <Command text={commandOf(ceph, "SetFlag", [flag, wanted, reason])} />}
    </Dialog>
  );
}

function EndFlagDialog({ flag }: { flag: WindowFlag }) {
  const [reason, setReason] = useState("");
  const problem = problemOf(reasonSchema, reason);
  return (
    <Dialog
      title={format(_("End $0 now?"), flag)}
      action={_("End it")}
      invalid={problem !== ""}
      run={() => askFor(() => client(ceph).EndFlag(flag, reason), format(_("$0 is cleared"), flag))}
    >
      <p>{_("All its windows end, whoever began them, and the cluster goes on by itself.")}</p>
      <TextField
        label={_("Reason")}
        required
        autoFocus
        value={reason}
        problem={problem}
        hint={_("for the record")}
        change={setReason}
      />
      {problem === "" && <Command text={commandOf(ceph, "EndFlag", [flag, reason])} />}
    </Dialog>
  );
}
