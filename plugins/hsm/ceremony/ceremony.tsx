/** One ceremony: step by step while it is held, and its record afterwards. */
import { useState } from "react";
import type { Ceremony } from "../../../agent/hsm/ceremony/answers.ts";
import { hsm } from "../../../agent/hsm/contract.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { client, listen } from "../../lib/client.ts";
import { Dialog, showDialog } from "../../lib/dialog.tsx";
import { TextField } from "../../lib/fields.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, dateTime, format, relativeTime } from "../../lib/i18n.ts";
import { Failure, Loading, Stale } from "../../lib/states.tsx";
import { Tag } from "../../lib/tag.tsx";
import { partAddress } from "../part.ts";
import { SignedRecord } from "./record.tsx";
import { StepPanel } from "./step.tsx";
import { ceremoniesKey, inGroups, stateColors, stateName } from "./words.ts";

const changes = (changed: () => void) =>
  listen(hsm, "Changed", (what) => what === "ceremonies" && changed());

export function CeremonyView({ id }: { id: string }) {
  const query = useQuery(id, () => client(hsm).Ceremony(id), { changes });
  const { data, error } = query;
  return (
    <div className="ds-stack hsm-ceremony">
      <nav aria-label={_("Way back")}>
        <a href={partAddress(ceremoniesKey)}>{_("All ceremonies")}</a>
      </nav>
      {data && <Stale error={error} />}
      {data ? (
        <Held ceremony={data} refresh={query.refresh} />
      ) : error ? (
        <Failure error={error} retry={query.refresh} />
      ) : (
        <Loading />
      )}
    </div>
  );
}

function Held({ ceremony, refresh }: { ceremony: Ceremony; refresh: () => void }) {
  const { state, rehearsal, steps, undone } = ceremony;
  return (
    <>
      {rehearsal && <Rehearsal />}
      <Head ceremony={ceremony} />
      {ceremony.reason && (
        <p className="ds-bad" role="alert">
          {ceremony.reason}
        </p>
      )}
      {undone.map((note) => (
        <p key={note}>{note}</p>
      ))}
      <ol className="hsm-steps">
        {steps.map((step) => (
          <StepPanel key={step.name} ceremony={ceremony} step={step} refresh={refresh} />
        ))}
      </ol>
      {state === "complete" && <SignedRecord id={ceremony.id} />}
    </>
  );
}

function Rehearsal() {
  return (
    <p className="hsm-rehearsal" role="note">
      <strong>{_("REHEARSAL")}</strong> {_("held on the rehearsal token; nothing of it is of use.")}
    </p>
  );
}

function Head({ ceremony }: { ceremony: Ceremony }) {
  const { id, title, state, options, scriptHash, startedAt, startedBy, expiresAt } = ceremony;
  const { why } = useAccess();
  return (
    <section className="ds-panel">
      <div className="ds-job-head">
        <h2 className="pf-v6-c-title pf-m-lg">{title}</h2>
        <Tag color={stateColors[state]}>{stateName(state)}</Tag>
        <span className="ds-grow" />
        {state === "running" && (
          <ActionButton
            variant="secondary"
            why={why(hsm, "ceremony")}
            onClick={() => showDialog(<AbortDialog ceremony={ceremony} />)}
          >
            {_("Abort")}
          </ActionButton>
        )}
      </div>
      <dl className="ds-facts hsm-below">
        <dt>{_("Ceremony")}</dt>
        <dd>
          <code>{id}</code>
        </dd>
        {options.tenant && (
          <>
            <dt>{_("Tenant")}</dt>
            <dd>{options.tenant}</dd>
          </>
        )}
        <dt>{_("Started")}</dt>
        <dd>{format(_("$0 by $1"), dateTime(startedAt), startedBy)}</dd>
        {state === "running" && (
          <>
            <dt>{_("Ends by itself")}</dt>
            <dd>{format(_("$0, $1"), dateTime(expiresAt), relativeTime(expiresAt))}</dd>
          </>
        )}
        <dt>{_("Hash of the script")}</dt>
        <dd>
          <code className="hsm-code hsm-hash">{inGroups(scriptHash)}</code>
        </dd>
      </dl>
    </section>
  );
}

function AbortDialog({ ceremony: { id, title } }: { ceremony: Ceremony }) {
  const [reason, setReason] = useState("");
  return (
    <Dialog
      title={format(_("Abort “$0”?"), title)}
      action={_("Abort for good")}
      danger
      invalid={reason.trim() === ""}
      run={async () => {
        await client(hsm).AbortCeremony(id, reason);
      }}
    >
      <p>{_("It cannot go on after that. Keys that it made are destroyed.")}</p>
      <TextField
        label={_("Reason")}
        required
        autoFocus
        hint={_("for the record")}
        value={reason}
        change={setReason}
      />
    </Dialog>
  );
}
