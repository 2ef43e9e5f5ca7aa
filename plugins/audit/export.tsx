/** Writes a part of the record into a file, then gives it to the person. */
import { useEffect, useState } from "react";
import { audit } from "../../agent/audit/contract.ts";
import { type ExportSpec, exportForms } from "../../agent/audit/export/spec.ts";
import { tenantNameSchema } from "../../agent/tenants/names.ts";
import { problemOf } from "../lib/check.ts";
import { client } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { Dialog, showDialog } from "../lib/dialog.tsx";
import { CheckField, ChoiceField, TextField } from "../lib/fields.tsx";
import { Command } from "../lib/help.tsx";
import { downloadAddress } from "../lib/host.ts";
import { _, format } from "../lib/i18n.ts";
import { Job } from "../lib/job-list.tsx";
import { useJobs, watchJob } from "../lib/jobs.ts";
import { TimeField } from "./time-field.tsx";
import { toConditions, type View } from "./view.ts";

type Form = ExportSpec["form"];

function formName(form: Form): string {
  const names = {
    whole: _("Whole record"),
    disclosed: _("Chosen events"),
    tiles: _("Tiles for other tools"),
    ecs: _("Documents for Elasticsearch"),
  };
  return names[form];
}

function formWords(form: Form): string {
  const words = {
    whole: _(
      "All segments with chain, tree, seals and keys: everything that an offline verification needs.",
    ),
    disclosed: _(
      "Only what you choose, each event with its proof. The others stay hidden, and the proofs still hold.",
    ),
    tiles: _(
      "The tree and its entries in the files of C2SP tlog-tiles, for the tools of other logs.",
    ),
    ecs: _(
      "One document for each event, in the fields of the Elastic Common Schema. It proves nothing by itself.",
    ),
  };
  return words[form];
}

/** Forms in which single events can be chosen, and people replaced. */
const narrowable = (form: Form) => form === "disclosed" || form === "ecs";

/** @param view what is listed now: its tenant and period are proposed */
export function ExportDialog({ view }: { view: View }) {
  const now = toConditions(view);
  const [form, setForm] = useState<Form>(now.tenant ? "disclosed" : "whole");
  const [tenant, setTenant] = useState(now.tenant ?? "");
  const [from, setFrom] = useState(now.from ?? "");
  const [to, setTo] = useState(now.to ?? "");
  const [pseudonyms, setPseudonyms] = useState(false);
  const narrow = narrowable(form);
  const timed = form !== "tiles";
  const spec: ExportSpec = {
    form,
    pseudonyms: narrow && pseudonyms,
    ...(narrow && tenant ? { tenant } : {}),
    ...(timed && from ? { from } : {}),
    ...(timed && to ? { to } : {}),
  };
  const problem = narrow && tenant ? problemOf(tenantNameSchema, tenant) : "";
  return (
    <Dialog
      title={_("Export the record")}
      action={_("Export")}
      invalid={problem !== ""}
      run={async () => {
        const id = await client(audit).Export(spec);
        await watchJob(id);
        showDialog(<ExportProgress job={id} />);
      }}
    >
      <ChoiceField
        label={_("What")}
        value={form}
        change={(value) => setForm(exportForms.find((one) => one === value) ?? "disclosed")}
        hint={formWords(form)}
        options={exportForms.map((value) => ({ value, label: formName(value) }))}
      />
      {timed && (
        <div className="ds-toolbar">
          <TimeField label={_("From")} value={from} change={setFrom} />
          <TimeField label={_("To")} value={to} change={setTo} />
          <span className="ds-subtle">{_("empty for all times")}</span>
        </div>
      )}
      {narrow && (
        <>
          <TextField
            label={_("Tenant")}
            value={tenant}
            problem={problem}
            hint={_("empty for all")}
            change={setTenant}
          />
          <CheckField
            label={_("Replace people by pseudonyms")}
            value={pseudonyms}
            change={setPseudonyms}
          />
        </>
      )}
      <p className="ds-subtle">
        {_("That it was exported goes on record. The same from the command line:")}
      </p>
      <Command text={commandOf(audit, "Export", [spec])} />
    </Dialog>
  );
}

function ExportProgress({ job }: { job: string }) {
  const record = useJobs().records.find(({ id }) => id === job);
  const written =
    record?.state === "succeeded" ? record.results.find(({ error }) => !error)?.object : undefined;
  // What succeeded leaves the list after a while; its file can still be loaded.
  const [path, setPath] = useState("");
  useEffect(() => {
    if (written) setPath(written);
  }, [written]);
  return (
    <Dialog title={_("Export the record")}>
      {record && <Job record={record} />}
      {path && (
        <>
          <p>{format(_("It is in $0 on this node for a week, and yours alone."), path)}</p>
          <p>
            <a className="pf-v6-c-button pf-m-primary" download href={downloadAddress(path)}>
              {_("Download")}
            </a>
          </p>
          {path.endsWith(".tar") && (
            <>
              <p className="ds-subtle">{_("Verify it on another machine:")}</p>
              <Command text="dsecos audit verify FILE" />
            </>
          )}
        </>
      )}
    </Dialog>
  );
}
