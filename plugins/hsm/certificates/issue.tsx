/** Dialog that issues a certificate for a request that somebody pastes or chooses as a file. */
import { useId, useState } from "react";
import { hsm } from "../../../agent/hsm/contract.ts";
import { leafDaysSchema, mostLeafDays } from "../../../agent/hsm/pki/answers.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { ChoiceField, TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format } from "../../lib/i18n.ts";
import { toast } from "../../lib/toasts.tsx";
import { saveCertificate } from "./save.ts";
import { profileName } from "./words.ts";

type Kind = "person" | "service";
/** Bytes that the agent takes. */
const mostBytes = 32_768;
const isPem = (text: string) => /-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(text);

interface Props {
  /** Those that have an authority. */
  tenants: readonly string[];
  tenant: string;
}

export function IssueDialog({ tenants, tenant: first }: Props) {
  const [tenant, setTenant] = useState(tenants.includes(first) ? first : (tenants[0] ?? ""));
  const [kind, setKind] = useState<Kind>("person");
  const [days, setDays] = useState(String(mostLeafDays));
  const [request, setRequest] = useState("");
  const wrongDays = problemOf(leafDaysSchema, Number(days));
  const invalid = tenant === "" || wrongDays !== "" || !isPem(request);
  return (
    <Dialog
      title={_("Issue a certificate")}
      action={_("Issue it")}
      invalid={invalid}
      size="medium"
      run={async () => {
        const issued = await client(hsm).Issue(tenant, kind, btoa(request), Number(days));
        saveCertificate(issued);
        toast(
          "success",
          format(_("$0 has a certificate"), issued.name),
          _("It was saved as a file with its chain."),
        );
      }}
    >
      <div className="ds-fields">
        <ChoiceField
          label={_("Tenant")}
          required
          value={tenant}
          options={tenants.map((value) => ({ value, label: value }))}
          change={setTenant}
        />
        <ChoiceField
          label={_("For a")}
          value={kind}
          options={(["person", "service"] as const).map((value) => ({
            value,
            label: profileName(value),
          }))}
          hint={kind === "person" ? _("logs in to services") : _("is logged in to, and logs in")}
          change={(value) => setKind(value as Kind)}
        />
        <TextField
          label={_("Days")}
          required
          type="number"
          value={days}
          problem={wrongDays}
          hint={_("at most 90, so that a lost key does not open doors for long")}
          change={setDays}
        />
      </div>
      <RequestField value={request} change={setRequest} />
      <div>
        <p className="ds-subtle">
          {_("Who it is for makes the key and the request, and keeps the key:")}
        </p>
        <Command text="openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-384 -keyout jane.key -subj /CN=jane -out jane.csr" />
      </div>
      {!wrongDays && tenant !== "" && (
        <div>
          <p className="ds-subtle">{_("The same from the command line:")}</p>
          <Command text={`dsecos hsm issue ${tenant} ${kind} --csr @jane.csr --days ${days}`} />
        </div>
      )}
    </Dialog>
  );
}

function RequestField({ value, change }: { value: string; change: (text: string) => void }) {
  const id = useId();
  const [problem, setProblem] = useState("");
  const bad =
    problem || (value.trim() !== "" && !isPem(value) ? _("This is not a request as PEM.") : "");
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    if (file.size > mostBytes) {
      setProblem(format(_("$0 is too large for a request."), file.name));
      return;
    }
    setProblem("");
    change(await file.text());
  };
  return (
    <div className="ds-stack">
      <label htmlFor={id}>{_("Request (CSR)")}</label>
      <textarea
        id={id}
        className="hsm-request"
        value={value}
        rows={6}
        spellCheck={false}
        aria-describedby={`${id}-help`}
        aria-invalid={bad !== ""}
        placeholder="-----BEGIN CERTIFICATE REQUEST-----"
        onChange={(event) => {
          setProblem("");
          change(event.currentTarget.value);
        }}
      />
      <div id={`${id}-help`} className={`ds-field-help${bad ? " ds-bad" : ""}`} aria-live="polite">
        {bad || _("Its common name says who the certificate is for.")}
      </div>
      <input
        type="file"
        aria-label={_("Choose the request as a file")}
        accept=".csr,.pem,.req,text/plain"
        onChange={(event) => void take(event.currentTarget.files?.[0])}
      />
    </div>
  );
}
