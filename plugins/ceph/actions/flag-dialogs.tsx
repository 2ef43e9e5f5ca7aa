/** Dialogs that stop something for a while, and let it go on. */
import { useState } from "react";
import { minutesSchema, windowFlags } from "../../../agent/ceph/actions/answers.ts";
import { ceph } from "../../../agent/ceph/contract.ts";
import { reasonSchema } from "../../../agent/hsm/keys/answers.ts";
import { askFor } from "../../lib/ask.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { ChoiceField, TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, dateTime, format } from "../../lib/i18n.ts";
import { isWindowFlag, type WindowFlag } from "./window-flags.ts";

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

export function SetFlagDialog() {
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

export function EndFlagDialog({ flag }: { flag: WindowFlag }) {
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
