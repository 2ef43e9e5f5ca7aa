/** Another map of jurisdictions: asked for with its file, and sent once it was approved. */
import { useId, useState } from "react";
import type { ApprovalRecord } from "../../../agent/approvals/contract.ts";
import { ceph } from "../../../agent/ceph/contract.ts";
import { reasonSchema } from "../../../agent/hsm/keys/answers.ts";
import { askFor } from "../../lib/ask.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { toPageError } from "../../lib/errors.ts";
import { TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format, ngettext } from "../../lib/i18n.ts";
import { SecondPerson } from "../../lib/second-person.tsx";
import { type MapFile, readMapFile } from "./file.ts";

export function MapDialog({ serial }: { serial: number }) {
  const [file, setFile] = useState<MapFile>();
  const [reason, setReason] = useState("");
  const why = problemOf(reasonSchema, reason);
  const old =
    file && file.serial <= serial
      ? format(
          _("Its number is $0; have one signed with a greater one than $1."),
          file.serial,
          serial,
        )
      : "";
  const invalid = file === undefined || old !== "" || why !== "";
  const done = format(_("Map no. $0 holds now"), file?.serial ?? 0);
  return (
    <Dialog
      title={_("Exchange the map of jurisdictions?")}
      action={_("Ask for it")}
      danger
      invalid={invalid}
      run={async () => {
        if (file === undefined) return;
        const { hash, content } = file;
        await askFor(() => client(ceph).SetResidencyMap(file.serial, hash, content, reason), done);
      }}
    >
      <SecondPerson />
      <p>
        {_(
          "It says where buckets are and where pools may be, and everything is proved against it from then on. It must be signed by a key that is trusted on this node. Keep the file: it is needed again when it was approved.",
        )}
      </p>
      <FileField problem={old} change={setFile} />
      <TextField
        label={_("Reason")}
        required
        value={reason}
        problem={why}
        hint={_("for the record")}
        change={setReason}
      />
      {!invalid && file && (
        <Command
          text={commandOf(ceph, "SetResidencyMap", [
            file.serial,
            file.hash,
            `@${file.name}`,
            reason,
          ])}
        />
      )}
    </Dialog>
  );
}

interface ApprovedProps {
  record: ApprovalRecord;
  send: (content: string) => Promise<void>;
}

export function ApprovedMapDialog({ record, send }: ApprovedProps) {
  const [file, setFile] = useState<MapFile>();
  const { mapHash = "", mapSerial = 0 } = JSON.parse(record.arguments) as {
    mapHash?: string;
    mapSerial?: number;
  };
  const other =
    file && file.hash !== mapHash ? _("This is another file than the one that was approved.") : "";
  return (
    <Dialog
      title={format(_("Let map no. $0 hold?"), mapSerial)}
      action={_("Carry out now")}
      danger
      invalid={file === undefined || other !== ""}
      run={() => send(file?.content ?? "")}
    >
      <p>
        {_(
          "It was approved by its hash, and the file itself was not kept. Choose the same file once more.",
        )}
      </p>
      <dl className="ds-facts">
        <dt>{_("SHA-256 that was approved")}</dt>
        <dd>
          <code className="ds-hash">{mapHash}</code>
        </dd>
      </dl>
      <FileField problem={other} change={setFile} />
    </Dialog>
  );
}

interface FileProps {
  /** What is wrong with the file that was chosen. */
  problem: string;
  change: (file: MapFile | undefined) => void;
}

function FileField({ problem, change }: FileProps) {
  const id = useId();
  const [file, setFile] = useState<MapFile>();
  const [failure, setFailure] = useState("");
  const take = async (chosen: File | undefined) => {
    let read: MapFile | undefined;
    try {
      read = chosen && (await readMapFile(chosen));
      setFailure("");
    } catch (cause) {
      setFailure(toPageError(cause).message);
    }
    setFile(read);
    change(read);
  };
  const bad = failure || problem;
  return (
    <div className="ds-stack">
      <label htmlFor={id}>{_("Signed map")}</label>
      <input
        id={id}
        type="file"
        accept=".json,application/json"
        aria-describedby={`${id}-help`}
        aria-invalid={bad !== ""}
        onChange={(event) => void take(event.currentTarget.files?.[0])}
      />
      <div id={`${id}-help`} className={`ds-field-help${bad ? " ds-bad" : ""}`} aria-live="polite">
        {bad || (file ? told(file) : _("the file that “dsecos ceph sign-map” made"))}
      </div>
    </div>
  );
}

function told({ serial, pools, signatures }: MapFile): string {
  return format(
    _("no. $0, $1, $2"),
    serial,
    ngettext("$0 pool", "$0 pools", pools),
    ngettext("$0 signature", "$0 signatures", signatures),
  );
}
