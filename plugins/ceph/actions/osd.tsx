/** An OSD out, in, or with another weight: predicted first, and only then confirmed. */
import { useState } from "react";
import { type OsdChange, osdChangeSchema } from "../../../agent/ceph/actions/answers.ts";
import { ceph } from "../../../agent/ceph/contract.ts";
import { reasonSchema } from "../../../agent/hsm/keys/answers.ts";
import { askFor } from "../../lib/ask.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format, number } from "../../lib/i18n.ts";
import { SecondPerson } from "../../lib/second-person.tsx";
import { Predicted, usePrediction } from "./prediction.tsx";
import { changeWords, refusalOf } from "./words.ts";

type What = OsdChange["what"];

function titleOf(what: What, name: string): string {
  const titles = {
    out: _("Take $0 out?"),
    in: _("Take $0 in?"),
    reweight: _("Change the share of $0?"),
  };
  return format(titles[what], name);
}

function textOf(what: What): string {
  const texts = {
    out: _(
      "Its data is copied to other OSDs, and no more is placed on it. It goes on serving meanwhile.",
    ),
    in: _("Data is placed on it again, up to its weight."),
    reweight: _(
      "It keeps this share of the data that its weight gives it; the rest moves to others.",
    ),
  };
  return texts[what];
}

interface OsdDialogProps {
  osd: number;
  what: What;
  /** As it is now, 0 to 1. */
  reweight: number;
}

export function OsdDialog({ osd, what, reweight }: OsdDialogProps) {
  const [reason, setReason] = useState("");
  const [share, setShare] = useState(String(reweight));
  const name = `osd.${osd}`;
  const weight =
    what === "reweight" ? { weight: share.trim() === "" ? Number.NaN : Number(share) } : {};
  const change = { what, osd, ...weight };
  const shareProblem = problemOf(osdChangeSchema, { ...change, reason: "-----" });
  const isWhole = shareProblem === "" && !(what === "reweight" && weight.weight === reweight);
  const query = usePrediction(isWhole ? change : undefined);
  const { data } = query;
  const reasonProblem = problemOf(reasonSchema, reason);
  const asked = { ...change, reason };
  const isRefused = data !== undefined && refusalOf(data) !== "";
  const isDangerous = data !== undefined && (data.state === "unknown" || data.dangers.length > 0);
  const member = isDangerous ? "SetOsdAnyway" : "SetOsd";
  const done = format(_("$0: the comparison follows below “Changes”"), changeWords(change));
  return (
    <Dialog
      title={titleOf(what, name)}
      action={isDangerous ? _("Ask for it anyway") : _("Do it")}
      danger={isDangerous || what === "out"}
      invalid={data === undefined || isRefused || reasonProblem !== ""}
      run={() => askFor(() => client(ceph)[member](asked), done)}
    >
      {isDangerous && !isRefused && <SecondPerson />}
      <p>{textOf(what)}</p>
      {what === "reweight" && (
        <TextField
          label={_("Share")}
          type="number"
          required
          value={share}
          problem={shareProblem}
          hint={format(_("0 to 1; it is $0 now"), number(reweight, 2))}
          change={setShare}
        />
      )}
      <Predicted query={query} missing={_("Give another share, and what it does is told here.")} />
      <TextField
        label={_("Reason")}
        required
        autoFocus
        value={reason}
        problem={reasonProblem}
        hint={_("for the record")}
        change={setReason}
      />
      {data && !isRefused && reasonProblem === "" && (
        <Command text={commandOf(ceph, member, [asked])} />
      )}
    </Dialog>
  );
}
