/** Dialog that changes what instances are promised. */
import { useState } from "react";
import { type Instance, instances, resizeSchema } from "../../agent/instances/contract.ts";
import { problemOf } from "../lib/check.ts";
import { client } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { Dialog } from "../lib/dialog.tsx";
import { TextField } from "../lib/fields.tsx";
import { Command } from "../lib/help.tsx";
import { _, format, number, size } from "../lib/i18n.ts";
import { watchJob } from "../lib/jobs.ts";
import { hasProblem } from "./draft.ts";

interface Props {
  tenant: string;
  names: readonly string[];
  /** The instance as it stands, where only one is chosen. */
  present: Instance | undefined;
}

const { cpu, ram, storage } = resizeSchema.entries;

export function ResizeDialog({ tenant, names, present }: Props) {
  const [draft, setDraft] = useState({ cpu: "", ram: "", storage: "" });
  const given = {
    ...(draft.cpu ? { cpu: Number(draft.cpu) } : {}),
    ...(draft.ram ? { ram: draft.ram } : {}),
    ...(draft.storage ? { storage: draft.storage } : {}),
  };
  const problems = {
    cpu: problemOf(cpu, given.cpu),
    ram: problemOf(ram, given.ram),
    storage: problemOf(storage, given.storage),
  };
  const change = (part: Partial<typeof draft>) => setDraft({ ...draft, ...part });
  const now = (text: string | undefined) =>
    text ? format(_("now $0; empty to keep"), text) : _("empty to keep");
  const invalid = hasProblem(problems) || Object.keys(given).length === 0;
  const [one] = names;
  return (
    <Dialog
      title={
        names.length === 1
          ? format(_("Resize $0"), one ?? "")
          : format(_("Resize $0 instances"), number(names.length))
      }
      action={_("Resize")}
      invalid={invalid}
      run={async () => {
        await watchJob(await client(instances).Resize(tenant, [...names], given));
      }}
    >
      <div className="ds-fields">
        <TextField
          label={_("CPU cores")}
          type="number"
          autoFocus
          value={draft.cpu}
          problem={problems.cpu}
          hint={now(present && number(present.limit.cpu))}
          change={(value) => change({ cpu: value })}
        />
        <TextField
          label={_("RAM")}
          value={draft.ram}
          problem={problems.ram}
          hint={now(present && size(present.limit.ramKib))}
          change={(value) => change({ ram: value })}
        />
        <TextField
          label={_("Disk")}
          value={draft.storage}
          problem={problems.storage}
          hint={`${now(present && size(present.limit.storageKib))}; ${_("it can only grow")}`}
          change={(value) => change({ storage: value })}
        />
      </div>
      {!invalid && <Command text={commandOf(instances, "Resize", [tenant, [...names], given])} />}
    </Dialog>
  );
}
